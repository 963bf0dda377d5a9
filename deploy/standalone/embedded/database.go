package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	sqliteschema "go.temporal.io/server/schema/sqlite"

	"slipway"
)

func databaseFile(dir string) string { return filepath.Join(dir, "temporal.db") }

// sqlConfig: with the default rollback journal a release takes three times as
// long. synchronous=FULL (2), because an acknowledged approval must survive a
// power cut.
func sqlConfig(file string) *config.SQL {
	return &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: file,
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": "wal",
			"synchronous":  "2",
			"busy_timeout": "5000",
		},
	}
}

// prepareDatabase makes the database if there is none, and otherwise makes sure
// that this binary can work with it.
func prepareDatabase(ctx context.Context, dir string) error {
	ours, err := builtinSchema()
	if err != nil {
		return err
	}
	file := databaseFile(dir)
	switch _, err := os.Stat(file); {
	case errors.Is(err, fs.ErrNotExist):
		return createDatabase(ctx, dir, ours)
	case err != nil:
		return fmt.Errorf("look for the database: %w", err)
	}
	theirs, err := readSchema(dir)
	if err != nil {
		return err
	}
	return ours.accepts(theirs, dir)
}

// createDatabase makes the file under another name and renames it when it and
// the name of its schema are on disk: a process that dies in between leaves
// nothing that the next start would take for a database.
func createDatabase(ctx context.Context, dir string, s schema) error {
	draft := databaseFile(dir) + ".new"
	if err := os.RemoveAll(draft); err != nil {
		return fmt.Errorf("remove the draft of a database: %w", err)
	}
	cfg := sqlConfig(draft)
	// No other process sees the draft, and it is written again if this one dies.
	cfg.ConnectAttributes["journal_mode"] = "memory"
	cfg.ConnectAttributes["synchronous"] = "0"
	if err := sqliteschema.SetupSchema(cfg); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := errors.Join(sync(draft), s.write(dir)); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	if err := os.Rename(draft, databaseFile(dir)); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return sync(dir)
}

// checkpoint moves what the write-ahead log holds into the database file:
// Temporal leaves megabytes of it behind, which a plain copy of the file lacks.
func checkpoint(dir string) error {
	db, err := sql.Open("sqlite", "file:"+databaseFile(dir)+"?mode=rw&_pragma=busy_timeout=5000")
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer db.Close()
	var busy, frames, moved int
	if err := db.QueryRow("PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved); err != nil {
		return fmt.Errorf("checkpoint the database: %w", err)
	}
	if busy != 0 {
		return slipway.Errorf(slipway.CodeInternal, "checkpoint the database: it is still in use")
	}
	return nil
}

// sync waits until the file or directory is on disk.
func sync(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
