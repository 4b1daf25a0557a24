#!/usr/bin/env -S python3 -B
"""The dissector for Wireshark, in tshark: over captures of calls that were made to a server."""

import hashlib
import os
import socket
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, os.getcwd())
from tests.services.cli import capture, cli  # pylint: disable=wrong-import-position
from tests.services.cli.json_client import JsonClient  # pylint: disable=wrong-import-position

DISSECTOR = os.path.abspath("services/cli/wireshark/uvrpc.lua")


def varint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def frame(body=b"", name=b"", kind=0, call=0, flags=0, session=0, code=0, message=b"",
          metadata=()):
    """In binary."""
    record = b""
    if body:
        record += field(1, hashlib.md5(body).digest())
    for number, value in ((2, name), (3, len(body)), (4, kind), (5, call), (6, flags), (8, code),
                          (9, message)):
        if value:
            record += field(number, value)
    for key, value in metadata:
        record += field(10, field(1, key) + field(2, value))
    if session:
        record += varint(14 << 3 | 1) + struct.pack("<Q", session)
    return struct.pack(">I", len(record)) + record + body


class WiresharkTest(cli.CliTest):
    FLAGS = ["--listen=tcp://127.0.0.1:0", "--listen=udp://127.0.0.1:0"]

    def path(self, name):
        return os.path.join(self.folder(), name)

    def recorded(self, talk):
        """A recording of what `talk` does with an address."""
        path = self.path("calls.rec")
        with cli.Program(cli.RPC, "dump", "--listen=127.0.0.1:0", f"--to={self.address}",
                         f"--store={path}") as proxy:
            talk(proxy.addresses[0])
            proxy.wait_for("closed")
            proxy.stop()
        return path

    def tshark(self, packets, *arguments):
        path = self.path("capture.pcap")
        capture.write(path, packets)
        home = self.path("home")  # no preferences of whoever runs this
        os.makedirs(home, exist_ok=True)
        done = subprocess.run(
            ["tshark", "-X", f"lua_script:{DISSECTOR}", "-r", path, *arguments],
            capture_output=True, text=True, timeout=cli.TIMEOUT_S, check=False,
            env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "LC_ALL": "C.UTF-8"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("Lua:", done.stdout + done.stderr)
        return done.stdout

    def infos(self, packets):
        out = self.tshark(packets, "-Y", "uvrpc", "-T", "fields", "-e", "_ws.col.Info")
        return out.splitlines()

    def fields(self, packets, *names, only="uvrpc"):
        options = [option for name in names for option in ("-e", name)]
        # Twice, as Wireshark does: a CALL knows its END in the second pass.
        out = self.tshark(packets, "-2", "-Y", only, "-T", "fields", *options)
        return [line.split("\t") for line in out.splitlines()]

    def talk_in_json(self, address):
        with JsonClient(address) as client:
            client.call("echo.Echo/Say", {"text": "hi"}, timeout_us=50_000,
                        metadata={"trace": ["a", "b"]})
            client.call("echo.Echo/Nope", {"text": "x" * 100})

    def test_frames_in_json_are_told_in_words(self):
        recording = self.recorded(self.talk_in_json)
        self.assertEqual(self.infos(capture.segments_of(recording)), [
            "CALL 0 echo.Echo/Say 14 bytes LAST timeout 50ms 2 metadata json",
            "END 0 OK 13 bytes json (echo.Echo/Say)",
            "CALL 0 echo.Echo/Nope 112 bytes LAST json",
            'END 0 UNIMPLEMENTED "there is no method "echo.Echo/Nope"" BARE UNSEEN json '
            "(echo.Echo/Nope)",
        ])

    def test_frames_that_segments_cut_are_put_together(self):
        recording = self.recorded(self.talk_in_json)
        whole = self.infos(capture.segments_of(recording))
        self.assertEqual(self.infos(capture.segments_of(recording, 1)), whole)
        # A port that nobody has named is found out.
        self.assertEqual(self.infos(capture.segments_of(recording, port=4711)), whole)

    def talk_in_binary(self, address):
        hello = frame(field(1, 1) + field(8, b"test/1.0"), kind=8)
        count = frame(field(1, 2), b"echo.Echo/Count", call=7, flags=1,
                      metadata=[(b"trace-bin", b"\x01")])
        host, port = address.rpartition("/")[2].rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=cli.TIMEOUT_S) as client:
            client.sendall(hello + count + frame(kind=5))
            received = b""
            while b"\x20\x06" not in received or b"\x20\x02" not in received:  # PONG and END
                received += client.recv(65536)

    def test_frames_in_binary_are_told_in_words(self):
        recording = self.recorded(self.talk_in_binary)
        sent, *received = self.infos(capture.segments_of(recording))
        self.assertEqual(sent, "HELLO 12 bytes; CALL 7 echo.Echo/Count 2 bytes LAST 1 metadata; "
                               "PING")
        received = "; ".join(received).split("; ")
        self.assertRegex(received[0], r"^HELLO \d+ bytes$")
        self.assertIn("PONG", received)
        self.assertEqual([text for text in received if " 7" in text],
                         ["MESSAGE 7 (echo.Echo/Count)", "MESSAGE 7 2 bytes (echo.Echo/Count)",
                          "END 7 OK BARE (echo.Echo/Count)"])

    def test_fields_can_be_filtered(self):
        packets = list(capture.segments_of(self.recorded(self.talk_in_binary)))
        body = field(1, 2)
        self.assertEqual(
            self.fields(packets, "uvrpc.kind", "uvrpc.call", "uvrpc.name", "uvrpc.flags.last",
                        "uvrpc.metadata", "uvrpc.agent", only='uvrpc.name == "echo.Echo/Count"'),
            [["8,0,5", "7", "echo.Echo/Count", "0,1,0", r"trace-bin=\x01", "test/1.0"]])
        (md5,), = self.fields(packets, "uvrpc.md5", only='uvrpc.name == "echo.Echo/Count"')
        self.assertEqual(md5.split(",")[1], hashlib.md5(body).hexdigest())

    def test_a_reply_knows_its_call(self):
        packets = list(capture.segments_of(self.recorded(self.talk_in_json)))
        calls = self.fields(packets, "frame.number", "uvrpc.end_in", only="uvrpc.kind == 0")
        ends = self.fields(packets, "uvrpc.call_in", "frame.number", "uvrpc.of_method",
                           "uvrpc.code", "uvrpc.time", only="uvrpc.kind == 2")
        self.assertEqual(calls, [end[:2] for end in ends])
        self.assertEqual([end[2:4] for end in ends],
                         [["echo.Echo/Say", "0"], ["echo.Echo/Nope", "12"]])
        self.assertTrue(all(0 <= float(end[4]) < cli.TIMEOUT_S for end in ends), ends)

    def test_bodies_go_on_to_protobuf_and_json(self):
        binary = self.tshark(capture.segments_of(self.recorded(self.talk_in_binary)), "-V")
        self.assertIn("Protocol Buffers: /echo.Echo/Count,request", binary)
        json = self.tshark(capture.segments_of(self.recorded(self.talk_in_json)), "-V")
        self.assertIn("JavaScript Object Notation", json)
        self.assertIn("Member: text", json)

    def test_datagrams(self):
        call = frame(field(1, b"hi"), b"echo.Echo/Say", call=1, flags=1, session=0x123456789abcdef)
        call = call[:4] + call[4:].replace(b"\x30\x01", b"\x30\x01\x38\x80\x89\x7a", 1)
        call = struct.pack(">I", struct.unpack(">I", call[:4])[0] + 4) + call[4:]
        host, port = self.server.addresses[1].rpartition("/")[2].rsplit(":", 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(cli.TIMEOUT_S)
            client.sendto(call, (host, int(port)))
            end = client.recv(65536)
        packets = [capture.datagram(True, call), capture.datagram(False, end)]
        self.assertEqual(self.infos(packets), [
            "CALL 1 echo.Echo/Say 4 bytes LAST timeout 2s session 0123456789abcdef",
            "END 1 OK 4 bytes session 0123456789abcdef (echo.Echo/Say)",
        ])

    def test_what_is_no_frame_is_told_or_left_alone(self):
        path = self.path("garbage.rec")
        head = b"uvrpcrec" + struct.pack(">IQ", 1, 0)
        opened = struct.pack(">cIQI", b"o", 1, 0, 0)
        text = b"\x00\x00\x00\x05hello"
        with open(path, "wb") as file:
            file.write(head + opened + struct.pack(">cIQI", b">", 1, 0, len(text)) + text)
        self.assertEqual(self.infos(capture.segments_of(path)),
                         ["no frame: a header record that cannot be read"])
        self.assertEqual(self.infos(capture.segments_of(path, port=4711)), [])
        garbage = (b"", b"\0", b"\0\0\0\1", b"\0\0\0\2{}", bytes(64), b"\0\0\0\1{" * 9)
        self.assertEqual(self.infos([capture.datagram(True, data) for data in garbage]), [])


if __name__ == "__main__":
    unittest.main()
