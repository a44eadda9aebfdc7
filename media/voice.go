package media

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The engines that speak.
const (
	Espeak = "espeak-ng"
	Flite  = "flite"
	URL    = "url"
)

// Voice is a way to speak a language.
type Voice struct {
	Lang    string
	Name    string // by which a script asks for it; empty: Voice
	Engine  string // Espeak, Flite or URL; empty: Espeak
	Voice   string // the engine's own name for it, as in en-gb, slt or amy
	URL     string // of engine URL: where a WAV file is fetched, with {text}, {voice} and {lang} in it
	Headers []Header
	Timeout time.Duration // for one text; 0: the library's
}

// Header is sent with a request to the server that speaks. Its value is a secret.
type Header struct{ Name, Value string }

// Program is how an engine is run.
type Program struct {
	Command []string // with arguments that come first
	Env     []string // its whole environment; empty: PATH and a UTF-8 locale
}

var (
	engineVoice = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_+.-]{0,63}$`)
	fliteVoices = []string{"awb", "kal", "kal16", "rms", "slt"}
)

// check sees that the voice can be asked, and fills in what was left out.
func (v *Voice) check(timeout time.Duration) error {
	if v.Engine == "" {
		v.Engine = Espeak
	}
	if v.Timeout <= 0 {
		v.Timeout = timeout
	}
	if v.Lang == "" {
		return errors.New("its language is missing")
	}
	if v.Engine == URL {
		if err := CheckURL(v.URL); err != nil {
			return err
		}
	}
	return CheckVoice(v.Engine, v.Voice)
}

// CheckVoice tells what is wrong with an engine's name of a voice.
func CheckVoice(engine, voice string) error {
	switch {
	case engine != Espeak && engine != Flite && engine != URL:
		return fmt.Errorf("there is no engine %q; there are %s, %s and %s", engine, Espeak, Flite, URL)
	case !engineVoice.MatchString(voice):
		return fmt.Errorf("%q is no name of an engine's voice; write one such as en-gb or slt", voice)
	case engine == Flite && !slices.Contains(fliteVoices, voice):
		// It would speak with another voice, and not say so.
		return fmt.Errorf("flite has no voice %q; it has %s", voice, strings.Join(fliteVoices, ", "))
	}
	return nil
}

// CheckURL tells what is wrong with the address of a server that speaks.
func CheckURL(template string) error {
	u, err := url.Parse(strings.NewReplacer("{text}", "x", "{voice}", "x", "{lang}", "x").Replace(template))
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return errors.New("the address must be like https://tts.example.com/speak?text={text}&voice={voice}")
	case strings.ContainsAny(u.String(), "{}") || strings.Contains(u.String(), "%7B"):
		return errors.New("only {text}, {voice} and {lang} can be filled in")
	case !strings.Contains(template, "{text}"):
		return errors.New("{text} must stand in the address, where the text goes")
	case strings.ContainsAny(hostOf(template), "{}"):
		return errors.New("the host must be fixed")
	case u.Scheme == "https" || u.Scheme == "http" && onThisMachine(u.Hostname()):
		return nil
	}
	return errors.New("the address must begin with https://; http:// is for a server on this machine only (localhost)")
}

func hostOf(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// voice is the one a part asks for, else the first for its language.
func (l *Library) voice(p Part) (Voice, bool) {
	var first *Voice
	for i, v := range l.cfg.Voices {
		if v.Lang != p.Lang {
			continue
		}
		if p.Voice != "" && (v.Name == p.Voice || v.Name == "" && v.Voice == p.Voice) {
			return v, true
		}
		if first == nil {
			first = &l.cfg.Voices[i]
		}
	}
	if first == nil {
		return Voice{}, false
	}
	return *first, true
}
