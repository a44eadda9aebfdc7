package config

import (
	"strings"

	"ctid/media"
)

// checkVoices sees that each voice has what its engine needs, and nothing that it would not use.
func (d *decoder) checkVoices(c *Config) {
	for i, v := range c.IVR.Voices {
		at := indexed("ivr.voices", i, "")
		switch {
		case v.Engine == media.URL && v.URL == "":
			d.err(d.pos(at), "CFG021", "a voice with `engine: url` needs `url`")
		case v.Engine != media.URL && (v.URL != "" || len(v.Headers) > 0 || v.SecretFile != ""):
			d.err(d.pos(at), "CFG021", "`url`, `headers` and `secret_file` are for `engine: url`, and this voice has %s", v.Engine)
		case strings.Contains(strings.Join(v.Headers, " "), "{secret}") != (v.SecretFile != ""):
			d.err(d.pos(at), "CFG021", "{secret} in `headers` and `secret_file` go together")
		}
		if v.Engine != media.URL {
			if err := media.CheckVoice(v.Engine, v.Voice); err != nil {
				d.err(d.pos(indexed("ivr.voices", i, "voice")), "CFG021", "%v", err)
			}
		}
	}
}

// voiceSecrets reads the secrets of the voices.
func (d *decoder) voiceSecrets(c *Config) {
	for i := range c.IVR.Voices {
		if v := &c.IVR.Voices[i]; v.SecretFile != "" {
			v.Secret = d.secretFile(d.pos(indexed("ivr.voices", i, "secret_file")), v.SecretFile)
		}
	}
}

// Header takes a header apart, its secret filled in.
func (v Voice) Header(h string) (name, value string) {
	name, value, _ = strings.Cut(h, ": ")
	return name, strings.ReplaceAll(value, "{secret}", v.Secret.Reveal())
}
