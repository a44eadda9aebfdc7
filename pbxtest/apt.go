package pbxtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// debianKeyring signs every suite of Debian's archive; apt refuses the archive without it.
const debianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// fetchLimit bounds one fetch: half a minute on a good line, minutes on a bad one.
const fetchLimit = 10 * time.Minute

// CacheDir is the folder that keeps what was fetched, shared by all work trees
// of one user: $XDG_CACHE_HOME/ctid, else ~/.cache/ctid.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: set HOME or XDG_CACHE_HOME: %w", err)
	}
	return filepath.Join(dir, "ctid"), nil
}

// fetchRoot returns the folder into which the packages and all that they need
// (libc included) of one suite of Debian's archive are unpacked, and fetches
// them when the cache does not have them. It needs apt, but no root. Processes
// that ask at once wait for one another; a folder appears only when complete.
func fetchRoot(ctx context.Context, name, suite string, packages ...string) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	root := filepath.Join(cache, name+"-"+suite)
	if isDir(root) {
		return root, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	unlock, err := lockFile(ctx, filepath.Join(cache, suite+".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if isDir(root) { // another process was faster
		return root, nil
	}
	stage, err := newStage(root)
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(stage) }() // what is left of it goes with the next attempt
	a := apt{suite: suite, stage: stage}
	if err := a.fetch(ctx, packages); err != nil {
		return "", fmt.Errorf("fetch %s from Debian %s: %w", strings.Join(packages, ", "), suite, err)
	}
	if err := os.Rename(filepath.Join(a.stage, "root"), root); err != nil {
		return "", fmt.Errorf("put the fetched files in place: %w", err)
	}
	return root, nil
}

// newStage makes a folder for one attempt and removes those of attempts that
// were killed. It has a name of its own: the apt-get of a killed attempt may
// still be at work in the old one.
func newStage(root string) (string, error) {
	old, err := filepath.Glob(root + ".partial-*")
	if err != nil {
		return "", err
	}
	for _, dir := range old {
		_ = os.RemoveAll(dir) // in use to the last moment, it goes with the next attempt
	}
	stage, err := os.MkdirTemp(filepath.Dir(root), filepath.Base(root)+".partial-*")
	if err != nil {
		return "", fmt.Errorf("make a folder to fetch into: %w", err)
	}
	return stage, nil
}

// apt is one private use of apt-get: its state, lists and downloads lie in the
// stage, so the machine's own package state is neither read nor changed.
type apt struct {
	suite, stage string
}

func (a apt) fetch(ctx context.Context, packages []string) error {
	state := filepath.Join(a.stage, "apt")
	debs := filepath.Join(a.stage, "debs")
	for _, dir := range []string{
		filepath.Join(state, "lists", "partial"), filepath.Join(debs, "partial"), filepath.Join(a.stage, "root"),
	} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	site, err := debianSite(ctx)
	if err != nil {
		return err
	}
	// A mirror may hold a stored copy of the suite that is past its date.
	source := fmt.Sprintf("deb [signed-by=%s check-valid-until=no] %s %s main\n", debianKeyring, site, a.suite)
	list, status := filepath.Join(state, "sources.list"), filepath.Join(state, "status")
	if err := errors.Join(os.WriteFile(list, []byte(source), 0o644), os.WriteFile(status, nil, 0o644)); err != nil {
		return err
	}
	options := []string{
		"-o", "Dir::State=" + state,
		"-o", "Dir::State::status=" + status,
		"-o", "Dir::Cache=" + state,
		"-o", "Dir::Cache::archives=" + debs,
		"-o", "Dir::Etc::sourcelist=" + list,
		"-o", "Dir::Etc::sourceparts=/dev/null",
		"-o", "Dir::Etc::preferences=/dev/null",
		"-o", "Dir::Etc::preferencesparts=/dev/null",
		"-o", "APT::Install-Recommends=0",
		"-o", "APT::Sandbox::User=",
		"-o", "APT::Update::Error-Mode=any",
		"-o", "Debug::NoLocking=1",
		"-o", "Acquire::Retries=3",
		"-o", "Acquire::Languages=none",
	}
	if _, err := run(ctx, "apt-get", append(options[:len(options):len(options)], "update")...); err != nil {
		return err
	}
	install := append(options[:len(options):len(options)], "-y", "--download-only", "install", "libc6")
	if _, err := run(ctx, "apt-get", append(install, packages...)...); err != nil {
		return err
	}
	return unpack(ctx, debs, filepath.Join(a.stage, "root"))
}

func unpack(ctx context.Context, debs, root string) error {
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("apt-get downloaded nothing into %s", debs)
	}
	for _, f := range files {
		if _, err := run(ctx, "dpkg-deb", "-x", f, root); err != nil {
			return err
		}
	}
	return nil
}

// debianSite is the address of Debian's archive in the machine's own apt
// configuration, so that the user's mirror is used.
func debianSite(ctx context.Context) (string, error) {
	out, err := run(ctx, "apt-get", "indextargets", "--format", "$(SITE) $(LABEL)", "Created-By: Packages")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(out) {
		if site, label, _ := strings.Cut(strings.TrimSpace(line), " "); label == "Debian" {
			return site, nil
		}
	}
	return "", errors.New("this machine's apt has no source labelled Debian with package lists: " +
		"run \"apt-get update\" as root, or add a Debian mirror to its sources (apt-get indextargets shows them)")
}

// run runs a command without a terminal and returns its standard output; an
// error holds the command as one could type it and its last lines.
func run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("%s is not on this machine: Debian or a relative of it is needed to fetch packages: %w", name, err)
	}
	if err != nil {
		return "", fmt.Errorf("command failed: %s: %w\n%s", shellLine(name, args), err, lastLines(errs.String()+out.String(), 8))
	}
	return out.String(), nil
}

func shellLine(name string, args []string) string {
	line := name
	for _, a := range args {
		if a == "" || strings.ContainsAny(a, " $()'\"") || strings.HasSuffix(a, "=") {
			a = "'" + a + "'"
		}
		line += " " + a
	}
	return line
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// lockFile waits until this process alone holds the file's lock. The kernel
// drops the lock when the holder dies.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the lock file: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, fmt.Errorf("wait for another process that fetches (lock %s): %w", path, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
