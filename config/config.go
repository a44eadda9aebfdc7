// Package config reads ctid.yaml and the files it includes, strictly, into plain Go values: an unknown or repeated key,
// a duration without a unit, a name that nothing bears is an error with file, line and column. Load reports every
// finding at once and touches nothing outside; whoever calls it decides what to do with the result.
//
// The struct types below are the one table: their tags give key, form, default, bounds and meaning, and from them come
// the reader, the flags, the environment variables and the JSON Schema.
package config

import "ctid/calendar"

// Config is a whole configuration, checked. Paths in it are relative to the process, no longer to the file they stood in.
type Config struct {
	Site         string        `cfg:"site" form:"name" default:"main" restart:"yes" doc:"The name of this installation; it becomes part of the ids of channels and bridges."`
	Listen       Listen        `cfg:"listen" restart:"yes" doc:"The addresses ctid listens on."`
	Asterisk     Asterisk      `cfg:"asterisk" need:"yes" restart:"yes" doc:"The Asterisks that ctid attaches to."`
	DialAllow    []string      `cfg:"dial_allow" form:"dialrule" doc:"What scripts, desktops and phones may dial: \"extensions\", the leading digits of public numbers such as \"+852\", and \"premium\", without which premium-rate numbers are refused. Everything else is refused."`
	Store        Store         `cfg:"store" restart:"yes" doc:"Where the log, the records and the customers are kept."`
	TimeZone     string        `cfg:"time_zone" form:"zone" default:"UTC" doc:"The zone of calendars that name none, and of reports."`
	Numbering    Numbering     `cfg:"numbering" doc:"How telephone numbers without a country code are read."`
	Calendars    []Calendar    `cfg:"calendars" doc:"Opening hours."`
	Trunks       []Trunk       `cfg:"trunks" doc:"The carriers that calls come by."`
	Numbers      []Number      `cfg:"numbers" doc:"The numbers people call, and what answers them."`
	Skills       []string      `cfg:"skills" form:"name" short:"yes" doc:"What queues may need of agents, and agents can."`
	Routing      Routing       `cfg:"routing" doc:"Which of the callers that he may take a free agent gets."`
	Queues       []Queue       `cfg:"queues" doc:"The queues."`
	Teams        []Team        `cfg:"teams" doc:"The teams agents belong to."`
	Agents       []Agent       `cfg:"agents" doc:"The agents, their queues and their phones."`
	PauseCodes   []PauseCode   `cfg:"pause_codes" doc:"The reasons an agent can pause with."`
	Dispositions []Disposition `cfg:"dispositions" doc:"What a conversation can have come to."`
	Tags         []string      `cfg:"tags" form:"name" short:"yes" doc:"The words that scripts can tag a call with."`
	Databases    []Database    `cfg:"databases" restart:"yes" doc:"The databases that scripts may ask."`
	Voicemail    Voicemail     `cfg:"voicemail" doc:"Messages that callers leave."`
	IVR          IVR           `cfg:"ivr" doc:"Scripts, their voices and recordings."`
	Media        Media         `cfg:"media" doc:"How prompts are made and kept."`
	Reports      Reports       `cfg:"reports" doc:"How the figures of queues are shown."`
	Auth         Auth          `cfg:"auth" doc:"Log-in."`
	Web          Web           `cfg:"web" restart:"yes" doc:"The web server of desktops and REST."`
	Screen       Screen        `cfg:"screen" doc:"What a pop opens on the agent's screen."`
	Limits       Limits        `cfg:"limits" doc:"Upper bounds that keep an overload from becoming a failure."`
	Seat         Seat          `cfg:"seat" doc:"An agent's place at his desktop."`
	Park         Park          `cfg:"park" doc:"Where callers wait whom an agent has parked."`
	Blending     []Medium      `cfg:"blending" doc:"How much of an agent the work of each medium takes. Without it a call keeps all else away."`
	QueueLog     QueueLog      `cfg:"queue_log" restart:"yes" doc:"A file as app_queue writes it, for the reporting tools that read those."`
	Log          Log           `cfg:"log" doc:"The process's own log on standard error, and how long the numbered log is kept."`
}

