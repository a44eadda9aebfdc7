// @ts-check
// The page's words in English. Another language is a file with the same keys; {name} stands for a value.

/** @type {Record<string, string>} */
export const en = {
  "state.out": "Off duty", "state.ready": "Ready", "state.reserved": "Ringing", "state.talking": "On a call", "state.wrapup": "Wrap-up", "state.paused": "Paused",

  "reason.login": "just logged in", "reason.no-answer": "a call was not answered", "reason.rejected": "a call was rejected", "reason.device-busy": "phone busy",
  "reason.device-unreachable": "phone not reachable", "reason.desktop-lost": "this desktop was away", "reason.no-disposition": "no outcome was given",
  "reason.pause": "until you press Ready",

  "doing.talk": "talking", "doing.hold": "caller on hold", "doing.consult": "asking a colleague", "doing.conference": "conference", "doing.dialing": "calling",
  "doing.direct": "a call of his own", "doing.monitor": "listening in", "doing.rescue": "phone lost",

  "callstate.arrived": "Arrived", "callstate.queued": "Waiting", "callstate.dialing": "Calling", "callstate.offered": "Ringing", "callstate.talking": "Talking",
  "callstate.held": "On hold", "callstate.consulting": "Asking a colleague", "callstate.parked": "Parked", "callstate.rescue": "Your phone was lost",

  "consult.ringing": "Ringing", "consult.up": "You speak with", "consult.swapped_main": "Waiting for you:",

  "end.caller": "The caller hung up.", "end.agent": "You hung up.", "end.script": "The call has ended.", "end.system": "The call was ended by the system.",

  "kind.inbound": "Incoming call", "kind.transfer": "Transferred call", "kind.consult": "Consultation", "kind.callback": "Callback", "kind.preview": "Preview",
  "kind.outbound": "Outgoing call", "kind.monitor": "Listening in", "kind.direct": "Call from a colleague", "kind.pickup": "Picked up",

  "match.none": "Unknown caller", "match.one": "Known customer", "match.many": "Several customers fit", "match.pending": "Looking the caller up…", "match.failed": "The look-up failed",

  "role.caller": "Caller", "role.agent": "Agent", "role.consult": "Asked", "role.monitor": "Supervisor", "role.party": "Outside",
  "legstate.dialing": "being rung", "legstate.ringing": "ringing", "legstate.up": "", "mode.listen": "listens", "mode.whisper": "speaks to the agent", "mode.barge": "takes part",

  "number.unknown": "Unknown number", "number.withheld": "Number withheld", "somebody": "Somebody outside",

  "login.title": "The agent desktop. Log in to take calls.", "login.user": "User", "login.password": "Password", "login.go": "Log in", "login.busy": "Logging in…",
  "login.again": "Please log in again.", "login.takeover": "Take over here?",
  "renew.ends": "Your log-in ends in {time}.", "renew.over": "Your log-in has ended; it is kept while you are on a call.", "renew.stay": "Stay logged in",

  "line.use": "Use this desktop", "line.closed": "This session was closed.", "line.off": "Disconnected.",
  "line.bug": "This page and the server do not understand each other ({code}). Please reload, and report it if it comes again.",
  "line.retry": "Reconnecting in {left} s. Your calls go on.", "line.trying": "Reconnecting… Your calls go on.", "line.stale": "The server has been silent for {time}.",
  "line.recovering": "The phone system is recovering ({pbx}).", "line.down": "The phone system is down ({pbx}).", "line.draining": "Maintenance: {why}.",
  "line.nonew": "no new calls are taken", "line.connecting": "Connecting…",

  "bar.mine": "My state", "bar.then": "then {state}", "bar.cancel": "Cancel", "bar.nophone": "Phone not reachable", "bar.phone": "Phone ready", "bar.login": "Go on duty",
  "bar.ready": "Ready", "bar.pause": "Pause", "bar.logout": "Off duty", "bar.leave": "Log out", "bar.call": "Call", "bar.number": "number or extension", "bar.dial": "Dial",
  "bar.day": "calls today: {n}", "bar.each": "calls today: {n}, {time} each",
  "bar.locked": "Paused by a supervisor", "bar.telephone": "Phone: {name}", "bar.test": "Ring it", "device.phone": "desk phone", "device.auto": "answers by itself", "device.web": "in this page", "device.nailed": "always connected",
  "phone.title": "Your phone", "phone.starting": "Your phone is being connected…", "phone.ready": "Phone ready", "phone.lost": "Your phone is not connected. It is tried again.",
  "phone.elsewhere": "Your phone is at your other desktop.", "phone.mic": "No microphone. Allow this page to use it.", "phone.talking": "On the phone", "phone.deaf": "No voice arrives.",
  "phone.play": "Turn the sound on", "phone.again": "Try again", "phone.microphone": "Microphone", "phone.nth": "Microphone {n}", "phone.level": "Your voice",
  "view.choose": "Screen", "view.desk": "My calls", "view.team": "Team",

  "idle.none": "You are no agent", "idle.none.next": "You are logged in, but this user takes no calls. Ask who runs this site to make the user an agent.",
  "idle.watch": "You watch your teams", "idle.watch.next": "This user takes no calls. To listen in you need to be an agent with a phone as well.",
  "idle.out": "You are off duty", "idle.out.next": "No calls come. Press “Go on duty” to begin.",
  "idle.paused": "You are paused", "idle.paused.next": "No calls come. Press “Ready” to take calls.",
  "idle.ready": "Waiting for a call", "idle.ready.next": "When one comes, the caller is shown here and your phone rings.",
  "idle.reserved": "A call is coming", "idle.reserved.next": "It will be shown here in a moment.",
  "idle.talking": "No call", "idle.talking.next": "You are on the phone without a call of the call centre.",
  "calls": "Calls", "caller": "Caller", "pop.empty": "Who calls is shown here before the phone rings.",

  "pop.to": "to {name}", "pop.vip": "VIP", "pop.from": "Calls from", "pop.called": "Called", "pop.queue": "Queue", "pop.offers": "offered before: {n}", "pop.account": "Account", "pop.lang": "Language",
  "pop.lastagent": "Last spoke to", "pop.customer": "Customer", "pop.candidates": "Who it may be", "pop.sure": "how sure", "pop.secret": "secret", "pop.path": "Way through the menu",
  "pop.cases": "Open cases", "pop.days": "{n} days", "pop.last": "Last contacts", "pop.choose": "It is this one", "pop.nobody": "Nobody of them", "pop.open": "Open",

  "card.rings": "rings {time} more", "card.waited": "waited {time}", "card.talking": "talking {time}", "card.pickphone": "Pick up your phone to answer.", "card.acts": "This call",
  "card.parked": "In slot {slot}", "card.monitored": "A supervisor is in this call", "card.parties": "Who is in this call", "card.me": "you", "card.of": "Call of {agent}",

  "do.call.answer": "Answer", "do.call.reject": "Reject", "do.call.transfer_complete": "Hand over now", "do.call.conference": "Talk together", "do.call.swap": "Swap",
  "do.call.transfer_cancel": "Back to the caller", "do.call.hold": "Hold", "do.call.retrieve": "Take back", "do.call.park": "Park", "do.call.consult": "Ask…",
  "do.call.transfer_blind": "Hand over…", "do.call.dtmf": "Keys", "do.call.set_data": "Data…", "do.call.hangup": "Hang up", "do.call.drop_party": "Take out", "do.call.pickup": "Pick up",
  "do.monitor.listen": "Listen", "do.monitor.whisper": "Whisper", "do.monitor.barge": "Take part", "do.monitor.takeover": "Take the call over", "do.monitor.stop": "Leave the call",
  "monitor.panel": "Your part in this call", "monitor.start": "Listen in",

  "to": "To", "to.agent": "a colleague", "to.queue": "a queue", "to.number": "a number", "to.find": "Find", "to.which": "Colleagues", "to.queues": "Queues",
  "to.nobody": "Nobody of that name.", "to.waiting": "{n} waiting", "to.fail": "If nobody takes it", "to.back": "back to me", "to.requeue": "back to its queue", "to.hangup": "hang up",
  "to.share": "Show what the caller has told so far", "to.ask": "Ask first", "to.hand": "Hand over without asking", "to.close": "Close", "number": "Number",

  "data.title": "Data of this call", "data.save": "Save", "data.key": "Name of a new value", "data.value": "Its value", "data.hint": "small letters, digits, _ and .",

  "wrap.title": "Wrap-up", "wrap.left": "left to write down what came of the call", "wrap.over": "over time", "wrap.late": "over time, and your supervisor sees it",
  "wrap.outcome": "Outcome", "wrap.needed": "Outcome (needed)", "wrap.choose": "Choose…", "wrap.notes": "Notes", "wrap.kept": "Kept, and sent when the line is back.",
  "wrap.done": "Done, ready", "wrap.pause": "Done, pause", "wrap.off": "Done, off duty", "wrap.more": "One minute more ({n} left)", "wrap.draft": "Kept in this tab while you type.",
  "past.title": "Earlier calls", "past.at": "ended {ago}", "past.none": "no outcome", "past.save": "Save the change", "past.saved": "The record has been changed.",

  "do.queue.move": "Move", "do.queue.prioritise": "Priority", "do.queue.pick": "Give to", "do.queue.remove": "Take out",
  "remove.callback": "Call back in turn", "remove.script": "On in the menu", "remove.hangup": "Hang up", "remove.drop": "Do not call back",

  "tools": "More", "pick.title": "Waiting and parked", "pick.slot": "Slot", "pick.empty": "Nobody waits.", "pick.waits": "waits {time}", "pick.offered": "rings at an agent", "pick.priority": "priority {n}", "pick.callback": "to be called back",

  "msg.from": "Message from {name}", "msg.system": "Message", "msg.ok": "Seen", "msg.confirm": "Confirm that you have read it", "msg.title": "Write a message", "msg.to": "To", "msg.text": "Text",
  "msg.level": "How pressing", "msg.info": "for information", "msg.warn": "important", "msg.urgent": "urgent", "msg.needs_ack": "ask for confirmation", "msg.send": "Send",
  "msg.sent": "Sent.", "msg.supervisors": "my supervisors", "msg.team": "team {name}", "msg.up": "Messages from agents", "msg.none": "None.",

  "team.title": "Team {name}", "team.none": "There are no teams to watch. They are named in the configuration, and each agent belongs to one.", "team.empty": "Nobody belongs to this team.",
  "team.unseen": "does not see the caller yet", "team.away": "desktop away", "team.force": "Set state", "team.force.ready": "Ready", "team.force.out": "Off duty", "team.force.paused": "Pause: {reason}",
  "team.late": "outcome owed", "team.free": "no call",
  "queues.title": "Queues", "queues.figures": "{waiting} waiting, longest {longest}; {ready} ready, {talking} talking, {in} on duty", "queues.level": "SL({letter}) {n} % in {target} s", "queues.closed": "closed",

  "why.ask": "Why?", "why.title": "What keeps the agents from this caller", "why.asking": "Asking…", "why.gone": "This caller does not wait any more.", "why.nobody": "Nobody serves this queue.",
  "why.more": "and {n} more agents", "why.ok": "could have this caller now", "why.offered": "is being rung, for {time} more", "why.preferred": "this caller waits for {name} alone, for {time} more",
  "why.rank": "has rank {have}; ranks {want} to {most} are asked now", "why.rank.least": "has rank {have}; rank {want} or more is asked now",
  "why.skill": "has {skill} at level {have}; level {want} is needed", "why.skill.none": "does not have {skill}, which is needed at level {want}", "why.changes": "(that changes in {time})",
  "why.since": "{state}, for {time}", "why.gap": "is left alone for {time} more", "why.phone": "the phone is not free of the call before yet", "why.seat": "the desktop is not back since the restart",
  "why.room": "has no room beside other work", "why.order": "{name} is being rung", "why.next": "others come first",

  "board.title": "Wallboard", "board.login": "Log in to show the queues. A user with the role wallboard can do nothing else.", "board.leave": "Log out",
  "board.waiting": "waiting", "board.longest": "longest wait", "board.level": "SL({letter}) in {target} s", "board.goal": "goal {goal} %", "board.none": "–",
  "board.ready": "ready", "board.talking": "on calls", "board.wrapup": "wrap-up", "board.paused": "paused", "board.today": "Today:", "board.answered": "answered", "board.abandoned": "abandoned",
  "board.recent": "last {min} min: {n} %", "board.expected": "expected {band}", "board.callbacks": "to call back", "board.unmanned": "Nobody is on duty", "board.closed": "Closed",
  "board.good": "good", "board.watch": "watch", "board.bad": "act", "board.empty": "There are no queues to show.", "board.unknown": "There is no queue {name}, or it is not for this user.",
  "board.lost": "No connection. These figures are {time} old, as of {at}.", "board.never": "No connection.", "board.stale": "No figures have come for {time}. These are as of {at}.",
  "board.over": "The server has closed this session: {text}", "board.down": "The phone system is down ({pbx}).", "board.percent": "{n} %",
  "board.minutes": "{n} min", "board.seconds": "{n} s",

  "keys.title": "Keyboard", "keys.on": "Use the keys", "keys.how": "Alt+Shift and:", "keys.answer": "answer", "keys.reject": "reject", "keys.hold": "hold, take back", "keys.consult": "ask a colleague",
  "keys.blind": "hand over", "keys.merge": "talk together", "keys.swap": "swap", "keys.complete": "hand over now", "keys.cancel": "back to the caller", "keys.hangup": "hang up", "keys.state": "ready, pause",
  "keys.wrap": "wrap-up", "keys.dial": "dial", "keys.call": "call number n",

  "note.already": "That was done already.", "say.call": "Call from {name}", "say.caller": "The caller is {name}", "say.together": "{state}, {reason}",

  "error.offline": "Not connected: nothing was sent.", "error.not_sure": "The line went before the answer came: look at what is shown now.",
  "error.bad_request": "The server does not take this: {text}", "error.too_large": "That is too much: {text}", "error.unknown_op": "This server cannot do that.",
  "error.unauthorized": "Please log in again.", "error.forbidden": "You may not do that: {text}", "error.not_yours": "That is another’s: {text}", "error.not_found": "It is not there: {text}",
  "error.call_over": "The call is over.", "error.offer_over": "Too late: the call has gone to somebody else, or the caller has gone.", "error.caller_gone": "The caller hung up first.",
  "error.target_gone": "The other side has hung up.", "error.wrong_state": "Not possible now.", "error.rev_conflict": "Somebody else changed it first: look at what is shown now.",
  "error.idem_mismatch": "The server took this for another request. Please try again.", "error.in_progress": "It is being done already.", "error.seat_taken": "You are logged in at another desktop.",
  "error.disposition_required": "Choose an outcome first.", "error.reason_required": "Choose a reason first.", "error.reason_not_allowed": "This reason is not allowed now: {text}",
  "error.device_unreachable": "The phone cannot be reached.", "error.device_busy": "The phone is busy.", "error.agent_reserved": "A call is coming already.",
  "error.target_busy": "Busy: {text}", "error.target_no_answer": "No answer.", "error.target_rejected": "The call was rejected.", "error.no_route": "That cannot be reached: {text}",
  "error.rate_limited": "Too fast. Please wait a moment.", "error.overloaded": "The server is too busy. Please try again.", "error.draining": "The server is stopping and makes no new calls.",
  "error.recovering": "The server is starting. Please try again.", "error.internal": "The server has failed. Please try again, and report it.", "error.pbx_down": "The phone system is down.",
  "error.pbx_refused": "The phone system refused: {text}", "error.timeout": "No answer in time: look at what is shown now.",
};
