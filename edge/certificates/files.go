// Package certificates finds the certificate of a host name among files that
// are the operator's own.
package certificates

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Files are a directory with a pair NAME.crt and NAME.key for each host name,
// where the NAME of *.example.com is _.example.com. They are safe for
// concurrent use.
type Files struct {
	dir string
	log *slog.Logger

	mu    sync.Mutex
	pairs map[string]pair // by path without its ending; those that were good once
}

// A pair is what two files held when they were looked at.
type pair struct {
	cert, key stamp
	good      *tls.Certificate
}

// A stamp tells one state of a file from another.
type stamp struct {
	changed time.Time
	size    int64
}

// New reads from a directory, when asked.
func New(dir string, log *slog.Logger) *Files {
	return &Files{dir: dir, log: log, pairs: map[string]pair{}}
}

// Find returns the certificate for a host name, as the files are now; nil if
// there is none. Of files that have become bad, in the middle of being
// replaced for example, the last good state stays in force.
func (f *Files) Find(host string) *tls.Certificate {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !plain(host) {
		return nil
	}
	if cert := f.at(host); cert != nil {
		return cert
	}
	if _, parent, ok := strings.Cut(host, "."); ok {
		return f.at("_." + parent)
	}
	return nil
}

func (f *Files) at(name string) *tls.Certificate {
	path := filepath.Join(f.dir, name)
	cert, certErr := look(path + ".crt")
	key, keyErr := look(path + ".key")
	f.mu.Lock()
	defer f.mu.Unlock()
	have := f.pairs[path]
	if errors.Is(certErr, fs.ErrNotExist) && errors.Is(keyErr, fs.ErrNotExist) {
		delete(f.pairs, path) // taken away on purpose
		return nil
	}
	if certErr == nil && keyErr == nil && have.cert == cert && have.key == key {
		return have.good
	}
	loaded, err := tls.LoadX509KeyPair(path+".crt", path+".key")
	if err != nil {
		f.log.Warn("certificate files not taken over", "error", fmt.Errorf("%s.crt with %s.key: %w", path, path, err))
		return have.good
	}
	f.pairs[path] = pair{cert: cert, key: key, good: &loaded}
	return &loaded
}

func look(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{changed: info.ModTime(), size: info.Size()}, nil
}

// plain reports whether a name is one of hosts, and not a way to other files:
// clients choose it.
func plain(host string) bool {
	for _, c := range host {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return host != "" && !strings.HasPrefix(host, ".") && !strings.Contains(host, "..")
}