// Listen holds the listeners' addresses, host:port. An empty one is not opened.
type Listen struct {
	Web     string `cfg:"web" form:"listen" default:"127.0.0.1:8443" flag:"yes" doc:"Desktops, websocket and REST. Beyond loopback it needs web.tls, or web.plain: true behind a proxy that does TLS."`
	Metrics string `cfg:"metrics" form:"listen" flag:"yes" doc:"Prometheus metrics, on a listener of their own."`
	Media   string `cfg:"media" form:"listen" default:"127.0.0.1:8089" flag:"yes" doc:"Prompts, in plain HTTP, for the Asterisks only."`
}

// Asterisk lists the nodes.
type Asterisk struct {
	Nodes []Node `cfg:"nodes" need:"yes" doc:"The Asterisks, each with a name."`
}

// Node is one Asterisk.
type Node struct {
	Name         string `cfg:"name" form:"name" need:"yes" doc:"Its name in records and metrics."`
	URL          string `cfg:"url" form:"url" need:"yes" doc:"Where its HTTP server answers, such as http://127.0.0.1:8088. ARI lies below it."`
	User         string `cfg:"user" form:"text" default:"ctid" doc:"The user in its ari.conf."`
	PasswordFile string `cfg:"password_file" form:"file" doc:"A file that holds only the ARI password. Instead: the environment variable CTID_ASTERISK_<NAME>_PASSWORD."`
	App          string `cfg:"app" form:"name" default:"ctid" doc:"The Stasis application of the calls, as the dialplan names it."`
	Trunk        string `cfg:"trunk" form:"trunk" doc:"How numbers outside are dialled, such as PJSIP/{number}@carrier. Without it nobody dials out by this node."`
	Extensions   string `cfg:"extensions" form:"extensions" default:"PJSIP/{number}" doc:"How a telephone inside that is no agent's is rung by its extension, such as PJSIP/{number} or PJSIP/{number}@office."`
	SIPURL       string `cfg:"sip_url" form:"sipurl" doc:"Where browsers reach its SIP by websocket, such as wss://sip.example.com/ws. Agents whose telephone is in the page (device kind web) need it."`
	MediaURL     string `cfg:"media_url" form:"url" doc:"Where this node fetches prompts. Without it: our own address on the connection to the node, with the port of listen.media."`

	AMI AMI `cfg:"ami" doc:"Its manager interface, for what ARI lacks: callers are fetched back from the fallback queue. Without it they stay there."`

	Password Secret `cfg:"-"`
}

// AMI is a node's manager interface; an empty Address means that it is not used.
type AMI struct {
	Address      string `cfg:"address" form:"address" need:"yes" doc:"Where it listens, host:port. It is not encrypted: only on loopback or a network of its own."`
	User         string `cfg:"user" form:"text" default:"ctid" doc:"The user in its manager.conf."`
	PasswordFile string `cfg:"password_file" form:"file" doc:"A file that holds only the secret. Instead: the environment variable CTID_AMI_<NAME>_PASSWORD, with the node's name."`

	Password Secret `cfg:"-"`
}

// Store is the database and the key that seals personal values in it.
type Store struct {
	DSN     string `cfg:"dsn" form:"dsn" default:"sqlite:ctid.db" flag:"yes" doc:"sqlite:FILE."`
	KeyFile string `cfg:"key_file" form:"file" default:"ctid.key" doc:"The key that wraps the keys of personal values. Made at the first start; without it they cannot be read again."`
}

