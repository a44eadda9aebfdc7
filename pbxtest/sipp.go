package pbxtest

import (
	"bytes"
	"context"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

//go:embed sipp/*.xml
var scenarios embed.FS

// Scenarios that come with the package; Load.Scenario takes a file's path as well.
const (
	// Callers call, stay for Load.Pause and hang up.
	Callers = "caller"
	// CallersStay call and stay until the other side hangs up.
	CallersStay = "caller_stays"
	// Phones ring for Load.Pause, answer, and stay until the other side hangs up.
	Phones = "phone"
)

// Load is one run of SIPp. Calls and Limit bound it: there is no load without end.
type Load struct {
	// Scenario is Callers, CallersStay, Phones or the path of an XML file.
	Scenario string
	// Server is the "host:port" to call, or the one that calls.
	Server string
	// Number is what Callers dial.
	Number string
	// From is how the callers' numbers begin, the count of the call follows;
	// empty is "49301".
	From string
	// Calls is how many calls there are, 1 or more.
	Calls int
	// Rate is how many calls begin a second; 0 is 10. Phones ignore it.
	Rate float64
	// AtOnce is the most calls at one time; 0 is no limit of ours.
	AtOnce int
	// Pause is the scenario's, see there.
	Pause time.Duration
	// Port is SIPp's own UDP port; 0 takes a free one. See FreePort.
	Port int
	// Limit ends the run, whatever state it is in; 0 is a minute.
	Limit time.Duration
}

// LoadResult is what SIPp counted.
type LoadResult struct {
	Created, Successful, Failed int
	// Answer are the times from INVITE to answer, shortest first (callers only).
	Answer []time.Duration
	// Errors are the first lines of what SIPp complained of.
	Errors string
}

// Percentile is the time below which the share p (0 … 1) of the answers lies,
// 0 without answers.
func (r LoadResult) Percentile(p float64) time.Duration {
	if len(r.Answer) == 0 {
		return 0
	}
	return r.Answer[min(len(r.Answer)-1, int(p*float64(len(r.Answer))))]
}

// LoadRun is a SIPp that runs.
type LoadRun struct {
	load    Load
	dir     string
	process *process
	output  *bytes.Buffer // readable once the process is done
	timer   *time.Timer
}

// SIPp runs a load to its end. Failed calls are in the result, not an error.
func SIPp(ctx context.Context, load Load) (LoadResult, error) {
	r, err := StartSIPp(ctx, load)
	if err != nil {
		return LoadResult{}, err
	}
	return r.Wait(ctx)
}

// StartSIPp starts a load. Wait or Stop is due.
func StartSIPp(ctx context.Context, load Load) (_ *LoadRun, err error) {
	if load.Calls < 1 {
		return nil, errors.New("Load.Calls must be 1 or more: SIPp would not end by itself")
	}
	r := &LoadRun{load: load, output: &bytes.Buffer{}}
	if r.load.Port == 0 {
		if r.load.Port, err = FreePort(); err != nil {
			return nil, err
		}
	}
	if r.load.Limit == 0 {
		r.load.Limit = time.Minute
	}
	if r.dir, err = os.MkdirTemp("", "ctid-sipp-*"); err != nil {
		return nil, fmt.Errorf("make SIPp's folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(r.dir))
		}
	}()
	args, err := r.args()
	if err != nil {
		return nil, err
	}
	cmd, err := toolCommand(context.WithoutCancel(ctx), "sipp", args...)
	if err != nil {
		return nil, err
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, r.output, r.output
	cmd.Env = append(cmd.Env, "TERM=dumb")
	if r.process, err = startProcess(cmd); err != nil {
		return nil, err
	}
	p := r.process
	r.timer = time.AfterFunc(r.load.Limit+5*time.Second, func() { _ = p.kill() }) // SIPp's own limit comes first
	return r, nil
}

func (r *LoadRun) args() ([]string, error) {
	l := r.load
	scenario, err := filepath.Abs(l.Scenario)
	if err != nil {
		return nil, err
	}
	if text, err := scenarios.ReadFile("sipp/" + l.Scenario + ".xml"); err == nil {
		scenario = filepath.Join(r.dir, l.Scenario+".xml")
		if err := os.WriteFile(scenario, text, 0o644); err != nil {
			return nil, err
		}
	}
	mediaPort, err := FreePort()
	if err != nil {
		return nil, err
	}
	from := l.From
	if from == "" {
		from = "49301"
	}
	args := []string{
		l.Server, "-sf", scenario, "-i", "127.0.0.1", "-p", strconv.Itoa(l.Port), "-mp", strconv.Itoa(mediaPort),
		"-m", strconv.Itoa(l.Calls), "-d", strconv.FormatInt(l.Pause.Milliseconds(), 10), "-nostdin", "-key", "from", from,
		"-timeout", strconv.Itoa(int(l.Limit.Seconds()+0.999)) + "s",
		"-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_rtt", "-rtt_freq", "1", "-trace_err", "-error_file", "errors.log",
	}
	if l.Number != "" {
		args = append(args, "-s", l.Number)
	}
	if l.Scenario != Phones {
		rate := l.Rate
		if rate == 0 {
			rate = 10
		}
		args = append(args, "-r", strconv.FormatFloat(rate, 'f', -1, 64))
	}
	if l.AtOnce > 0 {
		args = append(args, "-l", strconv.Itoa(l.AtOnce))
	}
	return args, nil
}

// Addr is SIPp's "host:port".
func (r *LoadRun) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.load.Port)) }

