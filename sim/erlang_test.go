package sim

import (
	"math"
	"testing"
)

// vector is a row of the published figures: calls in half an hour, times in seconds; patience 0: nobody gives up.
type vector struct {
	name                        string
	calls, service, patience    float64
	agents                      int
	target                      float64
	pWait, sl, wait, pAb, inUse float64
	waitDigits                  float64 // half of the last digit of wait
}

// vectors agree with Mandelbaum and Zeltyn's and Koole's formulas, computed outside this package.
var vectors = []vector{
	{"C12", 100, 180, 0, 12, 20, 0.44939, 0.64016, 40.445, 0, 0.8333, 0.0006},
	{"C14", 100, 180, 0, 14, 20, 0.174132, 0.88835, 7.84, 0, 0.7143, 0.006},
	{"C125", 1000, 210, 0, 125, 20, 0.34239, 0.84517, 8.628, 0, 0.9333, 0.0006},
	{"A12", 100, 180, 120, 12, 20, 0.27981, 0.82558, 7.392, 0.06160, 0.7820, 0.0006},
	{"A26", 200, 240, 180, 26, 20, 0.54036, 0.63011, 17.189, 0.09550, 0.9277, 0.0006},
}

func (v vector) theory() Theory {
	if v.patience == 0 {
		return ErlangC(2*v.calls, v.service, v.agents, v.target)
	}
	return ErlangA(2*v.calls, v.service, v.patience, v.agents, v.target)
}

func near(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > by {
		t.Errorf("%s is %v, want %v ± %v", what, got, want, by)
	}
}

func TestErlangVectors(t *testing.T) {
	for _, v := range vectors {
		got := v.theory()
		near(t, v.name+" P(wait)", got.PWait, v.pWait, 0.000006)
		near(t, v.name+" SL", got.SL, v.sl, 0.000006)
		near(t, v.name+" wait", got.Wait, v.wait, v.waitDigits)
		near(t, v.name+" P(abandon)", got.PAbandon, v.pAb, 0.000006)
		near(t, v.name+" occupancy", got.Occupancy, v.inUse, 0.00006)
	}
}

// One agent has closed forms: B = A/(1+A), P(wait) = A, and the wait of M/M/1.
func TestErlangOfOneAgent(t *testing.T) {
	near(t, "B(0.5, 1)", ErlangB(0.5, 1), 1.0/3, 1e-12)
	near(t, "B(2, 2)", ErlangB(2, 2), 0.4, 1e-12)
	c := ErlangC(30, 60, 1, 30)
	near(t, "P(wait)", c.PWait, 0.5, 1e-12)
	near(t, "ASA", c.Wait, 60, 1e-9)
	near(t, "SL", c.SL, 1-0.5*math.Exp(-0.25), 1e-12)
	if over := ErlangC(120, 60, 2, 30); !math.IsInf(over.Wait, 1) || over.PWait != 1 || over.SL != 0 {
		t.Errorf("with as much work as agents: %+v", over)
	}
}

// Where callers are as patient as service is long, the number in the system is that of endless servers: Poisson.
func TestErlangAOfEqualRates(t *testing.T) {
	a := ErlangA(180, 60, 60, 3, 20)
	at3 := math.Exp(-3) * 27 / 6
	near(t, "P(wait)", a.PWait, 1-math.Exp(-3)*8.5, 1e-9)
	near(t, "P(abandon)", a.PAbandon, at3, 1e-9)
	near(t, "wait", a.Wait, 60*at3, 1e-7)
	near(t, "SL without a target", ErlangA(180, 60, 60, 3, 0).SL, math.Exp(-3)*8.5, 1e-9)
	near(t, "SL without end", ErlangA(180, 60, 60, 3, 900).SL, 1-at3, 1e-6)
}

// Callers of great patience are callers who never give up, and what is large or nearly empty overflows nothing.
func TestErlangAtTheEdges(t *testing.T) {
	a, c := ErlangA(200, 180, 1e9, 12, 20), ErlangC(200, 180, 12, 20)
	near(t, "P(wait)", a.PWait, c.PWait, 1e-5)
	near(t, "wait", a.Wait, c.Wait, 1e-2)
	near(t, "SL", a.SL, c.SL, 1e-5)
	for _, big := range []Theory{ErlangC(100_000, 300, 10_000, 20), ErlangA(100_000, 300, 60, 10_000, 20), ErlangA(100_000, 300, 60, 5_000, 20),
		ErlangA(1, 1, 60, 100, 20)} {
		for _, v := range []float64{big.PWait, big.SL, big.Wait, big.PAbandon, big.Occupancy} {
			if math.IsNaN(v) || v < -1e-9 || v > 1+1e-9 && v != big.Wait {
				t.Errorf("%+v", big)
			}
		}
	}
	if nobody := ErlangA(100, 300, 60, 0, 20); nobody != (Theory{PWait: 1, PAbandon: 1, Wait: 60}) {
		t.Errorf("without agents: %+v", nobody)
	}
	if flow := ErlangA(100_000, 300, 60, 5_000, 20); math.Abs(flow.PAbandon-0.4) > 0.001 {
		t.Errorf("of 8,333 erlangs on 5,000 agents %v give up, and not 0.4", flow.PAbandon)
	}
}

func TestStudent(t *testing.T) {
	// Two-sided 95 % points, as printed in every table.
	for n, want := range map[int]float64{2: 12.7062, 3: 4.3027, 4: 3.1824, 5: 2.7764, 6: 2.5706, 11: 2.2281, 20: 2.0930, 31: 2.0423, 121: 1.9799} {
		near(t, "t", studentT95(n), want, 0.00006)
	}
	near(t, "t of many", studentT95(20_001), 1.9600, 0.0002)
	if !math.IsInf(studentT95(1), 1) {
		t.Error("one value has an interval")
	}
}
