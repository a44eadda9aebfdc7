package ctid

import (
	"encoding/json"
	"reflect"
	"sync"
)

// Private is a text about a person: a name, a number, a note. On the wire it is a plain string; the store replaces
// each one in log, outbox and audit rows by a reference to a sealed value, so that erasing a person leaves the log whole.
type Private string

// PrivateValue is an attached value about a person, of any JSON type. On the wire it is the value itself.
type PrivateValue struct{ V any }

// MarshalJSON writes the bare value.
func (p PrivateValue) MarshalJSON() ([]byte, error) { return json.Marshal(p.V) }

// UnmarshalJSON reads any JSON value.
func (p *PrivateValue) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &p.V) }

// MapPrivate returns a copy of v in which f has replaced every Private text and every PrivateValue; what can hold none is shared.
// For a PrivateValue f gets its JSON and isJSON true; what f returns becomes its (text) value. Empty texts are left alone.
// v may be a struct, or a pointer, slice, map or interface holding structs; unexported fields are copied as they are.
func MapPrivate[T any](v T, f func(text string, isJSON bool) string) T {
	if !holderOf(reflect.TypeFor[T]()).holds {
		return v
	}
	var out T
	mapPrivate(reflect.ValueOf(&out).Elem(), reflect.ValueOf(&v).Elem(), f)
	return out
}

var (
	privateType      = reflect.TypeFor[Private]()
	privateValueType = reflect.TypeFor[PrivateValue]()
)

// holder says of a type whether its values can hold private texts, and of a struct in which of its fields.
type holder struct {
	holds  bool
	fields []int
}

var holders sync.Map // reflect.Type: holder

func holderOf(t reflect.Type) holder {
	if h, ok := holders.Load(t); ok {
		return h.(holder)
	}
	h := lookInto(t, map[reflect.Type]bool{})
	holders.Store(t, h)
	return h
}

// lookInto takes a type that it is already within for one that holds some.
func lookInto(t reflect.Type, within map[reflect.Type]bool) (h holder) {
	if t == privateType || t == privateValueType || t.Kind() == reflect.Interface || within[t] {
		return holder{holds: true}
	}
	within[t] = true
	defer delete(within, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		h.holds = lookInto(t.Elem(), within).holds
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() && lookInto(t.Field(i).Type, within).holds {
				h.fields = append(h.fields, i)
			}
		}
		h.holds = len(h.fields) > 0
	}
	return h
}

func mapPrivate(dst, src reflect.Value, f func(string, bool) string) {
	switch {
	case src.Type() == privateType:
		if src.Len() > 0 {
			dst.SetString(f(src.String(), false))
		}
		return
	case src.Type() == privateValueType:
		pv := src.Interface().(PrivateValue)
		if pv.V != nil {
			if b, err := json.Marshal(pv.V); err == nil {
				pv.V = f(string(b), true)
			}
		}
		dst.Set(reflect.ValueOf(pv))
		return
	}
	h := holderOf(src.Type())
	if !h.holds {
		dst.Set(src)
		return
	}
	switch src.Kind() {
	case reflect.Pointer, reflect.Interface:
		if src.IsNil() {
			return
		}
		e := reflect.New(src.Elem().Type()).Elem()
		mapPrivate(e, src.Elem(), f)
		if src.Kind() == reflect.Pointer {
			dst.Set(e.Addr())
		} else {
			dst.Set(e)
		}
	case reflect.Struct:
		dst.Set(src)
		for _, i := range h.fields {
			mapPrivate(dst.Field(i), src.Field(i), f)
		}
	case reflect.Slice:
		if src.IsNil() {
			return
		}
		dst.Set(reflect.MakeSlice(src.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			mapPrivate(dst.Index(i), src.Index(i), f)
		}
	case reflect.Map:
		mapPrivateMap(dst, src, f)
	}
}

func mapPrivateMap(dst, src reflect.Value, f func(string, bool) string) {
	if src.IsNil() {
		return
	}
	dst.Set(reflect.MakeMapWithSize(src.Type(), src.Len()))
	for it := src.MapRange(); it.Next(); {
		e := reflect.New(src.Type().Elem()).Elem()
		mapPrivate(e, it.Value(), f)
		dst.SetMapIndex(it.Key(), e)
	}
}
