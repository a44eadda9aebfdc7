package ivr

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// CheckContact tells what in a row of an outbound list does not fit the script's columns. A live call goes on without it.
func (s *Script) CheckContact(row map[string]string) error {
	if len(row) > 0 && s.kind != KindOutbound {
		return errors.New("the script is for calls that come in; only one of kind: outbound has a contact")
	}
	names := make([]string, len(s.contact))
	for i, c := range s.contact {
		names[i] = c.name
	}
	for _, name := range slices.Sorted(maps.Keys(row)) {
		i := slices.Index(names, name)
		if i < 0 {
			return fmt.Errorf("the contact has no column %q%s", name, near(name, names))
		}
		if row[name] == "" {
			continue
		}
		if _, err := parseAs(s.contact[i].typ, row[name]); err != nil {
			return fmt.Errorf("%s %w", name, err)
		}
	}
	return nil
}

// readContact reads the row of an outbound list by the types of its columns. What cannot be read is empty, and the record says
// so: a bad row loses no call.
func (m *Machine) readContact(tell bool) {
	if m.root().kind != KindOutbound {
		return
	}
	m.x.contact = fresh(m.root().contact)
	for _, c := range m.root().contact {
		text, given := m.x.call.Contact[c.name]
		if !given || text == "" {
			continue
		}
		v, err := parseAs(c.typ, text)
		switch {
		case err == nil:
			m.x.contact[c.name] = v
		case tell:
			m.log("contact.wrong_type", "column "+c.name+" wants "+c.typ.String())
		}
	}
}
