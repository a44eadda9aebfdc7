package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"ctid/config"
	"ctid/ivr"
	"ctid/store"
	"ctid/switchboard"
)

// storedSite is what of the site is kept with a set, so that it is found sound again when the site has changed.
type storedSite struct {
	Queues, Calendars, Voices, CustomerFields, Mailboxes, Skills, Tags, Dispositions, Databases []string `json:",omitempty"`

	Statements []ivr.Statement   `json:",omitempty"`
	Secrets    []string          `json:",omitempty"` // their names
	HTTPAllow  []string          `json:",omitempty"`
	DialAllow  []string          `json:",omitempty"`
	Premium    []string          `json:",omitempty"`
	Country    string            `json:",omitempty"`
	Lifted     []ivr.Lift        `json:",omitempty"`
	LastResort string            `json:",omitempty"`
	Sounds     map[string]string `json:",omitempty"`
}

func storedSiteOf(s ivr.Site, set *ivr.Set) storedSite {
	return storedSite{Queues: s.Queues, Calendars: s.Calendars, Voices: s.Voices, CustomerFields: s.CustomerFields, Mailboxes: s.Mailboxes, Skills: s.Skills,
		Tags: s.Tags, Dispositions: s.Dispositions, Databases: s.Databases, Statements: s.Statements, Secrets: s.Secrets, HTTPAllow: s.HTTPAllow,
		DialAllow: s.DialAllow, Premium: s.Premium, Country: s.Country, Lifted: s.Lifted, LastResort: s.LastResort, Sounds: set.Sounds()}
}

// on puts it over a site: what is worked out, such as opening hours, stays as it is now.
func (k storedSite) on(s ivr.Site) ivr.Site {
	s.Queues, s.Calendars, s.Voices, s.CustomerFields, s.Mailboxes, s.Skills = k.Queues, k.Calendars, k.Voices, k.CustomerFields, k.Mailboxes, k.Skills
	s.Tags, s.Dispositions, s.Databases, s.Statements, s.Secrets, s.HTTPAllow = k.Tags, k.Dispositions, k.Databases, k.Statements, k.Secrets, k.HTTPAllow
	s.DialAllow, s.Premium, s.Country, s.Lifted, s.LastResort, s.Sounds = k.DialAllow, k.Premium, k.Country, k.Lifted, k.LastResort, k.Sounds
	if s.Sounds == nil {
		s.Sounds = map[string]string{}
	}
	s.Now = time.Time{} // it was good when it was put in force
	return s
}

// storedSet is a library's set as the store keeps it.
func storedSet(c *config.Config, l *library) (store.ScriptSet, error) {
	site, err := json.Marshal(storedSiteOf(ivrSite(c), l.set))
	return store.ScriptSet{Sum: l.sum(), Files: l.set.Files(), Site: site}, err
}

// loadStored reads a set that the store has kept, under the routes of a configuration.
func loadStored(c *config.Config, set store.ScriptSet, now func() time.Time) (*library, []string, error) {
	var site storedSite
	if err := json.Unmarshal(set.Site, &site); err != nil {
		return nil, nil, err
	}
	files, err := zipOf(set.Files)
	if err != nil {
		return nil, nil, err
	}
	return loadLibrary(c, scriptFS{stored: files}, site.on(ivrSite(c)), now)
}

// zipOf makes files a folder that can be read like any other.
func zipOf(files map[string][]byte) (*zip.Reader, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
}

// version is a library as the switchboard takes it.
func (l *library) version() *switchboard.Version {
	return &switchboard.Version{Set: l.sum(), Answers: l.answers, Scripts: l.scripts}
}

func shortSum(sum string) string { return sum[:min(8, len(sum))] }
