package main

import (
	"os"
	"os/exec"
	"strings"

	"ctid/config"
	"ctid/media"
)

// voices are those of the configuration, as media takes them.
func voices(c *config.Config) []media.Voice {
	var out []media.Voice
	for _, v := range c.IVR.Voices {
		m := media.Voice{Lang: v.Lang, Engine: v.Engine, Voice: v.Voice, URL: v.URL, Timeout: v.Timeout.D()}
		for _, h := range v.Headers {
			name, value := v.Header(h)
			m.Headers = append(m.Headers, media.Header{Name: name, Value: value})
		}
		out = append(out, m)
	}
	return out
}

// numberSounds are the languages whose numbers can be heard without a voice. English sounds come with every Asterisk.
func numberSounds(c *config.Config) []string { return append([]string{"en"}, c.IVR.NumberSounds...) }

// programs is how to run the engines. The tests name those that are not installed by CTID_ESPEAK and CTID_FLITE, and
// their environment by the same with _ENV, a word a line.
func programs() map[string]media.Program {
	out := map[string]media.Program{}
	for engine, name := range map[string]string{media.Espeak: "CTID_ESPEAK", media.Flite: "CTID_FLITE"} {
		if e := os.Getenv(name); e != "" {
			out[engine] = media.Program{Command: splitCommand(e), Env: append(os.Environ(), splitCommand(os.Getenv(name+"_ENV"))...)}
		}
	}
	return out
}

// splitCommand cuts at line ends: a path may have spaces in it.
func splitCommand(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
}

// missingEngines says at the start what would fail at the first prompt.
func (d *daemon) missingEngines(cfg media.Config) {
	said := map[string]bool{}
	for _, v := range cfg.Voices {
		command := []string{v.Engine}
		if p := cfg.Programs[v.Engine].Command; len(p) > 0 {
			command = p
		}
		if v.Engine == media.URL || said[v.Engine] {
			continue
		}
		said[v.Engine] = true
		if _, err := exec.LookPath(command[0]); err != nil {
			d.log.Warn(v.Engine+" is not installed: prompts without a recording are left out; install it, or set media.tts: none", "language", v.Lang, "error", err)
		}
	}
}