// Numbering says how national numbers are read.
type Numbering struct {
	Country string `cfg:"country" form:"country" doc:"Two capital letters, such as HK. Without it only numbers with a country code are understood."`
	ShownAs string `cfg:"shown_as" form:"phone" doc:"The number that others see of the calls that agents make. Without it none is shown."`

	Premium []string `cfg:"premium" form:"prefix" doc:"Leading digits of numbers that cost extra, such as \"+852900\": a script that has one written in it is refused unless dial_allow names it."`
}

// Calendar is a set of opening hours.
type Calendar struct {
	Name     string   `cfg:"name" form:"name" need:"yes" doc:"Its name for numbers and scripts."`
	Zone     string   `cfg:"zone" form:"zone" doc:"Its time zone; without it time_zone."`
	Open     []Pair   `cfg:"open" need:"yes" doc:"Days and hours, such as {mon-fri: 09:00-18:00, sat: [09:00-12:00, 13:00-15:00]}."`
	Holidays []string `cfg:"holidays" form:"file" short:"yes" doc:"ICS files; a day with an event in them is closed, and of a day the time of an event that has times."`
	Special  []Pair   `cfg:"special" doc:"Single days and ranges of them, such as {2026-12-24: 09:00-13:00, 2026-12-27..2026-12-31: closed}; they go before holidays."`

	days     []calendar.Day     // of the holidays' files
	closures []calendar.Closure // likewise
}

// Number is a number that people call.
type Number struct {
	DNIS     string `cfg:"dnis" form:"phone" need:"yes" doc:"The number as the PBX gives it, digits kept as typed."`
	Label    string `cfg:"label" form:"text" doc:"What the agent sees."`
	Script   string `cfg:"script" form:"name" doc:"The script that answers: a file in ivr.dir, without .yaml."`
	Queue    string `cfg:"queue" form:"name" doc:"The queue that answers, without a script."`
	Calendar string `cfg:"calendar" form:"name" doc:"The opening hours of this number; outside them, closed answers."`
	Closed   string `cfg:"closed" form:"name" doc:"The script that answers outside the calendar's hours."`

	Routes   []Route `cfg:"routes" doc:"Where calls go before script or queue answers; the first route that takes a call has it."`
	MaxCalls int     `cfg:"max_calls" default:"0" max:"100000" doc:"Calls for this number at once; 0: no limit."`
	Over     Way     `cfg:"over" doc:"Where a call goes that is over the limit of its number or trunk. Without it the caller hears busy."`
}

