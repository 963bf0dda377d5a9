package slipway_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"slipway"
)

// What is signed of a service is its SettingsHash, so that has to cover every
// field of a service, and of all that is in it. A field that JSON leaves out
// would be one that somebody could change.
func TestTheHashesOfSettingsPlansAndImagesCoverEveryField(t *testing.T) {
	t.Parallel()
	for _, of := range []struct {
		value    any
		leftOut  []string
		identity func(any) string
	}{
		{new(slipway.Service), nil, func(v any) string { return v.(*slipway.Service).SettingsHash() }},
		{new(slipway.Plan), []string{"Fleet"}, func(v any) string { return v.(*slipway.Plan).Identity() }},
		{new(slipway.Image), []string{"Signature", "Tag"}, func(v any) string { return v.(*slipway.Image).Identity() }},
	} {
		root := reflect.TypeOf(of.value).Elem()
		walk(root, nil, func(path []int, name string) {
			v := reflect.New(root)
			before := of.identity(v.Interface())
			fill(v.Elem(), path)
			if changed := of.identity(v.Interface()) != before; changed == slices.Contains(of.leftOut, name) {
				text, _ := json.Marshal(v.Interface())
				t.Errorf("%s.%s: its change changes the hash: %t, in %s", root.Name(), name, changed, text)
			}
		})
	}
}

// walk visits every field that holds no further fields.
func walk(t reflect.Type, path []int, visit func(path []int, name string)) {
	for i := range t.NumField() {
		field := t.Field(i)
		at := append(append([]int{}, path...), i)
		inner := field.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice || inner.Kind() == reflect.Map {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner.NumField() > 0 && inner.Field(0).IsExported() && inner != reflect.TypeFor[slipway.PortRange]() {
			walk(inner, at, visit)
			continue
		}
		visit(at, field.Name)
	}
}

// fill gives the field at the end of a path a value that is not zero, and makes
// what is in between.
func fill(v reflect.Value, path []int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path)
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value, path)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key").Convert(v.Type().Key()), value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[slipway.PortRange]() {
			v.Set(reflect.ValueOf(slipway.PortRange{First: 1, Last: 2}))
			return
		}
		fill(v.Field(path[0]), path[1:])
	case reflect.String:
		v.SetString("other")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1)
	default:
		v.SetInt(1)
	}
}
