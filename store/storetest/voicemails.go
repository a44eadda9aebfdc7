package storetest

import (
	"slices"
	"testing"
	"time"

	"ctid"
	"ctid/store"
)

var voicemailTests = []test{
	{"voicemail: a message from its beginning to its end", voicemailLife},
	{"voicemail: what is loose is what something is left to do for", looseVoicemails},
	{"voicemail: its caller is sealed, and is nobody once erased", voicemailErased},
}

func voicemail(id ctid.VoicemailID, call ctid.CallID, at time.Time) ctid.Voicemail {
	return ctid.Voicemail{ID: id, Mailbox: "sales", Call: call, Node: "n1", Name: "ctid-" + string(id), At: at, Least: 2 * time.Second,
		Caller: ctid.Number{E164: "+442079460018", Kind: "mobile"}, Person: "p_" + string(id)}
}

func ids(list []ctid.Voicemail) (out []ctid.VoicemailID) {
	for _, v := range list {
		out = append(out, v.ID)
	}
	return out
}

func voicemailLife(t *testing.T, r Rig) {
	ctx, s := t.Context(), r.start(t)
	v := voicemail("v_1", "c_1", day)
	ok(t, s.BeginVoicemail(ctx, v))
	again := v
	again.Mailbox = "support"
	ok(t, s.BeginVoicemail(ctx, again)) // the first note holds
	v.State = ctid.VoicemailRecording
	if got := must(s.Voicemail(ctx, "v_1"))(t); got != v {
		t.Errorf("it reads back as %+v, want %+v", got, v)
	}
	if list := must(s.Voicemails(ctx, ""))(t); len(list) != 0 {
		t.Errorf("listed while it is being left: %+v", list)
	}
	v.Length, v.Size, v.SHA256 = 9*time.Second, 144044, sum("a")
	ok(t, s.StoreVoicemail(ctx, v, ctid.VoicemailStored))
	ok(t, s.StoreVoicemail(ctx, v, ctid.VoicemailKept))
	v.State = ctid.VoicemailKept
	if got := must(s.Voicemail(ctx, "v_1"))(t); got != v {
		t.Errorf("kept, it reads back as %+v", got)
	}
	wantErr(t, s.StoreVoicemail(ctx, v, ctid.VoicemailStored), store.ErrNotFound) // what is kept does not go back
	wantErr(t, s.StoreVoicemail(ctx, voicemail("v_9", "c_9", day), ctid.VoicemailKept), store.ErrNotFound)

	ok(t, s.BeginVoicemail(ctx, voicemail("v_0", "c_2", day.Add(time.Minute))))
	ok(t, s.StoreVoicemail(ctx, ctid.Voicemail{ID: "v_0"}, ctid.VoicemailStored))
	for mailbox, want := range map[string][]ctid.VoicemailID{"": {"v_1", "v_0"}, "sales": {"v_1", "v_0"}, "support": nil} {
		if got := ids(must(s.Voicemails(ctx, mailbox))(t)); !slices.Equal(got, want) {
			t.Errorf("mailbox %q: %v, want %v", mailbox, got, want)
		}
	}
	ok(t, s.DeleteVoicemail(ctx, "v_1")) // with us alone: nothing is left
	_, err := s.Voicemail(ctx, "v_1")
	wantErr(t, err, store.ErrNotFound)
	ok(t, s.DeleteVoicemail(ctx, "v_0")) // still at the node: to be seen to
	if got := must(s.Voicemail(ctx, "v_0"))(t); got.State != ctid.VoicemailGone {
		t.Errorf("deleted, and still at the node: %+v", got)
	}
	if got := ids(must(s.Voicemails(ctx, ""))(t)); len(got) != 0 {
		t.Errorf("deleted, and listed: %v", got)
	}
	ok(t, s.ForgetVoicemail(ctx, "v_0"))
	for _, err := range []error{s.ForgetVoicemail(ctx, "v_0"), s.DeleteVoicemail(ctx, "v_0")} {
		wantErr(t, err, store.ErrNotFound)
	}
	sound(t, s)
}

func looseVoicemails(t *testing.T, r Rig) {
	now := day.Add(48 * time.Hour)
	ctx, s := t.Context(), r.start(t, func(c *store.Config) { c.Now = func() time.Time { return now } })
	talking, over := record("c_talking", "+442079460018"), ended(record("c_over", "+442079460019"))
	put(t, s, recordRow(1, talking), recordRow(2, over))
	for id, v := range map[ctid.VoicemailID]ctid.Voicemail{
		"v_talking": voicemail("v_talking", "c_talking", day), // its caller is still there
		"v_over":    voicemail("v_over", "c_over", day.Add(time.Second)),
		"v_old":     voicemail("v_old", "c_lost", now.Add(-25*time.Hour)), // of a call that nobody knows
		"v_new":     voicemail("v_new", "c_unknown", now.Add(-time.Hour)), // of a call that may not be in the store yet
		"v_stored":  voicemail("v_stored", "c_over", day.Add(2*time.Second)),
		"v_kept":    voicemail("v_kept", "c_over", day.Add(3*time.Second)),
		"v_gone":    voicemail("v_gone", "c_over", day.Add(4*time.Second)),
	} {
		ok(t, s.BeginVoicemail(ctx, v))
		switch id {
		case "v_stored", "v_kept":
			ok(t, s.StoreVoicemail(ctx, v, string(id[2:])))
		case "v_gone":
			ok(t, s.DeleteVoicemail(ctx, id))
		}
	}
	if got, want := ids(must(s.LooseVoicemails(ctx))(t)), []ctid.VoicemailID{"v_over", "v_stored", "v_gone", "v_old"}; !slices.Equal(got, want) {
		t.Errorf("loose are %v, want %v", got, want)
	}
	sound(t, s)
}

func voicemailErased(t *testing.T, r Rig) {
	ctx, s := t.Context(), r.start(t)
	caller := ctid.Private("+442079460777")
	v := voicemail("v_1", "c_1", day)
	v.Caller, v.Person = ctid.Number{E164: caller, Kind: "mobile"}, s.PersonHash(string(caller))
	other := voicemail("v_2", "c_2", day)
	for _, x := range []ctid.Voicemail{v, other} {
		ok(t, s.BeginVoicemail(ctx, x))
		ok(t, s.StoreVoicemail(ctx, x, ctid.VoicemailKept))
	}
	if r.Holds(t, string(caller)) {
		t.Error("a caller's number lies open in the database")
	}
	ok(t, s.Erase(ctx, v.Person))
	got := must(s.Voicemail(ctx, "v_1"))(t)
	if !got.Erased || got.Caller.E164 == caller {
		t.Errorf("erased, it reads %+v", got)
	}
	if list := ids(must(s.LooseVoicemails(ctx))(t)); !slices.Equal(list, []ctid.VoicemailID{"v_1"}) {
		t.Errorf("of who was erased the message must go: %v", list)
	}
	if left, err := s.Voicemail(ctx, "v_2"); err != nil || left.Erased || left.Caller != other.Caller {
		t.Errorf("another's reads %+v, %v", left, err)
	}
	if err := s.DeleteVoicemail(ctx, "v_1"); err != nil {
		t.Error(err)
	}
	sound(t, s)
}
