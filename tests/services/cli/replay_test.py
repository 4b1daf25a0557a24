#!/usr/bin/env -S python3 -B
"""rpc replay: a recording is sent again, and how its calls end is compared."""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.getcwd())
from tests.services.cli import cli  # pylint: disable=wrong-import-position
from tests.services.cli.json_client import JsonClient  # pylint: disable=wrong-import-position

MIB = 1 << 20
START = b"uvrpcrec" + struct.pack(">IQ", 1, 0)


def event(kind, data=b"", connection=1):
    return struct.pack(">cIQI", kind, connection, 0, len(data)) + data


def frame(text):
    return struct.pack(">I", len(text)) + text


class ReplayTest(cli.CliTest):

    def recording(self, *events):
        path = self.folder_file("made.rec")
        with open(path, "wb") as file:
            file.write(START + b"".join(events))
        return path

    def test_a_recording_without_calls_is_no_success(self):
        ping = event(b">", frame(b'{"kind":"ping"}'))
        for events in ((), (event(b"o"), event(b"x")), (event(b"o"), ping)):
            path = self.recording(*events)
            done = self.run_rpc("replay", path, self.address, "--fast", "--quiet")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (
                cli.FAILED, "0 of 0 calls ended as before\n",
                f"rpc: no call ends in {path}, so there is nothing to compare\n"))

    def test_of_a_recording_that_was_cut_short_the_whole_part_is_sent(self):
        path = self.record_calls({"text": "a"}, {"text": "b"})
        size = os.path.getsize(path)
        os.truncate(path, size - 3)
        done = self.run_rpc("replay", path, self.address, "--fast", "--quiet")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (
            cli.FAILED, "2 of 2 calls ended as before\n",
            f"rpc: {path} was cut short: the event at byte {size - 17} needs 17 bytes, and the "
            f"file ends at byte {size - 3}\n"))

    def test_tls_that_passed_through_cannot_be_sent(self):
        path = self.recording(event(b"o"), event(b">", b"\x16\x03\x01\x02\x00\x01"))
        self.assertEqual(
            self.rpc_fails(cli.FAILED, "replay", path, self.address),
            "rpc: connection 1 is TLS as it passed through, which nobody can send again; record "
            "with --listen=tls://..., --listen_cert and --listen_key\n")

    def test_the_first_byte_of_tls_is_like_others_behind_the_first(self):
        call = frame(b'{"name":"echo.Echo/S"}')  # which there is not
        self.assertEqual(call[:4], b"\0\0\0\x16")
        ended = frame(b'{"kind":"end","bare":true,"code":12}')
        path = self.recording(event(b"o"), event(b">", call), event(b"<", ended),
                              event(b">", call[:3]), event(b">", call[3:]), event(b"<", ended))
        self.assertEqual(self.rpc("replay", path, self.address, "--fast", "--quiet"),
                         "2 of 2 calls ended as before\n")

    def silent_server(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        return "127.0.0.1:%d" % listener.getsockname()[1]

    def test_a_reply_that_does_not_come_is_waited_for_with_patience(self):
        path = self.record_calls({"text": "a"})
        address = self.silent_server()
        for patience_s in (0.1, 1.5):
            begun = time.monotonic()
            done = self.run_rpc("replay", path, address, "--fast", "--quiet",
                                f"--patience={patience_s}s")
            took = time.monotonic() - begun
            self.assertEqual((done.returncode, done.stdout), (
                cli.FAILED, "#1 call 0 did not end, was OK with 1 message\n"
                            "0 of 1 calls ended as before\n"))
            self.assertGreaterEqual(took, patience_s)
            self.assertLess(took, patience_s + 30)

    def test_ctrl_c_ends_it_while_it_waits(self):
        path = self.record_calls({"text": "a"})
        argv = [cli.RPC, "replay", path, self.silent_server(), "--fast", "--patience=1h"]
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True) as process:
            while "LAST json" not in process.stdout.readline():
                pass
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(cli.TIMEOUT_S), cli.INTERRUPTED)

    def test_ctrl_c_ends_it_while_nobody_reads(self):
        path = self.recording(event(b"o"), event(b">", frame(b'{"name":"a.B/C"}') * 3_000))
        argv = [cli.RPC, "replay", path, self.address, "--fast"]
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            cli.wait_until_full(process.stdout)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(cli.TIMEOUT_S), cli.INTERRUPTED)

    def test_mistakes_are_told(self):
        path = self.recording(event(b"o"))
        for arguments, code, sentence in [
            ([path, "udp://127.0.0.1:1"], cli.USAGE, "udp:// has none"),
            ([path, "bla"], cli.USAGE, '"tcp://bla"'),
            (["/no/such.rec", "127.0.0.1:1"], cli.FAILED, "cannot read /no/such.rec: No such file"),
            ([__file__, "127.0.0.1:1"], cli.FAILED, "is no recording; "),
        ]:
            with self.subTest(arguments=arguments):
                self.assertIn(sentence, self.rpc_fails(code, "replay", *arguments))

    def test_replay_says_that_all_ended_as_before(self):
        path = self.record_calls({"text": "a"}, {"text": "b"})
        said = self.rpc("replay", path, self.address)
        self.assertIn("#1  <-  END 0 OK 12 bytes json\n", said)
        self.assertTrue(said.endswith("\n2 of 2 calls ended as before\n"), said)
        self.assertEqual(self.rpc("replay", path, self.address, "--fast", "--quiet", "--exact"),
                         "2 of 2 calls ended as before\n")

    def test_replay_keeps_the_times_unless_told(self):
        path = os.path.join(self.folder(), "calls.rec")
        with self.dump(f"--store={path}") as proxy:
            with JsonClient(proxy.addresses[0]) as client:
                client.call("echo.Echo/Say", {"text": "a"})
                time.sleep(3)
                client.call("echo.Echo/Say", {"text": "b"})
            proxy.wait_for("closed")
            proxy.stop()
        for flags, at_least, at_most in ([[], 3, 60], [["--fast"], 0, 3]):
            begun = time.monotonic()
            self.rpc("replay", path, self.address, "--quiet", *flags)
            took = time.monotonic() - begun
            self.assertTrue(at_least <= took < at_most, (flags, took))

    def test_replay_tells_what_ended_otherwise(self):
        path = self.record_calls({"text": "a"})
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                connection, _ = listener.accept()
                with connection:
                    connection.recv(MIB)
                    record = b'{"kind":"end","bare":true,"code":5,"message":"gone"}'
                    connection.sendall(struct.pack(">I", len(record)) + record)
                    connection.recv(1)
            thread = threading.Thread(target=serve)
            thread.start()
            done = self.run_rpc("replay", path, "127.0.0.1:%d" % listener.getsockname()[1],
                                "--quiet")
            thread.join()
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, '#1 call 0 ended NOT_FOUND "gone", was OK with 1 message\n'
                                      "0 of 1 calls ended as before\n")

    def test_replay_to_nobody_is_told(self):
        path = self.record_calls({"text": "a"})
        nobody = cli.nobody()
        self.assertEqual(
            self.rpc_fails(cli.STATUS["UNAVAILABLE"], "replay", path, nobody),
            f"rpc: cannot connect to tcp://{nobody}: connection refused; is a server listening "
            "there?\n")


if __name__ == "__main__":
    unittest.main()