// Queue is one queue's rules.
type Queue struct {
	Name        string   `cfg:"name" form:"name" need:"yes" doc:"Its name for scripts, agents and reports."`
	Label       string   `cfg:"label" form:"text" doc:"What people see; without it the name."`
	Medium      string   `cfg:"medium" enum:"voice|chat|email" default:"voice" doc:"What waits in it. Numbers and scripts lead to queues of voice only."`
	Strategy    string   `cfg:"strategy" enum:"longest-idle|longest-ready|fewest-calls|least-talk|least-occupied|round-robin|linear|top-down|random|weighted|ring-all|ring-progressively" default:"longest-idle" doc:"Which ready agent of the best rank is offered a call first."`
	Ring        Duration `cfg:"ring" default:"20s" min:"1s" max:"5m" doc:"How long an agent's phone rings."`
	WrapUp      Duration `cfg:"wrapup" default:"0s" max:"24h" doc:"Time after a conversation for its paperwork."`
	ShortTalk   Duration `cfg:"short_talk" default:"1s" max:"1m" doc:"A caller who hangs up within this time of a talk counts as abandoned; 0s: never."`
	Extends     int      `cfg:"wrapup_extends" default:"2" max:"20" doc:"How often an agent may make a wrap-up longer."`
	Disposition string   `cfg:"disposition" enum:"optional|forced" default:"optional" doc:"Forced: a wrap-up ends only with a disposition."`
	RONA        string   `cfg:"rona" enum:"auto|pause|retry|none" default:"auto" doc:"What a call that was not answered does to the agent: he is paused, tried again after retry_gap until max_misses, or tried again for ever. auto: none where several are rung together, else pause."`
	RetryGap    Duration `cfg:"retry_gap" default:"10s" min:"1s" max:"1h" doc:"With rona retry or none: not offered again for this long."`
	MaxMisses   int      `cfg:"max_misses" default:"3" min:"1" max:"100" doc:"With rona retry: misses in a row that pause the agent anyway."`
	Rejected    string   `cfg:"rejected" enum:"gap|pause" default:"gap" doc:"What a call that the agent rejected does to him: he is left alone for reject_gap, or paused."`
	RejectGap   Duration `cfg:"reject_gap" default:"5s" min:"1s" max:"1h" doc:"After a rejection not offered again for this long."`
	Music       string   `cfg:"music" form:"name" default:"default" doc:"The music-on-hold class of the Asterisk."`
	Sticky      string   `cfg:"sticky" enum:"none|last-agent|owner" default:"none" doc:"Who alone is offered a call first: who last spoke with the customer, or the agent in the customer's own column owner."`
	StickyFor   Duration `cfg:"sticky_for" default:"30s" min:"1s" max:"1h" doc:"For how long. Then all are offered it, and at once where he is off duty or does not serve the queue."`
	Callbacks   int      `cfg:"callback_attempts" default:"3" min:"1" max:"20" doc:"How often a customer who left a callback is called at most."`
	CallbackGap Duration `cfg:"callback_gap" default:"5m" min:"1s" max:"24h" doc:"How long after an attempt that came to nothing the next one waits."`
	MaxWaiting  int      `cfg:"max_waiting" default:"0" max:"100000" doc:"More than this many waiting is full; 0: no limit."`
	Resume      Duration `cfg:"resume" default:"0s" max:"1h" doc:"A caller who hung up waiting and calls again within this time has his place again; 0s: he has not."`
	AtMost      Duration `cfg:"at_most" default:"0s" max:"24h" doc:"The longest wait of a call that no script limits; 0s: no limit."`
	Priority    int      `cfg:"priority" default:"50" min:"1" max:"100" doc:"The priority of a call that has none."`
	Weight      int      `cfg:"weight" default:"0" max:"100" doc:"Of queues that share agents the one of more weight goes first, before any priority."`
	Share       int      `cfg:"share" default:"1" min:"1" max:"100" doc:"With routing.next fair: its part of the agents that it shares."`
	Target      Duration `cfg:"target" default:"20s" min:"1s" max:"24h" doc:"Within which a call should be answered: the service level's target, and for routing.next urgent."`
	Needs       []string `cfg:"needs" form:"need" short:"yes" doc:"Skills that an agent must have, all of them, such as [\"claims >= 3\", en]."`
	Steps       []Step   `cfg:"steps" doc:"How what is needed is loosened while a call waits."`
	AgeFrom     string   `cfg:"age_from" enum:"queue|call" default:"queue" doc:"Whether the time that a call was in the system before this queue counts for its place."`
	Progress    Duration `cfg:"progress_every" default:"5s" min:"1s" max:"5m" doc:"With strategy ring-progressively: another phone rings after each."`
	JoinEmpty   []string `cfg:"join_empty" form:"absence" short:"yes" doc:"Nobody is let in unless an agent is there. Off duty never counts as there, nor do these: paused, reserved, talking, wrapup, unreachable; out alone: only who is off duty does not. Without it all are let in."`
	LeaveEmpty  []string `cfg:"leave_empty" form:"absence" short:"yes" doc:"The same for those who wait: they leave once nobody is there. Without it they wait on."`
	DivertWait  Duration `cfg:"divert_wait" default:"0s" max:"24h" doc:"Nobody is let in while the wait to be expected is longer than this; 0s: no limit."`
	DivertRatio int      `cfg:"divert_ratio" default:"0" max:"1000" doc:"Nobody is let in while more than this many wait for each agent on duty; 0: no limit."`
	Overflow    []Over   `cfg:"overflow" doc:"Where a call goes instead of leaving, or after a time. The first that takes it."`
	ShowStats   bool     `cfg:"show_stats" default:"false" doc:"Agents who serve the queue may see its figures."`

	Goal         int      `cfg:"goal" default:"80" min:"1" max:"100" doc:"The service level that is wanted, in percent: a wallboard warns below it."`
	ShortAbandon Duration `cfg:"short_abandon" default:"5s" max:"1m" doc:"Who gives up waiting before this hardly waited: abandonment is also told without them."`
}

