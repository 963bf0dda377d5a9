// Command app is the service that tests release: it says its version, and it
// misbehaves in the ways its environment asks for.
//
//	VERSION           what it answers with (default "dev")
//	PORT              where it listens (default 8080)
//	READY_MS          after how long /healthz says 200; "never" for never
//	NOT_READY_MESSAGE what /healthz says until then
//	WORK_MS           how long each request to / takes
//	EXIT_AFTER_MS     ends by itself after that long, with EXIT_CODE and EXIT_MESSAGE; 0 ends it before it listens
//	EXIT_CODE         (default 1)
//	EXIT_MESSAGE      written to standard error before it ends
//	IGNORE_SIGTERM    "1": it has to be killed
//	NOISE_BYTES       how many bytes a second of log it writes
//	ALLOC_MB          how much memory it fills, half a second after its start
//
// It serves / and everything below (the version), /healthz, /slow?ms=N (the
// version after N ms), /sick/ (from then on /healthz says 503, and all else is as before), /exit (it ends at once with EXIT_CODE), and /ws (a
// WebSocket that answers each message with "VERSION: message"). On SIGTERM it stops accepting, and ends when the
// requests in flight have.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	switch strings.Join(os.Args[1:], " ") {
	case "check":
		os.Exit(check())
	case "migrate":
		os.Exit(migrate())
	case "wait":
		time.Sleep(time.Hour)
	}
	if after, ok := os.LookupEnv("EXIT_AFTER_MS"); ok {
		exit := func() {
			fmt.Fprintln(os.Stderr, os.Getenv("EXIT_MESSAGE"))
			os.Exit(number("EXIT_CODE", 1))
		}
		if after == "0" {
			exit()
		}
		time.AfterFunc(millis("EXIT_AFTER_MS"), exit)
	}
	if perSecond := number("NOISE_BYTES", 0); perSecond > 0 {
		go noise(perSecond)
	}
	if megabytes := number("ALLOC_MB", 0); megabytes > 0 {
		time.AfterFunc(time.Second/2, func() { fill(megabytes) })
	}
	if path, ok := os.LookupEnv("WORK_FILE"); ok {
		go work(path)
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		os.Exit(1)
	}
}

// serve answers requests until SIGTERM.
func serve() error {
	server := &http.Server{Addr: ":" + strconv.Itoa(number("PORT", 8080)), Handler: handler(time.Now())}
	stop := make(chan os.Signal, 1)
	if os.Getenv("IGNORE_SIGTERM") == "1" {
		signal.Ignore(syscall.SIGTERM)
	} else {
		signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	fmt.Printf("app %s listens on %s\n", version(), server.Addr)
	select {
	case err := <-ended:
		return err
	case <-stop:
	}
	if err := server.Shutdown(context.Background()); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// fill takes memory, and writes to all of it.
func fill(megabytes int) {
	memory := make([]byte, megabytes<<20)
	for i := 0; i < len(memory); i += os.Getpagesize() {
		memory[i] = 1
	}
	runtime.KeepAlive(memory)
}

// noise logs as a busy service does.
func noise(perSecond int) {
	line := strings.Repeat("noise ", 20)[:119]
	for range time.Tick(time.Second / 10) {
		for range max(1, perSecond/10/(len(line)+1)) {
			fmt.Println(line)
		}
	}
}

func version() string {
	if v := os.Getenv("VERSION"); v != "" {
		return v
	}
	return "dev"
}

func number(name string, otherwise int) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		return otherwise
	}
	return n
}

func millis(name string) time.Duration { return time.Duration(number(name, 0)) * time.Millisecond }
