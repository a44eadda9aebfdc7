package media

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"ctid/words"
)

// Prepare makes the parts ready, in order. Those that cannot be had are left out, and the error says which and why, and
// which recordings were spoken instead: the caller goes on with what there is. A voice that took too long is not asked
// again for the parts behind it.
func (l *Library) Prepare(ctx context.Context, parts []Part) ([]Media, error) {
	b := &batch{l: l, slow: map[string]bool{}}
	for _, p := range parts {
		switch {
		case len(p.Pieces) == 0:
			b.one(ctx, p)
		case l.cutUp(p):
			b.pieces(ctx, p)
		default:
			p.Text = l.inWords(p)
			b.one(ctx, p)
		}
	}
	return b.out, errors.Join(b.errs...)
}

// Precompute makes ready what is the same for every caller, so that the first one need not wait. Of a prompt with holes
// those are its fixed pieces, where it is heard in pieces at all.
func (l *Library) Precompute(ctx context.Context, parts []Part) error {
	var errs []error
	for _, p := range parts {
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		switch {
		case len(p.Pieces) > 0 && l.cutUp(p):
			for _, q := range p.Pieces {
				if q.File != "" {
					_, err := l.Prepare(ctx, []Part{p.piece(q)})
					errs = append(errs, err)
				}
			}
		case len(p.Pieces) == 0 && !p.Private:
			_, err := l.Prepare(ctx, []Part{p})
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// batch is one run of Prepare.
type batch struct {
	l    *Library
	out  []Media
	errs []error
	slow map[string]bool // languages and voices that took too long
}

func (b *batch) fail(p Part, err error) {
	name := p.Name
	if name == "" {
		name = p.File
	}
	if name == "" {
		name = "a text to say"
	}
	b.errs = append(b.errs, fmt.Errorf("prompt %s (%s): %w", name, p.Lang, err))
}

// one makes a part ready: its recording, else speech. A recording that cannot be used is spoken, and told.
func (b *batch) one(ctx context.Context, p Part) {
	c, ok, err := b.l.recording(p)
	if err != nil {
		b.fail(p, err)
	}
	if !ok {
		voice := p.Lang + "\x00" + p.Voice
		if b.slow[voice] {
			b.fail(p, errSlow)
			return
		}
		if c, err = b.l.speech(ctx, p); err != nil {
			b.slow[voice] = errors.Is(err, errSlow)
			b.fail(p, err)
			return
		}
	}
	b.out = append(b.out, Media{Path: b.l.path(c.id), Name: p.Name, Text: p.Text, Duration: c.dur, Private: p.Private})
}

// cutUp tells whether a prompt with holes is heard piece by piece: where any of it is recorded, or nobody could speak it
// as a whole.
func (l *Library) cutUp(p Part) bool {
	if _, spoken := l.voice(p); !spoken {
		return true
	}
	return slices.ContainsFunc(p.Pieces, func(q Piece) bool {
		_, ok, err := l.recording(p.piece(q))
		return ok || err != nil
	})
}

// piece is a fixed piece as a part of its own.
func (p Part) piece(q Piece) Part {
	return Part{File: q.File, Sum: q.Sum, Text: q.Text, Lang: p.Lang, Voice: p.Voice, Private: p.Private && q.File == ""}
}

func (b *batch) pieces(ctx context.Context, p Part) {
	for _, q := range p.Pieces {
		part := p.piece(q)
		if q.File == "" {
			part.Private = true
			if names, ok := b.l.numberSounds(p, q.Value); ok {
				for _, s := range names {
					b.out = append(b.out, Media{Sound: folder(p.Lang) + "/" + s, Text: q.Text, Private: true})
				}
				continue
			}
			part.Text = said(q, p.Lang)
			if !strings.ContainsFunc(part.Text, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }) {
				continue
			}
		}
		b.one(ctx, part)
	}
}

// numberSounds are Asterisk's own sounds for a value, where they are to say it.
func (l *Library) numberSounds(p Part, v words.Value) ([]string, bool) {
	_, spoken := l.voice(p)
	if v.Kind == "" || spoken && !slices.Contains(l.cfg.NumberSounds, p.Lang) {
		return nil, false
	}
	return v.Sounds(p.Lang)
}

// folder is the folder of Asterisk's own sounds that serves a language.
func folder(lang string) string {
	if words.Chinese(lang) {
		return "zh"
	}
	return "en"
}

// inWords is the text of a part as a voice is to read it: its values in words.
func (l *Library) inWords(p Part) string {
	var b strings.Builder
	for _, q := range p.Pieces {
		b.WriteString(said(q, p.Lang))
	}
	return b.String()
}

func said(q Piece, lang string) string {
	if w, ok := q.Value.Words(lang); ok {
		return w
	}
	return q.Text
}