// Routing is how free agents and waiting calls of several queues come together.
type Routing struct {
	Next       string   `cfg:"next" enum:"first-come|primary-first|urgent|fair" default:"first-come" doc:"Of equal priority: who came first; of the queue where the agent's rank is best; whose queue's target is nearest; or queues in turn by their share."`
	PointWorth Duration `cfg:"point_worth" default:"0s" max:"1h" doc:"What a point of priority is worth in time waited, so that nobody waits for ever. 0s: the higher priority always goes first."`
}

// Step is what a queue needs of agents once a call has waited for a time.
type Step struct {
	After   Duration `cfg:"after" default:"0s" max:"24h" doc:"How long the call has waited in this queue."`
	Needs   []string `cfg:"needs" form:"need" short:"yes" doc:"What is needed from then on; [none]: nothing. Without it, what was needed before."`
	MinRank int      `cfg:"min_rank" default:"0" max:"100" doc:"Only agents of this rank or a worse one; 0: no limit."`
	MaxRank int      `cfg:"max_rank" default:"0" max:"100" doc:"Only agents of this rank or a better one; 0: no limit."`
}

// Over is where a call goes on.
type Over struct {
	On    string   `cfg:"on" enum:"timeout|full|closed|join_empty|leave_empty|diverted" doc:"What it would leave for."`
	After Duration `cfg:"after" default:"0s" max:"24h" doc:"Without on: how long it has waited in this queue."`
	To    string   `cfg:"to" form:"name" need:"yes" doc:"One of queues."`
}

// Team is a group of agents with a supervisor's view of their own.
type Team struct {
	Name  string `cfg:"name" form:"name" need:"yes" doc:"Its name."`
	Label string `cfg:"label" form:"text" doc:"What people see; without it the name."`
}

// Agent is one agent's place in the centre.
type Agent struct {
	Name     string        `cfg:"name" form:"name" need:"yes" doc:"The agent's name for the system; a user is bound to it."`
	FullName string        `cfg:"full_name" form:"text" doc:"What people see; without it the name."`
	Team     string        `cfg:"team" form:"name" doc:"One of teams."`
	Queues   []Membership  `cfg:"queues" short:"name" doc:"The queues served: names, or {name, rank}; rank 1 is the best and what a bare name means."`
	Skills   []string      `cfg:"skills" form:"skill" short:"yes" doc:"What he can, such as [\"claims = 4\", en]; a bare name is level 1 of 10."`
	Media    []AgentMedium `cfg:"media" short:"name" doc:"The media he works in: names, or {name, max}. Without it voice."`
	Desk     string        `cfg:"desk" enum:"required|optional|none" default:"required" doc:"Whether an awake desktop is needed to be ready."`
	Pick     bool          `cfg:"pick" default:"false" doc:"He may see who waits in the queues he serves, to pick a caller up."`
	Device   Device        `cfg:"device" need:"yes" doc:"The agent's telephone."`
	Devices  []Telephone   `cfg:"devices" doc:"Other telephones that he may choose to be rung at instead."`
}

// Membership is an agent's rank in a queue.
type Membership struct {
	Name string `cfg:"name" form:"name" need:"yes" doc:"One of queues."`
	Rank int    `cfg:"rank" default:"1" min:"1" max:"100" doc:"1 is the best."`

	Weight int `cfg:"weight" default:"1" min:"1" max:"100" doc:"With strategy weighted: how often he is chosen beside others."`
}

