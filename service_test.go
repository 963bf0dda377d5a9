package slipway

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestSettingsHashOutlivesJSON(t *testing.T) {
	svc := testService("search")
	svc.Container.Environment = map[string]Value{"A": {Plain: "1"}, "B": {Secret: "env://B"}, "C": {}}
	svc.Container.CPUs = 0.1
	svc.Gates = []Gate{{Name: "go", Before: BeforeSwitch, Approvers: Approvers{Role: Approver, Quorum: 1}, Expires: DefaultGateExpiry}}
	text, err := json.Marshal(svc)
	if err != nil {
		t.Fatal(err)
	}
	var back Service
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if svc.SettingsHash() != back.SettingsHash() {
		t.Errorf("the hash of %s changed", text)
	}
}

// The hash is stored with every release. If this test fails, every service
// seems changed after an update of Slipway: give a new field omitempty or
// omitzero.
func TestSettingsHashOfAServiceStaysWhatItWas(t *testing.T) {
	const want = "091b33db994170ad22f56ce6de471a5aaa1620064ff47e435ddd1cbcb4e1d8b9"
	if got := testService("search").SettingsHash(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSettingsHashChangesWithEveryField(t *testing.T) {
	var svc Service
	seen := map[string]string{svc.SettingsHash(): "nothing"}
	changed := 0
	eachLeaf(t, reflect.ValueOf(&svc).Elem(), "service", func(name string) {
		changed++
		hash := svc.SettingsHash()
		if other, ok := seen[hash]; ok {
			t.Errorf("setting %s gives the hash of setting %s", name, other)
		}
		seen[hash] = name
	})
	if changed < 40 {
		t.Errorf("only %d fields were reached", changed)
	}
}

// eachLeaf sets each field below v, one after another, to something else than
// its zero value, calls f, and clears it again.
func eachLeaf(t *testing.T, v reflect.Value, name string, f func(name string)) {
	t.Helper()
	zero := reflect.Zero(v.Type())
	defer v.Set(zero)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			eachLeaf(t, v.Field(i), name+"."+v.Type().Field(i).Name, f)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f(name)
		eachLeaf(t, v.Elem(), name, f)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		f(name)
		eachLeaf(t, v.Index(0), name+"[0]", f)
	case reflect.Map:
		key := reflect.ValueOf("key").Convert(v.Type().Key())
		element := reflect.New(v.Type().Elem()).Elem()
		set := func(name string) {
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(key, element)
			f(name)
		}
		set(name)
		eachLeaf(t, element, name+"[key]", set)
	case reflect.String:
		v.SetString("x")
		f(name)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
		f(name)
	case reflect.Float64:
		v.SetFloat(0.5)
		f(name)
	case reflect.Bool:
		v.SetBool(true)
		f(name)
	default:
		t.Fatalf("%s is a %s, which the test cannot change", name, v.Kind())
	}
}

func TestPortRangeIsReadAsItIsWritten(t *testing.T) {
	for _, r := range []PortRange{{}, {1, 1}, {20000, 20999}, {1, 65535}} {
		text, err := r.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		got := PortRange{First: 9, Last: 9}
		if err := got.UnmarshalText(text); err != nil || got != r {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, s := range []string{"20000", "20000-", "-20000", "0-5", "5-4", "1-65536", "1-2-3", "1-2x", "+1-2", "1 - 2", "a-b", " "} {
		got := PortRange{First: 9, Last: 9}
		if err := got.UnmarshalText([]byte(s)); err == nil || got != (PortRange{9, 9}) {
			t.Errorf("%q: got %v, %v", s, got, err)
		}
	}
}

func TestVolumesAreWrittenAsInCompose(t *testing.T) {
	for want, v := range map[string]Volume{
		"/data/search:/data:ro": {Source: "/data/search", Target: "/data", ReadOnly: true},
		"search-cache:/cache":   {Source: "search-cache", Target: "/cache"},
	} {
		if v.String() != want || v.Bind() != (want[0] == '/') {
			t.Errorf("got %q, bind %t, want %q", v, v.Bind(), want)
		}
	}
}
