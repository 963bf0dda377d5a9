package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"
)

// work is what a consumer of a queue does: every 10 ms it writes a line with
// the time and its version. With ALONE=1 it ends with status 9 if another one
// does so at the same time.
func work(path string) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err == nil && os.Getenv("ALONE") == "1" {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "app: another one works:", err)
		os.Exit(9)
	}
	for now := range time.Tick(10 * time.Millisecond) {
		fmt.Fprintln(file, now.UnixMilli(), version())
	}
}

// check asks the service in the same container whether it is ready.
func check() int {
	resp, err := http.Get("http://127.0.0.1:" + strconv.Itoa(number("PORT", 8080)) + "/healthz")
	if err != nil || resp.StatusCode != http.StatusOK {
		fmt.Println("not ready", err)
		return 1
	}
	return 0
}

// migrate notes that it begins and that it is done, in the file that MIGRATED
// names, and ends with the status that MIGRATE_EXIT says.
func migrate() int {
	for _, what := range []string{"migrates to", "migrated to"} {
		file, err := os.OpenFile(os.Getenv("MIGRATED"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
		if err == nil {
			_, err = fmt.Fprintln(file, what, version())
		}
		if err != nil {
			fmt.Println(err)
			return 1
		}
		if what == "migrates to" {
			time.Sleep(millis("MIGRATE_MS"))
		}
	}
	fmt.Println("migrated to", version())
	return number("MIGRATE_EXIT", 0)
}