// AgentMedium is a medium that an agent works in.
type AgentMedium struct {
	Name string `cfg:"name" form:"medium" need:"yes" doc:"voice, chat or email."`
	Max  int    `cfg:"max" default:"0" max:"20" doc:"How many at once; 0: as blending says. Of voice one."`
}

// Device is an agent's telephone.
type Device struct {
	Kind     string `cfg:"kind" enum:"phone|auto|web|nailed" default:"phone" doc:"How it is answered; phone: by hand; auto: it answers by itself, so it is called only when the agent has answered at his desktop; web: it is in the agent's page, and answered there; nailed: its line is made when the agent logs in, stays up, and is joined to callers when he answers at his desktop."`
	Endpoint string `cfg:"endpoint" form:"endpoint" need:"yes" doc:"Its endpoint in the Asterisk, PJSIP/NAME."`
	Node     string `cfg:"node" form:"name" doc:"The Asterisk it is registered at; without it the first."`
}

// Telephone is another telephone of an agent.
type Telephone struct {
	Name     string `cfg:"name" form:"name" need:"yes" doc:"What he chooses it by; main is the name of his first."`
	Kind     string `cfg:"kind" enum:"phone|auto|web|nailed" default:"phone" doc:"As of device."`
	Endpoint string `cfg:"endpoint" form:"endpoint" need:"yes" doc:"Its endpoint in the Asterisk, PJSIP/NAME."`
	Node     string `cfg:"node" form:"name" doc:"The Asterisk it is registered at; without it the first."`
}

// PauseCode is a reason to pause.
type PauseCode struct {
	Name  string   `cfg:"name" form:"name" need:"yes" doc:"Its name in reports."`
	Label string   `cfg:"label" form:"text" doc:"What people see; without it the name."`
	Max   Duration `cfg:"max" default:"0s" max:"24h" doc:"After this long the desktop says that the pause is over; 0s: never."`
	Quota Duration `cfg:"quota" default:"0s" max:"24h" doc:"How much of it an agent has in a shift; 0s: no limit. A shift begins with the first log-in after four hours off duty."`
	Paid  bool     `cfg:"paid" default:"false" doc:"Counted as working time."`
}

// Disposition is what a conversation came to.
type Disposition struct {
	Name   string   `cfg:"name" form:"name" need:"yes" doc:"Its name in reports."`
	Label  string   `cfg:"label" form:"text" doc:"What people see; without it the name."`
	Queues []string `cfg:"queues" form:"name" doc:"The queues it is offered for; without them all."`
	Flags  []string `cfg:"flags" form:"name" doc:"Words that reports can group by, such as sale."`
}

// Voice is the voice of a language.
type Voice struct {
	Lang       string   `cfg:"lang" form:"lang" need:"yes" doc:"The language, such as en or zh."`
	Voice      string   `cfg:"voice" form:"voice" need:"yes" doc:"The engine's name for the voice: en-gb or cmn-latn-pinyin of espeak-ng, slt of flite."`
	Engine     string   `cfg:"engine" enum:"espeak-ng|flite|url" default:"espeak-ng" doc:"What speaks: a program on this machine, or a server by its url."`
	URL        string   `cfg:"url" form:"speech" doc:"Of engine url: where a WAV file of the text is fetched, such as https://tts.example.com/speak?text={text}&voice={voice}; {lang} can be filled in too. https only, but for a server on this machine. Texts with a caller's data in them are sent there."`
	Headers    []string `cfg:"headers" form:"header" doc:"Of engine url: headers of the request, such as \"Authorization: Bearer {secret}\"."`
	SecretFile string   `cfg:"secret_file" form:"file" doc:"Of engine url: a file that holds only what stands for {secret} in headers."`
	Timeout    Duration `cfg:"timeout" default:"0s" max:"1m" doc:"How long it may take over one text; 0: media.timeout."`
	// Secret is read from SecretFile.
	Secret Secret `cfg:"-"`
}

