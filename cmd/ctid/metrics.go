package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ctid"
	"ctid/switchboard"
	"ctid/ws"
)

// metrics are the figures of /metrics; docs/operations.md lists them.
type metrics struct {
	reg      *prometheus.Registry
	decision prometheus.Histogram
	pop      prometheus.Histogram
	commit   prometheus.Histogram
	wait     *prometheus.HistogramVec
	request  *prometheus.HistogramVec
	rescue   *prometheus.CounterVec
}

var fast = []float64{.00001, .0001, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 2.5}

func newMetrics() *metrics {
	m := &metrics{
		reg:      prometheus.NewRegistry(),
		decision: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "ctid_decision_seconds", Help: "One decision of the ACD core.", Buckets: fast}),
		pop:      prometheus.NewHistogram(prometheus.HistogramOpts{Name: "ctid_pop_seconds", Help: "An offer decided until its pop was written to the agent's desktops.", Buckets: fast}),
		commit:   prometheus.NewHistogram(prometheus.HistogramOpts{Name: "ctid_log_commit_seconds", Help: "One commit of the log.", Buckets: fast}),
		wait: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "ctid_call_wait_seconds", Help: "A stay in a queue, by how it ended.",
			Buckets: []float64{1, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 3600}}, []string{"queue", "exit"}),
		request: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "ctid_ari_request_seconds", Help: "One request to an Asterisk.", Buckets: fast},
			[]string{"node", "op", "status"}),
		rescue: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ctid_agent_rescues_total", Help: "Agents who were rung again because their phone was lost in mid-call, by whether they came back."},
			[]string{"back"}),
	}
	m.reg.MustRegister(m.decision, m.pop, m.commit, m.wait, m.request, m.rescue, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) meters() switchboard.Meters {
	return switchboard.Meters{
		Decided: func(d time.Duration) { m.decision.Observe(d.Seconds()) },
		Popped:  func(d time.Duration) { m.pop.Observe(d.Seconds()) },
		Waited: func(q ctid.QueueID, x ctid.QueueExit, d time.Duration) {
			m.wait.WithLabelValues(string(q), string(x)).Observe(d.Seconds())
		},
		Rescued: func(back bool) { m.rescue.WithLabelValues(strconv.FormatBool(back)).Inc() },
	}
}

func (m *metrics) observe(node string) func(op string, status int, took time.Duration) {
	return func(op string, status int, took time.Duration) {
		m.request.WithLabelValues(node, op, strconv.Itoa(status)).Observe(took.Seconds())
	}
}

func (m *metrics) handler() http.Handler { return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{}) }

// live is collected when it is asked for: what the switchboard, the hub and the store hold at that moment.
type live struct {
	status func(context.Context) (switchboard.Status, error)
	hub    func() ws.Stats
	outbox func(context.Context) (int, error)
	lost   func() int // lines of the queue_log
}

var (
	descWaiting   = prometheus.NewDesc("ctid_queue_waiting", "Callers who wait.", []string{"queue"}, nil)
	descLongest   = prometheus.NewDesc("ctid_queue_longest_wait_seconds", "The longest wait now.", []string{"queue"}, nil)
	descBands     = prometheus.NewDesc("ctid_queue_wait_bands_total", "Bands of a wait that callers were told, and that came out, by whether they held.", []string{"queue", "held"}, nil)
	descAgents    = prometheus.NewDesc("ctid_agent_state", "Agents by state.", []string{"state"}, nil)
	descConnected = prometheus.NewDesc("ctid_ari_connected", "1 if the Asterisk is connected.", []string{"node"}, nil)
	descSessions  = prometheus.NewDesc("ctid_ws_sessions", "Open websocket sessions.", nil, nil)
	descCut       = prometheus.NewDesc("ctid_ws_cut_total", "Sessions cut off by the server.", []string{"reason"}, nil)
	descOutbox    = prometheus.NewDesc("ctid_crm_outbox_depth", "Contacts not yet brought to the CRM.", nil, nil)
	descLost      = prometheus.NewDesc("ctid_queue_log_lost_total", "Lines of the queue_log that found no room.", nil, nil)
	descCalls     = prometheus.NewDesc("ctid_calls", "Calls in the switchboard.", nil, nil)
)

// Describe implements prometheus.Collector.
func (l live) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descWaiting, descLongest, descBands, descAgents, descConnected, descSessions, descCut, descOutbox, descLost, descCalls} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (l live) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if st, err := l.status(ctx); err == nil {
		gauge(descCalls, float64(st.Calls))
		for q, f := range st.Queues {
			gauge(descWaiting, float64(f.Waiting), string(q))
			gauge(descLongest, f.Longest.Seconds(), string(q))
			c := f.Calibration
			ch <- prometheus.MustNewConstMetric(descBands, prometheus.CounterValue, float64(c.Held), string(q), "yes")
			ch <- prometheus.MustNewConstMetric(descBands, prometheus.CounterValue, float64(c.Told-c.Held), string(q), "no")
		}
		for _, s := range []ctid.AgentState{ctid.Out, ctid.Ready, ctid.Reserved, ctid.Talking, ctid.WrapUp, ctid.Paused} {
			gauge(descAgents, float64(st.Agents[s]), string(s))
		}
		for n, up := range st.NodesUp {
			v := 0.0
			if up {
				v = 1
			}
			gauge(descConnected, v, string(n))
		}
	}
	h := l.hub()
	gauge(descSessions, float64(h.Sessions))
	ch <- prometheus.MustNewConstMetric(descCut, prometheus.CounterValue, float64(h.Slow), "slow")
	ch <- prometheus.MustNewConstMetric(descLost, prometheus.CounterValue, float64(l.lost()))
	if n, err := l.outbox(ctx); err == nil {
		gauge(descOutbox, float64(n))
	}
}
