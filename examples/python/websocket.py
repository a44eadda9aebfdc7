"""A websocket for clients (RFC 6455) of the standard library alone: text messages, fragments, pings, the closing handshake.

send() may be called by one thread while another is in recv(). Where the package "websockets" is at hand, use that.
"""

import base64
import hashlib
import os
import socket
import ssl
import struct
import threading
from urllib.parse import urlsplit

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3
LARGEST = 1 << 20  # bytes of a message; the server sends at most 256 KiB


class Closed(Exception):
    """The connection has ended; code is the server's, or 1006 where it said none."""

    def __init__(self, code=1006, reason=""):
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class WebSocket:
    def __init__(self, url, protocol, headers=(), timeout=10):
        u = urlsplit(url)
        secure = u.scheme in ("wss", "https")
        try:
            self.sock = socket.create_connection((u.hostname, u.port or (443 if secure else 80)), timeout)
            if secure:
                self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=u.hostname)
            self.reader = self.sock.makefile("rb")
            self.lock = threading.Lock()  # a frame is written whole
            self._handshake(u, protocol, headers)
        except OSError as e:
            raise Closed(1006, str(e)) from e

    def _handshake(self, u, protocol, headers):
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {u.path or '/'} HTTP/1.1", f"Host: {u.netloc}", "Connection: Upgrade", "Upgrade: websocket",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Protocol: {protocol}", *headers]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        status = self.reader.readline(8192).decode("latin-1").split(" ", 2)
        answer = {}
        while (line := self.reader.readline(8192).decode("latin-1").strip()) and len(answer) < 100:
            name, _, value = line.partition(":")
            answer[name.lower()] = value.strip()
        accept = base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest()).decode()
        if status[1:2] != ["101"] or answer.get("sec-websocket-accept") != accept:
            raise Closed(1006, "no websocket: " + " ".join(status).strip())

    def send(self, text):
        self._write(TEXT, text.encode())

    def _write(self, opcode, payload):
        """A client masks each frame with a key of its own (section 5.3)."""
        n = len(payload)
        if n < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | n)
        elif n < 1 << 16:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, n)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, n)
        key = os.urandom(4)
        masked = bytes(b ^ key[i % 4] for i, b in enumerate(payload))
        try:
            with self.lock:
                self.sock.sendall(head + key + masked)
        except OSError as e:
            raise Closed(1006, str(e)) from e

    def recv(self, silence):
        """The next text message. Raises Closed at the end, or when nothing at all has come for so many seconds."""
        self.sock.settimeout(silence)
        message, opcode = b"", None
        while True:
            final, code, payload = self._frame()
            if code == PING:
                self._write(PONG, payload)
            elif code == CLOSE:
                self.close(struct.unpack("!H", payload[:2])[0] if len(payload) > 1 else 1005)
                raise Closed(struct.unpack("!H", payload[:2])[0] if len(payload) > 1 else 1005, payload[2:].decode("utf-8", "replace"))
            elif code in (TEXT, BINARY, CONTINUATION):
                message += payload
                opcode = code if code != CONTINUATION else opcode
                if len(message) > LARGEST or opcode != TEXT:
                    self.close(1009 if opcode == TEXT else 1003)
                    raise Closed(1006, "not a text message of a size that is expected")
                if final:
                    return message.decode()

    def _frame(self):
        first, second = self._read(2)
        n = second & 0x7F
        if n > 125:
            n = struct.unpack("!H" if n == 126 else "!Q", self._read(2 if n == 126 else 8))[0]
        if second & 0x80 or first & 0x70 or n > LARGEST:  # a server does not mask, and nothing was extended
            self.close(1002)
            raise Closed(1006, "not a frame of this protocol")
        return bool(first & 0x80), first & 0x0F, self._read(n)

    def _read(self, n):
        try:
            data = self.reader.read(n)
        except OSError as e:  # a timeout, too
            raise Closed(1006, str(e)) from e
        if len(data) < n:
            raise Closed(1006, "the connection was cut")
        return data

    def close(self, code=1000):
        """Says why, and closes."""
        try:
            self._write(CLOSE, struct.pack("!H", code if code != 1005 else 1000))
            self.sock.shutdown(socket.SHUT_WR)
        except (Closed, OSError):
            pass
        self.sock.close()
