"""What the frames add up to, and how far they have come: "Position, resume, snapshot" of docs/events.md."""

import json


class Hole(Exception):
    """An event is missing."""


def say(*words):
    print(*words, flush=True)


class Screen:
    def __init__(self):
        self.epoch, self.pos = "", 0
        self.whole = False  # the snapshot has come whole, so there is something to resume
        self.things = {}  # by the names of welcome.revs, such as call:c_1: the newest frame about each
        self.revs, self.replay = None, 0  # what must be known after replay more events
        self.desync = False  # it was not: ask for snapshot

    def take(self, f):
        """Changes screen and position by a frame, and returns the pops to acknowledge. A state frame is passed over: the
        newest value overtakes events, so it must not move the position."""
        shown = []
        if f["k"] == "welcome":
            say(f"connected resumed={json.dumps(f['resumed'])} replay={f['replay']}")
            if not f["resumed"]:
                self.__init__()
                self.epoch = f["epoch"]
                return shown
            self.revs, self.replay = f["revs"], f["replay"]
            self.compare()
        elif f["k"] == "snap" and f["topic"] == "me":
            shown = self.snap(f)
        elif f["k"] == "tick":
            self.pos = max(self.pos, f["seq"])
        elif f["k"] == "event":
            if f["seq"] > self.pos:  # else it is a repeat
                if f["prev"] > self.pos:
                    raise Hole
                self.event(f)
                self.pos = f["seq"]
                self.replay -= 1
                self.compare()
            if f["type"] == "pop.offered":  # a repeat, too
                shown = [f]
        return shown

    def compare(self):
        """Holds the screen against what welcome said would be there after the replay. What is not named has gone from it."""
        if self.revs is None or self.replay > 0:
            return
        theirs, self.revs = self.revs, None
        self.things = {name: t for name, t in self.things.items() if name in theirs}
        self.desync = {name: t["rev"] for name, t in self.things.items()} != theirs

    def snap(self, f):
        """Takes a part of a snapshot; the last one makes it count."""
        if f["part"] == 1:
            self.things, self.whole = {}, False
        data = f["data"]
        if "agent" in data:
            self.show("agent:" + data["agent"]["agent"], data["agent"]["state"], data["agent"])
        for call in data.get("calls", []):
            self.show("call:" + call["call"], call["state"], call)
        for pop in data.get("pops", []):
            self.show("pop:" + pop["pop"], words(pop["data"]), pop)
        if f["last"]:
            self.pos, self.whole = max(self.pos, f["as_of"]), True
        return [pop for pop in data.get("pops", []) if not pop["seen"]]

    def event(self, f):
        """Shows an event, where it is newer than what is known of its thing."""
        kind, _, what = f["type"].partition(".")
        name = f"{kind}:{f.get(kind)}"
        if kind not in ("agent", "call", "pop") or f["type"] == "agent.wrapup_saved":
            say(f["type"], json.dumps(f["data"]))  # nothing that buttons hang on
        elif name in self.things and f["rev"] <= self.things[name]["rev"]:
            return
        elif f["type"] in ("call.cleared", "pop.closed"):
            say(name, what)
            self.things.pop(name, None)
        elif kind == "agent":
            self.show(name, f["data"]["state"], {**f["data"], "rev": f["rev"]})
        elif f["type"] == "pop.updated":  # the patch is a JSON merge patch of the pop's data
            self.show(name, what + " " + json.dumps(f["data"]["patch"]), {**self.things.get(name, {}), "rev": f["rev"]})
        else:
            self.show(name, words(f["data"]) if kind == "pop" else what, f)

    def show(self, name, text, f):
        """Prints a thing with what its buttons would be: can, and nothing else. Without can it is as before."""
        can = f.get("can", self.things.get(name, {}).get("can", []))
        self.things[name] = {**f, "can": can}
        say(name, text, "can=" + ",".join(can))

    def fill(self, op, args):
        """Completes the arguments of a request with what is on the screen: the newest call that can do it, the offer, the wrap-up."""
        filled = {}
        for name, t in sorted(self.things.items()):
            if name.startswith("call:") and op in t["can"]:
                filled["call"] = t["call"]
            if name.startswith("pop:") and op in ("call.answer", "call.reject") and "data" in t:
                filled["offer"] = t["data"]["offer"]
            if op == "agent.wrapup_done" and t.get("wrap"):
                filled["wrap"] = t["wrap"]["id"]
        return {**filled, **args}


def words(pop):
    """A pop for a terminal. It is other people's text: a page shows it as text, never as markup."""
    match, ani = pop["match"], pop["ani"]
    who = [c["name"] for c in match["customers"] if c["id"] == match.get("chosen")] or ["somebody unknown"]
    return f"{pop['kind']}: {who[0]}, {ani.get('shown') or ani.get('kind')}, to {pop['dnis'].get('label')} for {pop['queue']['name']}"
