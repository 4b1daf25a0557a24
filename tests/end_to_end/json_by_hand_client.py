"""A client of the wire protocol (rpc/PROTOCOL.md) in JSON: a socket, MD5, and no library."""

import hashlib
import json
import socket
import struct


class Client:

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=5)
        self.stream = self.socket.makefile("rwb")

    def close(self):
        self.stream.close()
        self.socket.close()

    def send(self, header, body=b""):
        record = {"size": len(body), "md5": hashlib.md5(body).hexdigest()} | header
        record = json.dumps(record).encode()
        self.stream.write(struct.pack(">I", len(record)) + record + body)
        self.stream.flush()

    def receive(self):
        header = json.loads(self.stream.read(*struct.unpack(">I", self.stream.read(4))))
        body = self.stream.read(header.get("size", 0))
        assert not body or header["md5"] == hashlib.md5(body).hexdigest(), header
        return header, body

    def call(self, method, request=None, body=None, **header):
        """Returns the messages of the reply, and the header of its end."""
        self.send({"name": method} | header, body or json.dumps(request or {}).encode())
        messages = []
        while True:
            header, body = self.receive()
            if not header.get("bare") and not header.get("code"):
                messages.append(json.loads(body or "{}"))
            if header["kind"] in ("end", "goaway"):
                return messages, header
