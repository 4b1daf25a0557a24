"""A client in JSON over a plain socket, for tests that want each frame to be what they say."""

import hashlib
import json
import socket
import struct


class JsonClient:

    def __init__(self, address, wrap=None):
        host, port = address.rpartition("://")[2].rsplit(":", 1)
        plain = socket.create_connection((host.strip("[]"), int(port)), timeout=60)
        self._socket = wrap(plain) if wrap else plain
        self._stream = self._socket.makefile("rwb")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._stream.close()
        self._socket.close()

    def send(self, body=None, **header):
        encoded = b"" if body is None else json.dumps(body).encode()
        if encoded:
            header = {**header, "size": len(encoded), "md5": hashlib.md5(encoded).hexdigest()}
        record = json.dumps(header).encode()
        self._stream.write(struct.pack(">I", len(record)) + record + encoded)
        self._stream.flush()

    def receive(self):
        """The header and the body of the next frame."""
        header = json.loads(self._stream.read(*struct.unpack(">I", self._stream.read(4))))
        body = self._stream.read(header.get("size", 0))
        return header, json.loads(body) if body else None

    def call(self, name, body, **header):
        """The END of a unary call, and its body."""
        self.send(body, name=name, **header)
        while True:
            header, reply = self.receive()
            if header.get("kind") in ("end", "goaway"):
                return header, reply
