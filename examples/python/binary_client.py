"""Calls the echo service in binary, with Protobuf's messages: binary_client.py [tcp://HOST:PORT]

It says no HELLO, so all that it is sent are the frames of its own calls, with whole messages, and a
GOAWAY if it broke the protocol. Debian's python3-protobuf and protoc are what it needs; from the
top of the tree:

    protoc -Irpc/wire -Iservices/echo --python_out=examples/python header.proto echo.proto
    python3 examples/python/binary_client.py
"""
import hashlib
import socket
import struct
import sys

from echo_pb2 import CountRequest, Number, SayReply, SayRequest, Total
from header_pb2 import HeaderRecord

LAST, BARE = 1, 4  # the flags that matter here


class CallFailed(Exception):
    """The call has ended with another status than OK; str() is the server's sentence."""


class Connection:
    """Makes one call after the other."""

    def __init__(self, host, port):
        self.stream = socket.create_connection((host, port)).makefile("rwb")
        self.calls = 0  # the ids of calls rise

    def call(self, method, requests, reply_type):
        """Sends the requests, then yields the replies: one or many of each."""
        self.calls += 1
        header = HeaderRecord(kind=HeaderRecord.CALL, name=method)
        for number, request in enumerate(requests, start=1):
            header.flags = LAST if number == len(requests) else 0
            self.send(header, request.SerializeToString())
            header = HeaderRecord(kind=HeaderRecord.MESSAGE)
        self.stream.flush()
        while header.kind != HeaderRecord.END:
            header, body = self.receive()
            if header.code != 0:  # of an END, or of a GOAWAY
                raise CallFailed(header.message or f"the call ended with code {header.code}")
            if not header.flags & BARE:  # 0 bytes without BARE are the empty message
                yield reply_type.FromString(body)

    def send(self, header, body):
        header.call, header.size, header.md5 = self.calls, len(body), hashlib.md5(body).digest()
        record = header.SerializeToString()
        self.stream.write(struct.pack(">I", len(record)) + record + body)

    def receive(self):
        length, = struct.unpack(">I", self.read(4))
        header = HeaderRecord.FromString(self.read(length))
        body = self.read(header.size)
        if body and header.md5 != hashlib.md5(body).digest():
            raise CallFailed("the body was damaged on its way")
        return header, body

    def read(self, size):
        part = self.stream.read(size)
        if len(part) < size:
            raise ConnectionError("the connection ended before the call")
        return part


def main(address="tcp://127.0.0.1:7000"):
    try:
        host, _, port = address.removeprefix("tcp://").rpartition(":")
        echo = Connection(host, int(port))
        for reply in echo.call("echo.Echo/Say", [SayRequest(text="hello")], SayReply):
            print("said:", reply.text)
        for number in echo.call("echo.Echo/Count", [CountRequest(upto=3)], Number):
            print("counted:", number.value)
        for total in echo.call("echo.Echo/Sum", [Number(value=20), Number(value=22)], Total):
            print("sum:", total.value)
    except (CallFailed, OSError, ValueError) as error:
        sys.exit(f"{address}: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
