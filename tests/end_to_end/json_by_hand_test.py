#!/usr/bin/env -S python3 -B
"""The interop service, called in JSON by a client of a few lines: json_by_hand_client.py."""

import base64
import json
import os
import subprocess
import time
import unittest

import json_by_hand_client

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "json_by_hand_server")

CANCELLED, INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED = 1, 3, 4, 8
UNIMPLEMENTED, INTERNAL, DATA_LOSS = 12, 13, 15


def payload(size):
    return base64.b64encode(bytes(i % 251 for i in range(size))).decode()


class JsonByHandTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen([SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        address = cls.server.stdout.readline().decode().strip()
        cls.host, port = address.removeprefix("tcp://").split(":")
        cls.port = int(port)

    @classmethod
    def tearDownClass(cls):
        cls.server.communicate(timeout=10)
        assert cls.server.returncode == 0, cls.server.returncode

    def setUp(self):
        self.client = json_by_hand_client.Client(self.host, self.port)
        self.addCleanup(self.client.close)

    def call(self, method, request=None, **options):
        return self.client.call("interop.Interop/" + method, request, **options)

    def observe(self, given_up_after=None):
        """What the server has seen, when one more call was given up than before."""
        counts = given_up_after or {"cancelled": -1, "timedOut": 0}
        given_up_min = counts["cancelled"] + counts["timedOut"] + 1
        observed = self.call("Observe", {"givenUpMin": given_up_min}, timeout_us=5_000_000)[0][0]
        names = ("cancelled", "timedOut", "bytesWritten")
        return {name: int(observed.get(name, 0)) for name in names}

    def assert_fails(self, answer, code, *words):
        messages, end = answer
        self.assertEqual((messages, end["kind"], end["code"]), ([], "end", code), end)
        for word in words:
            self.assertIn(word, end["message"])

    def assert_works(self):
        self.assertEqual(self.call("Empty")[0], [{}])

    def test_unary(self):
        messages, end = self.call("Unary", {"payload": payload(1000), "replySize": 300})
        self.assertEqual(messages, [{"payload": payload(300), "payloadSize": "1000"}])
        self.assertNotIn("code", end)

    def test_one_call_after_the_other(self):
        for i in range(50):
            self.assertEqual(self.call("Unary", {"replySize": i})[0][0].get("payload", ""),
                             payload(i))

    def test_an_empty_body_is_the_empty_message(self):
        self.client.send({"name": "interop.Interop/Empty", "size": 0})
        header, body = self.client.receive()
        self.assertEqual((header["kind"], header.get("code", 0)), ("end", 0))
        self.assertIn(body, (b"", b"{}"))

    def test_server_streaming(self):
        parts = [{"size": 10}, {"size": 0, "count": 2}, {"size": 100_000, "pauseMs": 10}]
        messages, end = self.call("Produce", {"parts": parts})
        sizes = [len(base64.b64decode(message.get("payload", ""))) for message in messages]
        self.assertEqual(sizes, [10, 0, 0, 100_000])
        self.assertEqual((end["kind"], end.get("code", 0)), ("end", 0))

    def test_client_streaming(self):
        self.client.send({"name": "interop.Interop/Collect", "call": 1, "bare": True})
        for size in (3, 0, 30_000):
            body = b'{"payload": "%s"}' % payload(size).encode()
            self.client.send({"kind": "message", "call": 1}, body)
        self.client.send({"kind": "message", "call": 1, "last": True, "bare": True})
        header, body = self.client.receive()
        self.assertEqual((header["kind"], header["call"]), ("end", 1))
        self.assertEqual(json.loads(body), {"items": "3", "payloadSize": "30003"})

    def test_ping_pong(self):
        self.client.send({"name": "interop.Interop/Converse", "call": 7, "bare": True})
        for size in (1, 20, 300):
            self.client.send({"kind": "message", "call": 7}, b'{"parts": [{"size": %d}]}' % size)
            header, body = self.client.receive()
            self.assertEqual((header["kind"], header["call"]), ("message", 7))
            self.assertEqual(json.loads(body)["payload"], payload(size))
        self.client.send({"kind": "message", "call": 7, "last": True, "bare": True})
        self.assertEqual(self.client.receive()[0]["kind"], "end")

    def test_metadata(self):
        any_bytes = base64.b64encode(b"\x00\xab\n").decode()
        metadata = {"x-text": ["one", "two"], "x-bytes-bin": any_bytes}
        echo = {"leading": ["x-bytes-bin"], "trailing": ["x-text"]}
        self.client.send({"name": "interop.Interop/Unary", "metadata": metadata},
                         json.dumps({"echo": echo}).encode())
        leading, trailing = self.client.receive()[0], self.client.receive()[0]
        self.assertTrue(leading["bare"])
        self.assertEqual(leading["metadata"], {"x-bytes-bin": any_bytes})
        self.assertEqual(trailing["metadata"], {"x-text": ["one", "two"]})

    def test_an_error_has_its_code_its_sentence_and_its_details(self):
        value = base64.b64encode(b"\x00\xff").decode()
        detail = {"typeUrl": "type.example/x", "value": value}
        answer = self.call("Unary", {"ending": {"code": 9, "message": "not \u263a \U0001F608\t\n",
                                                "details": [detail]}})
        self.assert_fails(answer, 9)
        self.assertEqual(answer[1]["message"], "not \u263a \U0001F608\t\n")
        self.assertEqual(answer[1]["details"], [{"type_url": "type.example/x", "value": value}])

    def test_what_is_not_there_is_named(self):
        self.assert_fails(self.call("Nowhere"), UNIMPLEMENTED, "interop.Interop/Nowhere")
        self.assert_fails(self.call("Missing"), UNIMPLEMENTED, "interop.Interop/Missing")
        self.assert_fails(self.client.call("no.Such/Method"), UNIMPLEMENTED, "no.Such/Method")
        self.assert_fails(self.client.call(""), UNIMPLEMENTED)
        self.assert_works()

    def test_a_deadline_is_kept_by_the_server(self):
        before = self.observe()
        answer = self.call("Unary", {"pauseMs": 30_000}, timeout_us=50_000)
        self.assert_fails(answer, DEADLINE_EXCEEDED)
        self.assertEqual(self.observe(given_up_after=before)["timedOut"], before["timedOut"] + 1)

    def test_a_client_that_goes_away_cancels_its_call(self):
        before = self.observe()
        gone = json_by_hand_client.Client(self.host, self.port)
        gone.send({"name": "interop.Interop/Converse", "call": 1, "bare": True})
        gone.send({"kind": "message", "call": 1}, b'{"parts": [{"size": 1}]}')
        self.assertEqual(gone.receive()[0]["kind"], "message")
        gone.close()
        self.assertEqual(self.observe(given_up_after=before)["cancelled"], before["cancelled"] + 1)

    def test_a_call_is_cancelled(self):
        before = self.observe()
        self.client.send({"name": "interop.Interop/Collect", "call": 1, "bare": True})
        self.client.send({"kind": "cancel", "call": 1})
        header = self.client.receive()[0]
        self.assertEqual((header["kind"], header["code"]), ("end", CANCELLED), header)
        self.assertEqual(self.observe(given_up_after=before)["cancelled"], before["cancelled"] + 1)

    # Without HELLO there is no credit: the back-pressure is that of the socket.
    def test_a_client_that_does_not_read(self):
        slow = json_by_hand_client.Client(self.host, self.port)
        self.addCleanup(slow.close)
        before = self.observe()["bytesWritten"]
        slow.send({"name": "interop.Interop/Produce"},
                  b'{"parts": [{"size": 65536, "count": 500}]}')
        ahead, last = 1, 0
        while ahead != last:
            time.sleep(0.2)
            ahead, last = self.observe()["bytesWritten"] - before, ahead
        self.assertLess(ahead, 16 << 20)
        count = 0
        while slow.receive()[0]["kind"] == "message":
            count += 1
        self.assertEqual(count, 500)

    def test_a_handler_that_throws(self):
        answer = self.call("Throw", {"what": "the secret"})
        self.assert_fails(answer, INTERNAL)
        self.assertNotIn("secret", answer[1]["message"])
        self.assert_works()

    def test_a_message_above_the_limit(self):
        answer = self.call("Unary", body=b" " * (2 << 20))
        self.assert_fails(answer, RESOURCE_EXHAUSTED, "2097152", "1048576")
        self.assert_works()

    def test_a_body_that_is_no_json(self):
        for body, words in [
            (b"{", ()),
            (b"hello", ()),
            (b"[]", ()),
            (b"\xff\xfe", ()),
            (b'{"replySize": 1} x', ()),
            (b'{"replySize": "many"}', ("many",)),
            (b'{"replySize": -1}', ("-1",)),
            (b'{"reply_sizes": 1}', ("reply_sizes",)),
            (b'{"payload": "*"}', ()),
            (b"[" * 10_000, ("nested",)),
        ]:
            with self.subTest(body=body[:30]):
                answer = self.call("Unary", body=body)
                self.assert_fails(answer, INVALID_ARGUMENT, "interop.UnaryRequest", *words)
                self.assert_works()

    def test_a_message_of_a_stream_that_is_no_json(self):
        self.client.send({"name": "interop.Interop/Collect", "call": 1, "bare": True})
        self.client.send({"kind": "message", "call": 1}, b"{}")
        self.client.send({"kind": "message", "call": 1}, b"nonsense")
        header = self.client.receive()[0]
        self.assertEqual((header["kind"], header["code"]), ("end", INVALID_ARGUMENT), header)
        self.assertIn("interop.Item", header["message"])

    def test_a_body_that_fails_its_md5(self):
        self.assert_fails(self.call("Empty", md5="0" * 32), DATA_LOSS)
        self.assert_works()

    def test_a_header_that_is_no_json_ends_the_connection_with_a_sentence(self):
        self.client.stream.write(b"\x00\x00\x00\x05{nope")
        self.client.stream.flush()
        header, _ = self.client.receive()
        self.assertEqual(header["kind"], "goaway")
        self.assertTrue(header["message"])
        self.assertEqual(self.client.stream.read(), b"")


if __name__ == "__main__":
    unittest.main()