// Await returns when SIPp's port is open, so that calls to it are heard.
func (r *LoadRun) Await(ctx context.Context) error {
	for {
		c, err := net.ListenPacket("udp", r.Addr())
		if err != nil {
			return nil // taken: by SIPp
		}
		_ = c.Close()
		select {
		case <-r.process.done:
			return fmt.Errorf("SIPp ended: %w\n%s", r.process.err, lastLines(r.output.String(), 5))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Wait waits for the run's end and returns its figures; the context's end kills it.
func (r *LoadRun) Wait(ctx context.Context) (LoadResult, error) {
	select {
	case <-r.process.done:
	case <-ctx.Done():
		return LoadResult{}, errors.Join(ctx.Err(), r.process.kill(), r.clean())
	}
	return r.result()
}

// Stop has SIPp end its calls and returns its figures.
func (r *LoadRun) Stop() (LoadResult, error) {
	err := r.process.signal(syscall.SIGUSR1) // SIPp's own way to end in order
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case <-r.process.done:
	case <-timer.C:
		err = errors.Join(err, r.process.kill())
	}
	result, err2 := r.result()
	return result, errors.Join(err, err2)
}

func (r *LoadRun) clean() error {
	r.timer.Stop()
	return os.RemoveAll(r.dir)
}

func (r *LoadRun) result() (_ LoadResult, err error) {
	defer func() { err = errors.Join(err, r.clean()) }()
	var result LoadResult
	rows, err := readTable(filepath.Join(r.dir, "stat.csv"))
	if err != nil || len(rows) < 2 {
		return result, fmt.Errorf("SIPp left no figures: %w\n%s", errors.Join(err, r.process.err), lastLines(r.output.String(), 5))
	}
	last := rows[len(rows)-1]
	for i, name := range rows[0] {
		for column, field := range map[string]*int{
			"TotalCallCreated": &result.Created, "SuccessfulCall(C)": &result.Successful, "FailedCall(C)": &result.Failed,
		} {
			if name == column && i < len(last) {
				if *field, err = strconv.Atoi(last[i]); err != nil {
					return result, fmt.Errorf("SIPp's figure %s: %w", column, err)
				}
			}
		}
	}
	if text, err := os.ReadFile(filepath.Join(r.dir, "errors.log")); err == nil {
		lines := strings.SplitN(string(text), "\n", 21)
		result.Errors = strings.Join(lines[:min(20, len(lines))], "\n")
	}
	return result, r.readAnswers(&result)
}

// readAnswers reads the table of single response times, when there is one.
func (r *LoadRun) readAnswers(result *LoadResult) error {
	files, err := filepath.Glob(filepath.Join(r.dir, "*_rtt.csv"))
	if err != nil || len(files) == 0 {
		return err
	}
	rows, err := readTable(files[0])
	if err != nil || len(rows) == 0 {
		return err
	}
	for _, row := range rows[1:] {
		if len(row) < 2 {
			continue
		}
		ms, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return fmt.Errorf("SIPp's response time: %w", err)
		}
		result.Answer = append(result.Answer, time.Duration(ms*float64(time.Millisecond)))
	}
	slices.Sort(result.Answer)
	return nil
}

func readTable(path string) ([][]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	table := csv.NewReader(bytes.NewReader(text))
	table.Comma, table.FieldsPerRecord, table.LazyQuotes = ';', -1, true
	return table.ReadAll()
}

// FreePort returns a UDP port of 127.0.0.1 that is free now.
func FreePort() (int, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	addr, err := netip.ParseAddrPort(c.LocalAddr().String())
	return int(addr.Port()), errors.Join(err, c.Close())
}
