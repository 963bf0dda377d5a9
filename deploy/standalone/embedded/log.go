package embedded

import (
	"context"
	"log/slog"
	"math"
	"os"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// A serverLog is what Temporal logs to: our logger, from a level that can be
// raised. Temporal reports an orderly shutdown with errors and stack traces.
type serverLog struct {
	log   *slog.Logger
	level *slog.LevelVar
}

var (
	_ log.Logger      = (*serverLog)(nil)
	_ log.WithLogger  = (*serverLog)(nil)
	_ log.SLogWrapper = (*serverLog)(nil)
)

func newServerLog(logger *slog.Logger, from slog.Level) *serverLog {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	level := new(slog.LevelVar)
	level.Set(from)
	return &serverLog{log: slog.New(filter{logger.Handler(), level}), level: level}
}

// silence lets nothing more through.
func (l *serverLog) silence() { l.level.Set(math.MaxInt) }

func (l *serverLog) Debug(msg string, tags ...tag.Tag) { l.write(slog.LevelDebug, msg, tags) }
func (l *serverLog) Info(msg string, tags ...tag.Tag)  { l.write(slog.LevelInfo, msg, tags) }
func (l *serverLog) Warn(msg string, tags ...tag.Tag)  { l.write(slog.LevelWarn, msg, tags) }
func (l *serverLog) Error(msg string, tags ...tag.Tag) { l.write(slog.LevelError, msg, tags) }

// DPanic reports a broken assumption; it panics in Temporal's own tests only.
func (l *serverLog) DPanic(msg string, tags ...tag.Tag) { l.write(slog.LevelError, msg, tags) }

func (l *serverLog) Panic(msg string, tags ...tag.Tag) {
	l.write(slog.LevelError, msg, tags)
	panic(msg)
}

// Fatal ends the process: Temporal relies on it not to return.
func (l *serverLog) Fatal(msg string, tags ...tag.Tag) {
	l.write(slog.LevelError, msg, tags)
	os.Exit(1)
}

// With returns a logger that adds the tags to each message.
func (l *serverLog) With(tags ...tag.Tag) log.Logger {
	with := *l
	with.log = slog.New(l.log.Handler().WithAttrs(attrs(tags)))
	return &with
}

// SLog is for the parts of Temporal that log through slog themselves.
func (l *serverLog) SLog() *slog.Logger { return l.log }

func (l *serverLog) write(level slog.Level, msg string, tags []tag.Tag) {
	ctx := context.Background()
	if l.log.Enabled(ctx, level) {
		l.log.LogAttrs(ctx, level, msg, attrs(tags)...) //nolint:sloglint // the message is Temporal's
	}
}

func attrs(tags []tag.Tag) []slog.Attr {
	attrs := make([]slog.Attr, len(tags))
	for i, t := range tags {
		attrs[i] = slog.Any(t.Key(), t.Value())
	}
	return attrs
}

// A filter passes on what is at or above its level and what its handler wants.
type filter struct {
	slog.Handler
	level *slog.LevelVar
}

func (f filter) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= f.level.Level() && f.Handler.Enabled(ctx, level)
}

func (f filter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return filter{f.Handler.WithAttrs(attrs), f.level}
}

func (f filter) WithGroup(name string) slog.Handler {
	return filter{f.Handler.WithGroup(name), f.level}
}