// LastResort is a queue that takes the callers of failed scripts; empty: they are sent to the dialplan's fallback.
type LastResort struct {
	Queue string `cfg:"queue" form:"name" doc:"One of queues."`
}

// Media is about prompts.
type Media struct {
	TTS     string   `cfg:"tts" enum:"espeak-ng|none" default:"espeak-ng" doc:"What speaks prompts that have no recording."`
	Timeout Duration `cfg:"timeout" default:"5s" min:"100ms" max:"1m" doc:"How long making one prompt may take."`
	Cache   string   `cfg:"cache" form:"file" default:"cache/prompts" doc:"The folder of the prompts made."`
}

// Auth is about log-in.
type Auth struct {
	Session Duration `cfg:"session" default:"12h" min:"1m" max:"30d" doc:"A session ends after this time whatever happens."`
	Idle    Duration `cfg:"idle" default:"60m" min:"1m" max:"30d" doc:"A session unused for this long ends; an open websocket is use."`

	Wallboard Duration `cfg:"wallboard" default:"365d" min:"1m" max:"3650d" doc:"A session of a user who is a wallboard and nothing else ends after this time. It does not end for want of use."`
}

// Reports is about the figures of queues.
type Reports struct {
	ServiceLevel string   `cfg:"service_level" enum:"a|b|c|d" default:"a" doc:"Which service level is shown; a: answered in time of the offered; b: of the offered without those who gave up in time; c: answered or given up in time of the offered; d: answered in time of the answered."`
	Interval     Duration `cfg:"interval" default:"30m" min:"1m" max:"4h" doc:"How far back the recent figures look."`
}

// Web is about the web server.
type Web struct {
	Plain   bool     `cfg:"plain" default:"false" flag:"yes" doc:"Serve without TLS beyond loopback: only behind a proxy that does TLS."`
	Origins []string `cfg:"origins" form:"origin" doc:"Other origins whose pages may use REST and the websocket."`
	TLS     TLS      `cfg:"tls" doc:"The certificate and its key."`
	ICE     []ICE    `cfg:"ice" doc:"STUN and TURN servers for telephones in the page. Where agents and Asterisk reach each other directly there is no need of any."`
}

// ICE is a server that helps the telephone in a page to find a way for its voice.
type ICE struct {
	URL          string `cfg:"url" form:"ice" need:"yes" doc:"Such as stun:stun.example.com:3478, or turns:turn.example.com:443?transport=tcp."`
	User         string `cfg:"user" form:"text" doc:"Of a TURN server."`
	PasswordFile string `cfg:"password_file" form:"file" doc:"A file that holds only the TURN user's password."`

	Password Secret `cfg:"-"`
}

// TLS names a certificate and its key; both or neither.
type TLS struct {
	CertFile string `cfg:"cert_file" form:"file" doc:"The certificate with its chain, PEM."`
	KeyFile  string `cfg:"key_file" form:"file" doc:"Its private key, PEM."`
}

// Screen is about what a pop opens.
type Screen struct {
	Hosts     []string   `cfg:"hosts" form:"host" doc:"The hosts that pops may open."`
	Templates []Template `cfg:"templates" doc:"The addresses that pops may open."`
}

// Template is an address with {places} that a pop fills in.
type Template struct {
	Name string `cfg:"name" form:"name" need:"yes" doc:"Its name."`
	URL  string `cfg:"url" form:"template" need:"yes" doc:"https only; {customer}, {call}, {ani} are filled in, percent-encoded."`
}

