package ws

import (
	"log/slog"
	"time"
)

// Limits bound what a client may cost. Zero means the default in brackets.
type Limits struct {
	MsgBytes      int     // of a client's message once authenticated (64 KiB)
	HelloBytes    int     // of a client's message before that (4 KiB)
	Depth         int     // of nesting in a client's message (32)
	ReqPerSec     float64 // requests a second and session (20)
	ReqBurst      int     // requests at once (40)
	Outstanding   int     // requests of a session without a final reply (64)
	QueueFrames   int     // frames waiting for one socket (512)
	QueueBytes    int     // bytes waiting for one socket (1 MiB)
	PerAgent      int     // sessions of one agent (5)
	Sessions      int     // sessions in all (10,000)
	Unauth        int     // sockets of one address not yet authenticated (200)
	UnauthPerSec  int     // such sockets a second and address (50)
	Topics        int     // topics of one session (64)
	ReplayEvents  int     // events a resume may replay; beyond it a snapshot is sent (2,000)
	SnapPartBytes int     // size of a part of a snapshot (200 KiB)
}

// Timings are the protocol's clocks. Zero means the default in brackets.
type Timings struct {
	Hello    time.Duration // to say hello (5 s)
	Ping     time.Duration // between protocol pings (20 s)
	Dead     time.Duration // without any frame (45 s)
	Tick     time.Duration // between ticks (15 s)
	Tock     time.Duration // for a page to answer a tick (5 s)
	Write    time.Duration // for one write (5 s)
	Request  time.Duration // for the desk's final reply (60 s, above any ring time)
	Expiring time.Duration // notice before a token ends (60 s)
	Lapsed   time.Duration // a session with a live call outlives its token by at most this (15 min)
	Figures  time.Duration // between two looks at the queues' figures (1 s)
	InUse    time.Duration // between two words to Auth that a socket's token is in use (5 min)
	Idem     time.Duration // results are kept for repeats (10 min)
	Close    time.Duration // for the peer to answer a close (1 s)
	Retry    time.Duration // bye.retry_ms when draining or overloaded (4 s)
	Spread   time.Duration // bye.spread_ms (8 s)
}

// RingSize bounds the events kept for resuming, whichever is least. Zero means the default in brackets.
type RingSize struct {
	Age    time.Duration // 10 min
	Events int           // 50,000
	Bytes  int           // 64 MiB
}

func orDef[T int | float64 | time.Duration](p *T, def T) {
	if *p == 0 {
		*p = def
	}
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	l, t, r := &c.Limits, &c.Timings, &c.Ring
	orDef(&l.MsgBytes, 64<<10)
	orDef(&l.HelloBytes, 4<<10)
	orDef(&l.Depth, 32)
	orDef(&l.ReqPerSec, 20)
	orDef(&l.ReqBurst, 40)
	orDef(&l.Outstanding, 64)
	orDef(&l.QueueFrames, 512)
	orDef(&l.QueueBytes, 1<<20)
	orDef(&l.PerAgent, 5)
	orDef(&l.Sessions, 10_000)
	orDef(&l.Unauth, 200)
	orDef(&l.UnauthPerSec, 50)
	orDef(&l.Topics, 64)
	orDef(&l.ReplayEvents, 2_000)
	orDef(&l.SnapPartBytes, 200<<10)
	orDef(&t.Hello, 5*time.Second)
	orDef(&t.Ping, 20*time.Second)
	orDef(&t.Dead, 45*time.Second)
	orDef(&t.Tick, 15*time.Second)
	orDef(&t.Tock, 5*time.Second)
	orDef(&t.Write, 5*time.Second)
	orDef(&t.Request, time.Minute)
	orDef(&t.Expiring, time.Minute)
	orDef(&t.Lapsed, 15*time.Minute)
	orDef(&t.Figures, time.Second)
	orDef(&t.InUse, 5*time.Minute)
	orDef(&t.Idem, 10*time.Minute)
	orDef(&t.Close, time.Second)
	orDef(&t.Retry, 4*time.Second)
	orDef(&t.Spread, 8*time.Second)
	orDef(&r.Age, 10*time.Minute)
	orDef(&r.Events, 50_000)
	orDef(&r.Bytes, 64<<20)
	return c
}
