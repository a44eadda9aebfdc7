package ivr

// dispositionStep says how the call ended, in a word of the site.
type dispositionStep struct{ word *value }

func loadDisposition(l *loader, _ *step, o *opts) action {
	return &dispositionStep{o.disposition("name")}
}

// disposition reads an option that names a disposition of the site.
func (o *opts) disposition(name string) *value {
	v, ok := o.scalar(name)
	if !ok {
		return nil
	}
	return o.l.siteName("disposition", o.l.site.Dispositions, v)
}

func (a *dispositionStep) start(m *Machine) {
	if err := m.dispose(a.word); err != nil {
		m.failWith(err)
		return
	}
	m.leave("done")
}

func (m *Machine) dispose(word *value) error {
	name, err := m.text(word)
	if err == nil {
		m.emit(Dispose{Disposition: name})
	}
	return err
}
