package pbxtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Suites of Debian's archive that hold an Asterisk.
const (
	// SuiteDefault has Asterisk 22 or newer: for demo, tests and benchmarks.
	SuiteDefault = "sid"
	// SuiteOldest has Asterisk 16.28, the oldest that ctid supports.
	SuiteOldest = "bullseye"
)

// oldestDefault is the least major version that SuiteDefault may hold.
const oldestDefault = 22

// Root is a folder of unpacked Debian packages whose programs run with the
// folder's own loader and libraries, so that the host's libc never matters.
type Root struct {
	Dir string
	// Prefix is the start of each command line: the loader and its options.
	Prefix []string
}

// openRoot finds the loader and the library folders, whatever the machine's
// architecture and whether the suite still parts /lib from /usr/lib.
func openRoot(dir string) (Root, error) {
	var loader string
	var libs []string
	for _, pattern := range []string{"usr/lib/*-linux-gnu*", "lib/*-linux-gnu*"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return Root{}, err
		}
		libs = append(libs, found...)
	}
	for _, lib := range libs {
		if found, _ := filepath.Glob(filepath.Join(lib, "ld-linux*.so.*")); len(found) > 0 && loader == "" {
			loader = found[0]
		}
	}
	if loader == "" {
		return Root{}, fmt.Errorf("no loader (ld-linux*.so.*) in %s: remove that folder, and it will be fetched again", dir)
	}
	libs = append(append([]string{filepath.Join(dir, "usr", "lib")}, libs...), privateLibs(libs)...)
	return Root{Dir: dir, Prefix: []string{loader, "--library-path", strings.Join(libs, ":")}}, nil
}

// privateLibs finds the folders below the library folders that hold libraries
// of one package (pulseaudio's): their run path is an absolute one.
func privateLibs(libs []string) []string {
	var private []string
	for _, lib := range libs {
		files, _ := filepath.Glob(filepath.Join(lib, "*", "lib*.so*")) // the pattern is sound
		for _, f := range files {
			if dir := filepath.Dir(f); !slices.Contains(private, dir) {
				private = append(private, dir)
			}
		}
	}
	return private
}

// Path joins elements to the root's folder.
func (r Root) Path(elem ...string) string { return filepath.Join(append([]string{r.Dir}, elem...)...) }

// Argv is the command line that runs a program of the root.
func (r Root) Argv(program string, args ...string) []string {
	argv := append([]string{}, r.Prefix...)
	return append(append(argv, r.Path(program)), args...)
}

// glob returns the only folder that matches a pattern below the root.
func (r Root) glob(pattern string) (string, error) {
	found, err := filepath.Glob(r.Path(pattern))
	if err != nil || len(found) == 0 {
		return "", errors.Join(err, fmt.Errorf("nothing matches %s: remove %s, and it will be fetched again", r.Path(pattern), r.Dir))
	}
	return found[0], nil
}

// Fetch makes sure that the Asterisk of the suite is in the cache and returns
// its root and version. An empty suite is TestSuite.
func Fetch(ctx context.Context, suite string) (Root, string, error) {
	if suite == "" {
		suite = TestSuite
	}
	dir, err := fetchRoot(ctx, "asterisk", suite, "asterisk", "asterisk-core-sounds-en-gsm")
	if err != nil {
		return Root{}, "", err
	}
	root, err := openRoot(dir)
	if err != nil {
		return Root{}, "", err
	}
	argv := root.Argv("usr/sbin/asterisk", "-V")
	out, err := run(ctx, argv[0], argv[1:]...)
	if err != nil {
		return Root{}, "", err
	}
	version, _, _ := strings.Cut(strings.Fields(out + " ? ?")[1], "+") // "Asterisk 22.10.1+dfsg+~…"
	version, _, _ = strings.Cut(version, "~")
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); suite == SuiteDefault && (err != nil || n < oldestDefault) {
		return Root{}, "", fmt.Errorf("the Asterisk in %s is %q, but %d or newer is needed: remove that folder, and the suite's newest is fetched", dir, version, oldestDefault)
	}
	return root, version, linkSounds(root)
}

// linkSounds gives the packaged English voice the name under which Asterisk
// looks for English.
func linkSounds(root Root) error {
	voice, err := root.glob("usr/share/asterisk/sounds/en_*")
	if err != nil {
		return err
	}
	err = os.Symlink(filepath.Base(voice), root.Path("usr/share/asterisk/sounds/en"))
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}

// tools are the programs that Tool knows: their package, their path in it, and
// the environment variables that point to a folder of their data.
var tools = []struct {
	name, pkg, path string
	dataEnv, data   string
}{
	{name: "sipp", pkg: "sip-tester", path: "usr/bin/sipp"},
	// espeak-ng looks for espeak-ng-data inside the folder it is given.
	{name: "espeak-ng", pkg: "espeak-ng", path: "usr/bin/espeak-ng", dataEnv: "ESPEAK_DATA_PATH", data: "usr/lib/*/espeak-ng-data"},
	{name: "flite", pkg: "flite", path: "usr/bin/flite"},
}

// Tool returns the start of a command line and the additional environment for
// a program that tests use ("sipp", "espeak-ng", "flite"): the one on PATH, else
// Debian's from the cache, fetched when it is not there yet.
func Tool(ctx context.Context, name string) (cmd, env []string, err error) {
	if path, err := exec.LookPath(name); err == nil {
		return []string{path}, nil, nil
	}
	for _, t := range tools {
		if t.name != name {
			continue
		}
		dir, err := fetchRoot(ctx, t.name, SuiteDefault, t.pkg)
		if err != nil {
			return nil, nil, err
		}
		root, err := openRoot(dir)
		if err != nil {
			return nil, nil, err
		}
		if t.dataEnv != "" {
			data, err := root.glob(t.data)
			if err != nil {
				return nil, nil, err
			}
			env = append(env, t.dataEnv+"="+filepath.Dir(data))
		}
		return root.Argv(t.path), env, nil
	}
	return nil, nil, fmt.Errorf("no tool named %q: Tool knows sipp, espeak-ng and flite", name)
}

// toolCommand is Tool as a command ready to run.
func toolCommand(ctx context.Context, name string, args ...string) (*exec.Cmd, error) {
	prefix, env, err := Tool(ctx, name)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, prefix[0], append(prefix[1:], args...)...)
	cmd.Env = append(os.Environ(), env...)
	return cmd, nil
}

// moduleDir is the folder of Asterisk's modules, whose place differs between suites.
func (r Root) moduleDir() (string, error) {
	if dir, err := r.glob("usr/lib/*/asterisk/modules"); err == nil {
		return dir, nil
	}
	return r.glob("usr/lib/asterisk/modules")
}
