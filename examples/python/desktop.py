"""An agent's desktop for a terminal: an example of a client of one's own, written by docs/events.md alone.

It shows who calls and what can be done, and makes the requests that are typed: an op, and its arguments as JSON where they
do not follow from what is shown. The end of the input ends it. Python 3.8 or later, nothing to install: screen.py is what the
frames add up to, websocket.py the transport.

    $ CTID_PASSWORD=… python3 examples/python/desktop.py http://127.0.0.1:8443 ana
    agent.login
    agent.ready
    call.hold
    agent.wrapup_done {"disposition":"order"}
"""

import json
import os
import random
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

from screen import Hole, Screen, say
from websocket import Closed, WebSocket

SILENCE = 45  # seconds, three ticks: a path that says nothing so long is dead
HOLE = 4002


class Refused(Exception):
    """Only a person can help."""


class Desktop:
    def __init__(self, base, user, password):
        self.base, self.user, self.password, self.token = base, user, password, None
        self.id = str(uuid.uuid4())  # one for each installation: a real program keeps it
        self.screen = Screen()
        self.lock = threading.Lock()  # what is typed comes on a thread of its own
        self.ws, self.ended, self.tries, self.n = None, False, 0, 0
        self.asked = {}  # requests without a final answer: id to op
        self.bye = {}  # what the server said before it closed

    def run(self):
        """Comes back after each close, as its code says, until the input has ended."""
        while not self.ended:
            code = self.session()
            if self.ended:
                return
            for request, op in self.asked.items():  # none is made again by itself
                say(request, op + ": not sure, the events will tell")
            wait = self.advice(self.bye.get("code", code))
            say(f"closed {code}: back in {wait * 1000:.0f} ms")
            time.sleep(wait)

    def advice(self, code):
        """How many seconds to wait after a close, by the hundreds of its code. All waits are random, so that a thousand
        desktops do not come back as one."""
        self.tries += 1
        if code == 1011 or code // 100 == 41:  # later
            return (self.bye.get("retry_ms", 4000) + random.uniform(0, self.bye.get("spread_ms", 8000))) / 1000
        if code // 100 == 40:  # at once
            return random.uniform(0, 1)
        if code in (1000, 4202) or code // 100 in (43, 44):  # revoked; displaced and the like; a bug of ours
            raise Refused(f"closed with {code}: {self.bye.get('text', '')}")
        if code // 100 == 42:  # with new credentials
            self.token = None
        return random.uniform(0, min(20, 0.5 * 2 ** min(self.tries - 1, 6)))

    def log_in(self):
        body = json.dumps({"user": self.user, "password": self.password}).encode()
        request = urllib.request.Request(self.base + "/api/v1/login", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                self.token = json.load(answer)["token"]
        except urllib.error.HTTPError as e:
            if e.code < 500 and e.code != 429:
                raise Refused(f"log-in: HTTP {e.code}") from e
            raise Closed() from e
        except OSError as e:
            raise Closed() from e

    def session(self):
        """The life of one socket. Returns the code of its end."""
        self.asked, self.bye = {}, {}
        try:
            if not self.token:
                self.log_in()
            ws = WebSocket("ws" + self.base[4:] + "/ws", "ctid.v1", ["Authorization: Bearer " + self.token])
            hello = {"k": "hello", "client": {"name": "example-python", "version": "1", "id": self.id}, "caps": ["pop.ack", "tock"]}
            if self.screen.whole:
                hello["resume"] = {"epoch": self.screen.epoch, "seq": self.screen.pos}
            ws.send(json.dumps(hello))
            with self.lock:
                self.ws = ws
                if self.ended:
                    ws.close()
            while True:
                frame = json.loads(ws.recv(SILENCE))
                with self.lock:
                    self.take(frame)
        except Hole:
            ws.close(HOLE)
            return HOLE
        except Closed as e:
            return e.code
        finally:
            with self.lock:
                self.ws = None

    def take(self, f):
        """Does what a frame asks for."""
        for pop in self.screen.take(f):  # it is on the screen: only now is it acknowledged
            self.send({"k": "ack", "pop": pop["pop"], "rev": pop["rev"], "what": "shown"})
        if self.screen.desync:
            say("the screen is not what the server said it would be")
            self.screen.desync = False
            self.request("snapshot")
        if f["k"] == "welcome":
            self.tries = 0
        elif f["k"] == "tick":
            self.send({"k": "tock", "n": f["n"], "visible": True, "front": True})
        elif f["k"] == "res":  # started says that it is tried; done and failed are final
            error = f.get("error", {})
            say(f["id"], self.asked.get(f["id"], "") + ":", f["phase"], error.get("code", ""), error.get("text", ""))
            if f["phase"] != "started":
                self.asked.pop(f["id"], None)
        elif f["k"] == "bye":
            self.bye = f

    def send(self, frame):
        self.ws.send(json.dumps(frame))

    def request(self, typed):
        """Makes the request of a typed line, with a key of its own so that it cannot be done twice."""
        op, _, text = typed.strip().partition(" ")
        args = self.screen.fill(op, json.loads(text or "{}"))
        self.n += 1
        self.asked[f"r{self.n}"] = op
        self.send({"k": "req", "id": f"r{self.n}", "op": op, "args": args, "idem": f"{self.id}-{self.n}"})

    def listen(self, lines):
        """Takes what is typed. While the line is down nothing is kept: what is right now may be wrong then."""
        for typed in lines:
            with self.lock:
                if not self.ws:
                    say("not connected, nothing was sent:", typed.strip())
                    continue
                try:
                    self.request(typed)
                except (Closed, ValueError) as e:
                    say("nothing was sent:", e)
        with self.lock:
            self.ended = True
            if self.ws:
                self.ws.close()


def main():
    if len(sys.argv) != 3 or not os.environ.get("CTID_PASSWORD"):
        sys.exit("usage: CTID_PASSWORD=… python3 desktop.py http://host:port user")
    desktop = Desktop(sys.argv[1], sys.argv[2], os.environ["CTID_PASSWORD"])
    threading.Thread(target=desktop.listen, args=(sys.stdin,), daemon=True).start()
    try:
        desktop.run()
    except Refused as e:
        sys.exit(f"ended: {e}")
    say("ended")


if __name__ == "__main__":
    main()
