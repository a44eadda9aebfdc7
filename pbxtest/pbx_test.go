package pbxtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ctid/pbxtest"
)

// orphanEnv makes this test binary the parent in TestDiesWithItsParent.
const orphanEnv = "CTID_PBXTEST_ORPHAN"

var asterisk *pbxtest.PBX

func TestMain(m *testing.M) {
	if os.Getenv(orphanEnv) == "1" {
		startAndHang()
	}
	os.Exit(pbxtest.Main(m, pbxtest.Config{WebPhones: []int{1009}}, func(p *pbxtest.PBX) { asterisk = p }))
}

// startAndHang starts an Asterisk, says where, and waits to be killed.
func startAndHang() {
	p, err := pbxtest.Start(context.Background(), pbxtest.Config{Node: "orphan"})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("started", p.PID(), p.Dir())
	select {}
}

func limit(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// start starts an instance for one test.
func start(t *testing.T, config pbxtest.Config) *pbxtest.PBX {
	t.Helper()
	p, err := pbxtest.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func ari(t *testing.T, p *pbxtest.PBX, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.ARIURL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(p.ARIUser(), p.ARIPassword())
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

func TestItIsARealAsteriskOfTheSuite(t *testing.T) {
	major, _, _ := strings.Cut(asterisk.Version(), ".")
	n, err := strconv.Atoi(major)
	if good := n >= 22 && pbxtest.TestSuite == pbxtest.SuiteDefault || n == 16 && pbxtest.TestSuite == pbxtest.SuiteOldest; err != nil || !good {
		t.Errorf("version %q of suite %s", asterisk.Version(), pbxtest.TestSuite)
	}
	if code, body := ari(t, asterisk, "GET", "/asterisk/info", ""); code != 200 || !strings.Contains(body, asterisk.Version()) {
		t.Errorf("GET /asterisk/info: %d %s", code, body)
	}
	out, err := asterisk.CLI(t.Context(), "core show version")
	if err != nil || !strings.Contains(out, asterisk.Version()) {
		t.Errorf("CLI: %q %v", out, err)
	}
}

// Every shipped file must be taken without a complaint.
func TestNothingToComplainOfAtStart(t *testing.T) {
	for line := range strings.Lines(asterisk.Log()) {
		if strings.Contains(line, "WARNING") || strings.Contains(line, "ERROR") {
			t.Error(line)
		}
	}
	for command, want := range map[string]string{
		"queue show ctid-fallback":                 "strategy",
		"dialplan show ctid-arrive":                "Stasis(ctid,in,${EXTEN},${CTID_UUI})",
		"dialplan show ctid-hop":                   "AMD()",
		"pjsip show endpoint carrier":              "ctid-in",
		"pjsip show endpoint 1010":                 "ctid-phones",
		"pjsip show endpoint 1009":                 "(opus|g722|ulaw|alaw)",
		"pjsip show transports":                    "transport-ws",
		"core show application SendFAX":            "SendFAX",
		"core show application MixMonitor":         "MixMonitor",
		"module show like res_http_media_cache.so": "Running",
	} {
		if out, err := asterisk.CLI(t.Context(), command); err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
}

// sorcery_ctid.conf lets a password be pushed through ARI.
func TestEndpointPushedThroughARI(t *testing.T) {
	for _, object := range []struct{ kind, fields string }{
		{"auth", `[{"attribute":"auth_type","value":"userpass"},{"attribute":"username","value":"web1"},{"attribute":"password","value":"p"}]`},
		{"aor", `[{"attribute":"max_contacts","value":"1"}]`},
		{"endpoint", `[{"attribute":"auth","value":"web1"},{"attribute":"aors","value":"web1"},{"attribute":"context","value":"ctid-phones"}]`},
	} {
		if code, body := ari(t, asterisk, "PUT", "/asterisk/config/dynamic/res_pjsip/"+object.kind+"/web1", `{"fields":`+object.fields+`}`); code != 200 {
			t.Errorf("PUT %s: %d %s", object.kind, code, body)
		}
	}
	if out, err := asterisk.CLI(t.Context(), "pjsip show endpoint web1"); err != nil || !strings.Contains(out, "ctid-phones") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestWrongPasswordIsRefused(t *testing.T) {
	res, err := http.Get(strings.Replace(asterisk.ARIURL(), "http://", "http://ctid:wrong@", 1) + "/channels")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != 401 {
		t.Errorf("status %s, want 401", res.Status)
	}
}

func TestAMIAnswers(t *testing.T) {
	c, err := net.Dial("tcp", asterisk.AMIAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, "Action: Login\r\nUsername: ctid\r\nSecret: %s\r\nEvents: off\r\n\r\n", asterisk.AMIPassword()); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "Response:") {
			break
		}
	}
	if got := lines.Text(); got != "Response: Success" {
		t.Errorf("log-in: %q", got)
	}
}

func TestTwoSideBySide(t *testing.T) {
	before := goleak.IgnoreCurrent()
	began := time.Now()
	a, b := start(t, pbxtest.Config{Node: "a"}), start(t, pbxtest.Config{Node: "b", Agents: 1000})
	t.Logf("both up after %s", time.Since(began))
	if a.SIPAddr() == b.SIPAddr() || a.ARIURL() == b.ARIURL() || a.Dir() == b.Dir() || a.ARIPassword() == b.ARIPassword() {
		t.Errorf("they share something: %s %s %s", a.SIPAddr(), a.ARIURL(), a.Dir())
	}
	for _, p := range []*pbxtest.PBX{a, b} {
		ids, err := p.Channels(t.Context())
		if err != nil || len(ids) != 0 {
			t.Errorf("channels %v, %v", ids, err)
		}
	}
	if out, err := b.CLI(t.Context(), "pjsip show endpoint 2000"); err != nil || !strings.Contains(out, "ctid-phones") {
		t.Errorf("the thousandth phone: %v\n%s", err, out)
	}
	dir := a.Dir()
	if err := errors.Join(a.Stop(), b.Stop()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) && os.Getenv(pbxtest.KeepEnv) != "1" {
		t.Errorf("its folder is left: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
	goleak.VerifyNone(t, before)
}

func TestAKilledInstanceIsAFault(t *testing.T) {
	p, err := pbxtest.Start(t.Context(), pbxtest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Error(err)
	}
	if err := p.Stop(); err == nil || !strings.Contains(err.Error(), "ended before it was stopped") {
		t.Errorf("Stop after a kill: %v", err)
	}
}

func TestAnUnusableConfigurationIsAnError(t *testing.T) {
	for _, config := range []pbxtest.Config{
		{Agents: 1001},
		{FallbackMembers: []int{2000}},
		{WebPhones: []int{1000}},
		{RTPPorts: 100000},
		{Dir: t.TempDir() + strings.Repeat("/long", 30)},
		{Extra: map[string]string{"http.conf": "[general](+)\nenabled=no"}}, // so ARI never answers
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		if p, err := pbxtest.Start(ctx, config); err == nil {
			t.Errorf("%+v started", config)
			_ = p.Stop()
		}
		cancel()
	}
}

func TestLookupFaultIsLoud(t *testing.T) {
	p, err := pbxtest.Start(t.Context(), pbxtest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(p.Dir(), "log", "messages.log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("[Jan  1 00:00:00] WARNING[1] acl.c: Unable to lookup 'pbx.invalid'\n"); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	deadline := time.Now().Add(5 * time.Second)
	for p.Err() == nil && time.Now().Before(deadline) {
		if _, err := p.Channels(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Stop(); err == nil || !strings.Contains(err.Error(), "pbx.invalid") {
		t.Errorf("Stop: %v", err)
	}
}

// Not even a SIGKILL of the test may leave an Asterisk behind.
func TestDiesWithItsParent(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), orphanEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	var dir string
	if _, err := fmt.Fscanf(out, "started %d %s", &pid, &dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the Asterisk does not run: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	for deadline := time.Now().Add(10 * time.Second); alive(pid); {
		if time.Now().After(deadline) {
			t.Fatalf("Asterisk %d lives on", pid)
		}
	}
}

// alive is false for a zombie, which its new parent may be slow to collect.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestLoadOfCallersAndPhones(t *testing.T) {
	ctx := limit(t, time.Minute)
	port, err := pbxtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	contact := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	p := start(t, pbxtest.Config{Agents: 50, AgentContact: contact, FallbackMembers: []int{1001, 1010, 1020, 1030, 1040, 1050}})
	phones, err := pbxtest.StartSIPp(ctx, pbxtest.Load{
		Scenario: pbxtest.Phones, Server: p.SIPAddr(), Port: port, Calls: 1000, Pause: 50 * time.Millisecond, Limit: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := phones.Await(ctx); err != nil {
		t.Fatal(err)
	}
	// Answer() waits half a second for audio, which SIPp does not send: stay longer.
	result, err := pbxtest.SIPp(ctx, pbxtest.Load{
		Scenario: pbxtest.Callers, Server: p.SIPAddr(), Number: "4930555", Calls: 6, Rate: 6, Pause: 1500 * time.Millisecond, Limit: 30 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if result.Successful != 6 || result.Failed != 0 || len(result.Answer) != 6 {
		t.Errorf("callers: %+v", result)
	}
	t.Logf("answered after p50 %s, p99 %s", result.Percentile(0.5), result.Percentile(0.99))
	if err := p.AwaitIdle(ctx); err != nil {
		t.Error(err)
	}
	served, err := phones.Stop()
	if err != nil || served.Successful != 6 {
		t.Errorf("phones: %+v, %v", served, err)
	}
}

func TestCallersThatAreRefusedCountAsFailed(t *testing.T) {
	result, err := pbxtest.SIPp(limit(t, 30*time.Second), pbxtest.Load{
		Scenario: pbxtest.Callers, Server: asterisk.SIPAddr(), Number: "nobody", Calls: 3, Limit: 10 * time.Second,
	})
	if err != nil || result.Failed != 3 || result.Successful != 0 || !strings.Contains(result.Errors, "404") {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestRestart(t *testing.T) {
	p := start(t, pbxtest.Config{})
	if err := p.Restart(t.Context()); err == nil {
		t.Error("an instance that runs was started again")
	}
	before := p.PID()
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.PID() == before {
		t.Error("it is the same process")
	}
	if status, body := ari(t, p, http.MethodGet, "/asterisk/info", ""); status != http.StatusOK {
		t.Errorf("ARI at the old address: %d %s", status, body)
	}
}
