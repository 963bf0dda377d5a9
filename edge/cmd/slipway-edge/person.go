package main

import (
	"cmp"
	"fmt"
	"os"
	"os/user"
)

// person is who runs this command. Under sudo that is who ran sudo: root says
// nothing about who it was.
func person() (string, error) {
	now, err := user.Current()
	if err != nil {
		return "", fmt.Errorf("find out who you are: %w", err)
	}
	if now.Uid == "0" {
		return cmp.Or(os.Getenv("SUDO_USER"), now.Username), nil
	}
	return now.Username, nil
}