// Limits are upper bounds.
type Limits struct {
	Calls      int `cfg:"calls" default:"2000" min:"1" max:"100000" doc:"Calls at once; more go to the dialplan's fallback."`
	WSSessions int `cfg:"ws_sessions" default:"10000" min:"1" max:"1000000" doc:"Websocket sessions at once."`
	LogBacklog int `cfg:"log_backlog" default:"100000" min:"100" max:"10000000" doc:"Log rows kept in memory while the database fails."`

	Phones   Duration `cfg:"phones" default:"2s" min:"100ms" max:"1m" doc:"How often it is read which phones are registered; less often where the answer takes more than a twentieth of that."`
	NodeLost Duration `cfg:"node_lost" default:"5m" min:"10s" max:"24h" doc:"An Asterisk that stays away for so long loses its calls: their records end with pbx_lost and their agents are free."`
}

// Seat is about an agent's desktop.
type Seat struct {
	Duplicate string   `cfg:"duplicate" enum:"ask|refuse|takeover" default:"ask" doc:"What a log-in at a second desktop does."`
	Grace     Duration `cfg:"grace" default:"30s" min:"1s" max:"10m" doc:"How long a ready agent may be without an awake desktop."`
	Reserved  string   `cfg:"pause_reserved" enum:"finish|revoke" default:"finish" doc:"A pause asked for while the phone rings: after that call, or at once, and the caller goes to the next agent."`
	Rescue    Duration `cfg:"rescue" default:"20s" max:"5m" doc:"An agent whose phone is lost in mid-call is rung again for so long, where it answers by itself or is his page's; 0s: not at all."`
	WrapMax   Duration `cfg:"wrapup_max" default:"10m" min:"10s" max:"24h" doc:"A wrap-up overrun for this long becomes a pause."`
}

// Park is about parked callers.
type Park struct {
	First int      `cfg:"first" default:"701" min:"1" max:"99999" doc:"The number of the first slot."`
	Slots int      `cfg:"slots" default:"20" max:"1000" doc:"How many slots there are; 0: nobody can be parked."`
	Time  Duration `cfg:"time" default:"3m" min:"5s" max:"24h" doc:"After this long the caller goes back to the one who parked him."`
}

// Medium is a kind of work, and what it leaves room for.
type Medium struct {
	Name   string   `cfg:"name" form:"medium" need:"yes" doc:"voice, chat or email."`
	Max    int      `cfg:"max" default:"0" max:"20" doc:"How many at once of an agent who says nothing else; 0: voice 1, chat 3, email 5. Of voice one."`
	Weight int      `cfg:"weight" default:"0" max:"100" doc:"How much of him one takes; together at most 100. 0: 100 divided by max."`
	Blocks []string `cfg:"blocks" form:"blocks" short:"yes" doc:"What he is not offered beside it: all, none, or media. Without it, beside voice all and beside others none."`
}

// QueueLog is a queue_log file; without File none is written.
type QueueLog struct {
	File    string `cfg:"file" form:"file" need:"yes" doc:"The file. Its group may read it; where it is moved away, a new one is begun."`
	MaxSize int    `cfg:"max_size" default:"100" max:"100000" doc:"MiB, after which it becomes FILE.1, that one FILE.2 and so on, and a new one is begun; 0: never, where logrotate does that."`
	Keep    int    `cfg:"keep" default:"10" min:"1" max:"1000" doc:"How many full files are kept."`
	Agents  string `cfg:"agents" enum:"name|phone" default:"name" doc:"How it names agents: by their names, or by the endpoints of their first telephones as app_queue does its members."`
}

// Log is about the process's log and the numbered log.
type Log struct {
	Level  string   `cfg:"level" enum:"debug|info|warn|error" default:"info" flag:"yes" doc:"The least level that is written."`
	Format string   `cfg:"format" enum:"text|json" default:"text" flag:"yes" doc:"One line each, for people or for programs."`
	Keep   Duration `cfg:"keep" default:"30d" min:"1d" max:"3650d" doc:"How long rows of the numbered log are kept."`
}

// reserved are the keys that are part of the configuration's language but not of this version.
var reserved = map[string]bool{
	"campaigns": true, "crm": true, "recording": true, "rates": true, "webhooks": true,
	"mail": true, "sms": true,
}
