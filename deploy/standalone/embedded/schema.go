package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"golang.org/x/mod/semver"

	"slipway"
)

// A schema names the tables of a database. Temporal keeps no such name in a
// SQLite file, checks nothing, and has no migrations for it: with the tables of
// another version it starts as if all were well and then never runs a task. So
// the name is kept beside the database, in the file schema.json.
type schema struct {
	// Server is the version of Temporal that made the tables.
	Server string `json:"server"`
	// Main and Visibility are Temporal's own versions of the two parts. They are
	// for people: Temporal has changed the visibility tables without changing it.
	Main       string `json:"main"`
	Visibility string `json:"visibility"`
	// Digest is of the statements that made the tables; it decides.
	Digest string `json:"digest"`
}

func schemaFile(dir string) string { return filepath.Join(dir, "schema.json") }

// builtinSchema is the one that this binary creates and works with.
func builtinSchema() (schema, error) {
	d := digester{hash: sha256.New()}
	if err := sqliteschema.SetupSchemaOnDB(d); err != nil {
		return schema{}, fmt.Errorf("read the built-in schema: %w", err)
	}
	return schema{
		Server:     headers.ServerVersion,
		Main:       sqliteschema.Version,
		Visibility: sqliteschema.VisibilityVersion,
		Digest:     hex.EncodeToString(d.hash.Sum(nil)),
	}, nil
}

// A digester is a database that only hashes the statements it is to execute:
// the schema is embedded in Temporal and exported in no other way.
type digester struct {
	sqlplugin.AdminDB // nil: nothing but Exec is called to set up a schema
	hash              hash.Hash
}

func (d digester) Exec(statement string, _ ...any) error {
	_, err := fmt.Fprintln(d.hash, statement)
	return err
}

// readSchema returns the schema of an existing database.
func readSchema(dir string) (schema, error) {
	text, err := os.ReadFile(schemaFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return schema{}, slipway.Errorf(slipway.CodeConflict,
			"%s has no %s beside it, so it is unknown which version made it; put back the file that was backed up with it, or %s",
			databaseFile(dir), filepath.Base(schemaFile(dir)), startAfresh(dir))
	}
	if err != nil {
		return schema{}, fmt.Errorf("read the schema of the database: %w", err)
	}
	var s schema
	if err := json.Unmarshal(text, &s); err != nil {
		return schema{}, slipway.Errorf(slipway.CodeConflict,
			"%s is damaged: %w; put back the file that was backed up with the database, or %s", schemaFile(dir), err, startAfresh(dir))
	}
	return s, nil
}

// accepts returns nil if this schema's binary can work with that database.
func (s schema) accepts(found schema, dir string) error {
	if s.Digest == found.Digest {
		return nil
	}
	age, other := "an older", "older"
	if semver.Compare("v"+found.Server, "v"+s.Server) > 0 {
		age, other = "a newer", "newer"
	}
	return slipway.Errorf(slipway.CodeConflict,
		"%s was made by %s version: Temporal %s, schema %s/%s; this binary has Temporal %s, schema %s/%s, and a SQLite database cannot be converted. "+
			"Start the %s slipway-standalone again and go on with it; or let its releases end there, stop it, and %s",
		databaseFile(dir), age, found.Server, found.Main, found.Visibility, s.Server, s.Main, s.Visibility,
		other, startAfresh(dir))
}

func startAfresh(dir string) string {
	return fmt.Sprintf("move %s away and start with an empty one: what hosts and edges serve goes on, the history of releases stays behind", dir)
}

func (s schema) write(dir string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(schemaFile(dir), append(text, '\n'), 0o600); err != nil {
		return err
	}
	return sync(schemaFile(dir))
}
