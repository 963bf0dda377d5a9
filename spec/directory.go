package spec

import (
	"regexp"

	"go.yaml.in/yaml/v3"

	"slipway"
)

var directoryKeys = object[slipway.Directory]{
	"users": func(d *slipway.Directory, v value) { d.Users = v.users() },
	"ldap":  func(d *slipway.Directory, v value) { d.LDAP = v.ldap() },
}

var userKeys = object[slipway.User]{
	"name":            func(u *slipway.User, v value) { u.Name = v.userName() },
	"password_bcrypt": func(u *slipway.User, v value) { u.PasswordBcrypt = v.bcrypt() },
	"groups":          func(u *slipway.User, v value) { u.Groups = v.groups() },
}

func (v value) users() []slipway.User {
	const example = `{name: ann, password_bcrypt: "$2a$…", groups: [search-dev]}`
	names := unique{}
	return listOf(v, "write a list, for example ["+example+"]", func(item value) slipway.User {
		var u slipway.User
		g := userKeys.decode(item, &u, example, map[string]string{
			"password": "a password in this file would be read by everyone who reads the file; write password_bcrypt, its bcrypt hash",
		})
		g.need([2]string{"name", "ann"}, [2]string{"password_bcrypt", `"$2a$…", as htpasswd -nBC 10 ann prints it`})
		names.add(g.at("name"), u.Name)
		return u
	})
}

var userNamePattern = regexp.MustCompile(`^` + slipway.UserNamePattern + `$`)

func (v value) userName() string {
	return v.matching(userNamePattern, "the name of a user", "write 1 to 64 lower-case letters, digits and . _ @ -, with a letter or digit at both ends, for example ann")
}

// A cost below 4 is none, and one above 16 takes seconds for each sign-in.
var bcryptPattern = regexp.MustCompile(`^\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$`)

// bcrypt is the hash of a password. What is none may be the password itself,
// and is not quoted.
func (v value) bcrypt() string {
	if v.notes(patternSchema("write a bcrypt hash, as htpasswd -nBC 10 NAME prints it after the name", bcryptPattern)) {
		return ""
	}
	if v.node.Kind != yaml.ScalarNode || !bcryptPattern.MatchString(v.node.Value) {
		v.bad("is not a bcrypt hash with a cost from 4 to 16; write it in quotes, \"$2a$…\", as htpasswd -nBC 10 NAME prints it after the name")
		return ""
	}
	return v.node.Value
}
