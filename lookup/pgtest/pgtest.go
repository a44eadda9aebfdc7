// Package pgtest runs a PostgreSQL server of its own for tests, on loopback, with its files in a temporary folder.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a running server.
type Server struct {
	Port     int
	Password string // of the user ctid, who owns everything

	t        testing.TB
	dir, bin string
	as       *syscall.Credential // who runs it; nil: whoever runs the test
	cmd      *exec.Cmd
	log      *os.File
}

// startTime bounds how long a server takes to answer.
const startTime = 60 * time.Second

// New makes a server's files and starts it; it ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, Password: "not-for-errors-4711"}
	if err := s.make(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Stop()
		if err := os.RemoveAll(s.dir); err != nil {
			t.Error(err)
		}
	})
	s.Start()
	return s
}

// DSN is how the server is reached, by that password.
func (s *Server) DSN(password string) string {
	return fmt.Sprintf("postgres://ctid:%s@127.0.0.1:%d/postgres", password, s.Port)
}

func (s *Server) make() (err error) {
	if s.bin, err = programs(); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "ctid-postgres-"); err != nil {
		return err
	}
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(s.Password), 0o600); err != nil {
		return err
	}
	if err := s.notAsRoot(secret); err != nil {
		return err
	}
	if s.Port, err = freePort(); err != nil {
		return err
	}
	out, err := s.command("initdb", "-D", s.data(), "-U", "ctid", "-A", "scram-sha-256", "--pwfile="+secret, "-N", "--locale=C", "-E", "UTF8").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// programs is the folder of the server's programs: that on the PATH, else Debian's newest.
func programs() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(p), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.Join(errors.New("there is no PostgreSQL here; scripts/postgres.sh gets it"), err)
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// notAsRoot has another user own the folder and run the server, which refuses to run as root.
func (s *Server) notAsRoot(files ...string) error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	for _, f := range append(files, s.dir) {
		if err := os.Chown(f, int(uid), int(gid)); err != nil {
			return err
		}
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }() // it has told its port
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir = s.dir
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Pdeathsig: syscall.SIGINT}
	return c
}

// Start starts the server and returns when it answers.
func (s *Server) Start() {
	s.t.Helper()
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.log = log
	s.cmd = s.command("postgres", "-D", s.data(), "-p", strconv.Itoa(s.Port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), startTime)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		c, err := pgx.Connect(ctx, s.DSN(s.Password))
		if err == nil {
			_ = c.Close(ctx) // it has shown that it answers
			tick.Stop()
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Fatalf("the server does not answer: %v\n%s", err, s.said())
		}
	}
}

// said is the server's log.
func (s *Server) said() string {
	b, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(b))
}

// Stop stops the server at once; what is being asked fails.
func (s *Server) Stop() {
	s.t.Helper()
	if s.cmd == nil {
		return
	}
	err := s.cmd.Process.Signal(syscall.SIGINT)
	if err := errors.Join(err, s.cmd.Wait(), s.log.Close()); err != nil {
		s.t.Errorf("the server's end: %v", err)
	}
	s.cmd = nil
}

// Exec carries out statements.
func (s *Server) Exec(statements string) {
	s.t.Helper()
	s.with(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, statements)
		return err
	})
}

// Number asks for one number.
func (s *Server) Number(query string) (n int) {
	s.t.Helper()
	s.with(func(ctx context.Context, c *pgx.Conn) error { return c.QueryRow(ctx, query).Scan(&n) })
	return n
}

func (s *Server) with(f func(context.Context, *pgx.Conn) error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, s.DSN(s.Password))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := errors.Join(f(ctx, c), c.Close(ctx)); err != nil {
		s.t.Fatal(err)
	}
}
