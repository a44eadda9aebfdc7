package ivr

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
