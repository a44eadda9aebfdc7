package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/store"
)

var userTests = []test{
	{"users: log-in, roles, new password, disabled", usersLogin},
	{"users: what is refused says why", usersRefused},
	{"tokens: 12 hours, one hour idle, revoked at once", tokens},
	{"tokens: a wallboard's does not end for want of use", tokensOfWallboards},
	{"tokens: a token is nowhere in the files, nor a password", tokensHidden},
}

var auditTests = []test{
	{"audit: the chain verifies over restarts, and rows can't be changed", auditChain},
	{"audit: rows from many at once make one chain", auditTogether},
}

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock(t time.Time) *clock { return &clock{t: t} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

var ana = store.User{Name: "Ana", Roles: []ctid.Role{ctid.RoleAgent, ctid.RoleSupervisor}, Agent: "ana"}

const password = "correct horse"

func usersLogin(t *testing.T, r Rig) {
	s := r.start(t)
	ok(t, s.AddUser(t.Context(), ana, password))
	who := must(s.Authenticate(t.Context(), "ANA", password))(t)
	if who.User != "ana" || who.Agent != "ana" || !who.Has(ctid.RoleSupervisor) || who.Has(ctid.RoleAdmin) {
		t.Errorf("logged in as %+v", who)
	}
	for _, x := range [][2]string{{"ana", "wrong horse"}, {"ana", ""}, {"ghost", password}} {
		_, err := s.Authenticate(t.Context(), x[0], x[1])
		if err != store.ErrLogin { //nolint:errorlint // nothing may be wrapped around it that tells the cases apart
			t.Errorf("%s with %q gives %v, want exactly ErrLogin", x[0], x[1], err)
		}
	}
	token := must(s.NewToken(t.Context(), "ana", 0))(t)
	ok(t, s.SetPassword(t.Context(), "ana", "another horse"))
	_, err := s.WhoByToken(t.Context(), token)
	wantErr(t, err, store.ErrToken)
	_, err = s.Authenticate(t.Context(), "ana", password)
	wantErr(t, err, store.ErrLogin)
	must(s.Authenticate(t.Context(), "ana", "another horse"))(t)
	token = must(s.NewToken(t.Context(), "ana", 0))(t)
	ok(t, s.DisableUser(t.Context(), "ana"))
	_, err = s.Authenticate(t.Context(), "ana", "another horse")
	wantErr(t, err, store.ErrLogin)
	_, err = s.WhoByToken(t.Context(), token)
	wantErr(t, err, store.ErrToken)
	_, err = s.NewToken(t.Context(), "ana", 0)
	wantErr(t, err, store.ErrNotFound)
	if list := must(s.Users(t.Context()))(t); len(list) != 1 || !list[0].Disabled || !slices.Equal(list[0].Roles, ana.Roles) {
		t.Errorf("users are %+v", list)
	}
}

func usersRefused(t *testing.T, r Rig) {
	s := r.start(t)
	ok(t, s.AddUser(t.Context(), ana, password))
	for _, x := range []struct {
		user     store.User
		password string
		say      string
	}{
		{ana, password, "already"},
		{store.User{Name: "b b", Roles: ana.Roles}, password, "user name"},
		{store.User{Name: "bob"}, password, "needs a role"},
		{store.User{Name: "bob", Roles: []ctid.Role{"king"}}, password, "king"},
		{store.User{Name: "bob", Roles: ana.Roles}, "short", "8 to"},
	} {
		if err := s.AddUser(t.Context(), x.user, x.password); err == nil || !strings.Contains(err.Error(), x.say) {
			t.Errorf("%+v gives %v, want %q in it", x.user, err, x.say)
		}
	}
	wantErr(t, s.SetPassword(t.Context(), "ghost", password), store.ErrNotFound)
	wantErr(t, s.DisableUser(t.Context(), "ghost"), store.ErrNotFound)
}

func tokens(t *testing.T, r Rig) {
	c := newClock(day)
	s := r.start(t, func(cfg *store.Config) { cfg.Now = c.now })
	ok(t, s.AddUser(t.Context(), ana, password))
	used := must(s.NewToken(t.Context(), "ana", 12*time.Hour))(t)
	idle := must(s.NewToken(t.Context(), "ana", 0))(t)
	if !strings.HasPrefix(used, "ctid_u_") || len(used) != len("ctid_u_")+43 {
		t.Errorf("the token is %q", used)
	}
	id := must(s.WhoByToken(t.Context(), used))(t).TokenID
	if id == "" || strings.Contains(used, id) || strings.Contains(id, used) {
		t.Errorf("the token's id is %q", id)
	}
	for n := range 14 { // 11 h 40 min, used every 50 minutes, by itself or by its id
		c.add(50 * time.Minute)
		who := must(s.WhoByTokenID(t.Context(), id))(t)
		if n%2 == 0 {
			who = must(s.WhoByToken(t.Context(), used))(t)
		}
		if who.User != "ana" || !who.Until.Equal(day.Add(12*time.Hour)) {
			t.Fatalf("it is %+v", who)
		}
		must(s.ReserveSeq(t.Context(), 0))(t) // a later commit, so the use is on disk
	}
	_, err := s.WhoByToken(t.Context(), idle)
	wantErr(t, err, store.ErrToken)
	c.add(20 * time.Minute)
	_, err = s.WhoByToken(t.Context(), used)
	wantErr(t, err, store.ErrToken)
	_, err = s.WhoByTokenID(t.Context(), id)
	wantErr(t, err, store.ErrToken)
	short := must(s.NewToken(t.Context(), "ana", time.Minute))(t)
	must(s.WhoByToken(t.Context(), short))(t)
	ok(t, s.RevokeToken(t.Context(), short))
	_, err = s.WhoByToken(t.Context(), short)
	wantErr(t, err, store.ErrToken)
	wantErr(t, s.RevokeToken(t.Context(), short), store.ErrToken)
	for _, bad := range []string{"", "ctid_u_", "ctid_u_x", "Bearer"} {
		_, err := s.WhoByToken(t.Context(), bad)
		wantErr(t, err, store.ErrToken)
	}
}

func tokensOfWallboards(t *testing.T, r Rig) {
	c := newClock(day)
	s := r.start(t, func(cfg *store.Config) { cfg.Now = c.now })
	ok(t, s.AddUser(t.Context(), store.User{Name: "hall", Roles: []ctid.Role{ctid.RoleWallboard}}, password))
	ok(t, s.AddUser(t.Context(), store.User{Name: "sue", Roles: []ctid.Role{ctid.RoleWallboard, ctid.RoleSupervisor}}, password))
	hall, sue := must(s.NewToken(t.Context(), "hall", 100*time.Hour))(t), must(s.NewToken(t.Context(), "sue", 100*time.Hour))(t)
	c.add(62 * time.Hour) // from Friday to Monday
	if who := must(s.WhoByToken(t.Context(), hall))(t); who.User != "hall" || !who.OnlyWatches() {
		t.Errorf("it is %+v", who)
	}
	_, err := s.WhoByToken(t.Context(), sue) // who can do something has to log in again
	wantErr(t, err, store.ErrToken)
	c.add(39 * time.Hour)
	_, err = s.WhoByToken(t.Context(), hall)
	wantErr(t, err, store.ErrToken)
}

func tokensHidden(t *testing.T, r Rig) {
	s := r.start(t)
	ok(t, s.AddUser(t.Context(), ana, password))
	token := must(s.NewToken(t.Context(), "ana", 0))(t)
	if r.Holds(t, token) || r.Holds(t, strings.TrimPrefix(token, "ctid_u_")) || r.Holds(t, password) {
		t.Error("the files hold a token or a password")
	}
	if !r.Holds(t, "argon2id$v=19$m=19456,t=2,p=1") {
		t.Error("the files hold no hash at today's cost")
	}
}

func auditChain(t *testing.T, r Rig) {
	s := r.start(t)
	if n := must(s.VerifyAudit(t.Context()))(t); n != 0 {
		t.Errorf("a new chain has %d rows", n)
	}
	for i := range 3 {
		ok(t, s.Audit(t.Context(), store.AuditRow{Who: "ana", Role: ctid.RoleAdmin, Via: "rest", Address: "10.0.0.1", Op: "customer.read", Target: fmt.Sprint("cu_", i), Outcome: "ok"}))
		closeStore(t, s)
		s = r.start(t)
	}
	if n := must(s.VerifyAudit(t.Context()))(t); n != 3 {
		t.Errorf("the chain has %d rows, want 3", n)
	}
}

func auditTogether(t *testing.T, r Rig) {
	s := r.start(t)
	errs := make(chan error, 40)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 10 {
				errs <- s.Audit(t.Context(), store.AuditRow{Who: fmt.Sprint("u", i), Op: "x", Outcome: "ok"})
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		ok(t, err)
	}
	if n := must(s.VerifyAudit(t.Context()))(t); n != 40 {
		t.Errorf("the chain has %d rows, want 40", n)
	}
}
