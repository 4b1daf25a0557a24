#!/usr/bin/env -S python3 -B
"""rpc dump: what passes is seen, stored and printed again."""

import os
import re
import signal
import socket
import ssl
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


def without_times(text):
    return re.sub(r"(?m)^ *\d+\.\d{6}  ", "", text)


class DumpTest(cli.CliTest):

    def test_frames_are_told_in_words(self):
        with self.dump() as proxy:
            with JsonClient(proxy.addresses[0]) as client:
                self.assertEqual(client.call("echo.Echo/Say", {"text": "hi"})[1], {"text": "hi"})
                client.call("echo.Echo/Nope", {})
            proxy.wait_for("closed")
            self.assertEqual(proxy.stop(), 0)
            said = without_times(proxy.text())
        self.assertRegex(said, r"\A"
            r"listening on tcp://127\.0\.0\.1:\d+, for " + re.escape(self.address) + r"\n"
            r"#1      opened by tcp://127\.0\.0\.1:\d+\n"
            r"#1  ->  CALL 0 echo\.Echo/Say 14 bytes LAST json\n"
            r"#1  <-  END 0 OK 13 bytes json\n"
            r"#1  ->  CALL 0 echo\.Echo/Nope 2 bytes LAST json\n"
            r'#1  <-  END 0 UNIMPLEMENTED "[^\n]*" BARE UNSEEN json\n'
            r"#1  ->  the client writes no more\n"
            r"#1  <-  the server writes no more\n"
            r"#1      closed\Z")

    def test_a_recording_prints_what_was_seen(self):
        path = os.path.join(self.folder(), "calls.rec")
        with self.dump(f"--store={path}") as proxy:
            with JsonClient(proxy.addresses[0]) as client:
                client.call("echo.Echo/Say", {"text": "hi"})
            proxy.wait_for("closed")
            proxy.stop()
            seen = without_times("\n".join(proxy.lines[1:]) + "\n")
        self.assertEqual(without_times(self.rpc("dump", path)), seen)
        self.assertIn('14 bytes LAST json  {"text": "hi"}\n', self.rpc("dump", path, "--bodies=50"))

    def test_a_recording_is_as_documented(self):
        path = self.record_calls({"text": "hi"})
        with open(path, "rb") as file:
            data = file.read()
        magic, version, began_us = struct.unpack(">8sIQ", data[:20])
        self.assertEqual((magic, version), (b"uvrpcrec", 1))
        self.assertLess(abs(began_us / 1e6 - time.time()), 600)
        events, at = [], 20
        while at < len(data):
            kind, connection, _, size = struct.unpack(">cIQI", data[at:at + 17])
            events.append((kind, connection, data[at + 17:at + 17 + size]))
            at += 17 + size
        self.assertEqual([e[:2] for e in events[:2]], [(b"a", 0), (b"o", 1)])
        self.assertTrue(events[0][2].endswith(b" " + self.address.encode()))
        sent = b"".join(data for kind, _, data in events if kind == b">")
        self.assertTrue(sent.endswith(b'{"text": "hi"}'))

    def test_much_passes_at_the_readers_speed(self):
        """A client that does not read stops the server, and costs the proxy no memory."""
        chunk, chunks = b"x" * MIB, 64
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                connection, _ = listener.accept()
                with connection:
                    for _ in range(chunks):
                        connection.sendall(chunk)
            thread = threading.Thread(target=serve)
            thread.start()
            with self.dump(to="127.0.0.1:%d" % listener.getsockname()[1]) as proxy:
                host, port = proxy.addresses[0].rpartition("/")[2].rsplit(":", 1)
                before = self.memory(proxy.process.pid)
                with socket.create_connection((host, int(port))) as client:
                    proxy.wait_for("no frames from here on")
                    time.sleep(0.5)
                    self.assertTrue(thread.is_alive())
                    self.assertLess(self.memory(proxy.process.pid) - before, 32 * MIB)
                    received = 0
                    while data := client.recv(MIB):
                        received += len(data)
                self.assertEqual(received, chunks * MIB)
                thread.join()

    def unread_dump(self):
        """A dump whose output nobody reads, and a client's connection to it."""
        process = subprocess.Popen(
            [cli.RPC, "dump", "--listen=127.0.0.1:0", f"--to={self.address}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.__exit__, None, None, None)
        self.addCleanup(process.kill)
        address = process.stdout.readline().decode().split()[2].rstrip(",")
        host, port = address.rpartition("/")[2].rsplit(":", 1)
        client = socket.create_connection((host, int(port)))
        self.addCleanup(client.close)
        record = b'{"name":"a.B/C"}'
        client.sendall((struct.pack(">I", len(record)) + record) * 3_000)
        return process

    def test_ctrl_c_ends_it_while_nobody_reads(self):
        process = self.unread_dump()
        cli.wait_until_full(process.stdout)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(cli.TIMEOUT_S), 0)

    def test_it_ends_when_its_reader_has_gone(self):
        process = self.unread_dump()
        process.stdout.close()
        self.assertEqual(process.wait(cli.TIMEOUT_S), cli.FAILED)
        self.assertEqual(process.stderr.read(), b"")

    def memory(self, pid):
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def test_a_wrong_md5_is_seen(self):
        with self.dump() as proxy:
            with JsonClient(proxy.addresses[0]) as client:
                client.send(name="echo.Echo/Say", size=2, md5="0" * 32)
                client._stream.write(b"{}")
                client._stream.flush()
                self.assertEqual(client.receive()[0]["code"], 15)
            proxy.wait_for(r"CALL 0 echo.Echo/Say 2 bytes LAST json MD5 WRONG")

    def test_a_server_that_is_not_there_is_told(self):
        nobody = cli.nobody()
        with self.dump(to=nobody) as proxy:
            host, port = proxy.addresses[0].rpartition("/")[2].rsplit(":", 1)
            with socket.create_connection((host, int(port))) as client:
                self.assertEqual(client.recv(1), b"")
            proxy.wait_for(rf"#1      closed: cannot connect to tcp://{nobody}: "
                           "connection refused; is a server listening there")

    def test_mistakes_are_told(self):
        not_one = os.path.join(self.folder(), "text")
        with open(not_one, "w", encoding="ascii") as file:
            file.write("this is a text, and no recording")
        for arguments, code, sentence in [
            (["dump"], 2, "--listen=ADDRESS and --to=ADDRESS"),
            (["dump", "x.rec", "--listen=127.0.0.1:0"], 2, "not both"),
            (["dump", "/no/such.rec"], 1, "cannot read /no/such.rec: No such file or directory"),
            (["dump", not_one], 1, "is no recording; "),
            (["dump", "--listen=udp://127.0.0.1:0", "--to=127.0.0.1:1"], 2, "udp:// has none"),
            (["dump", "--listen=127.0.0.1:0", "--to=udp://127.0.0.1:1"], 2, "udp:// has none"),
            (["dump", "/"], 1, "cannot read / at byte 0: Is a directory"),
            (["dump", "--listen=bla", "--to=127.0.0.1:1"], 2, '"tcp://bla"'),
            (["dump", "--listen=tls://127.0.0.1:0", "--to=127.0.0.1:1"], 2, "--listen_cert=FILE"),
            (["dump", "--listen=127.0.0.1:0", "--to=127.0.0.1:1", "--store=/no/such"], 1,
             "cannot write /no/such"),
            (["dump", "--listen=127.0.0.1:0", "--to=127.0.0.1:1", "--ca=x.pem"], 2, "--ca"),
        ]:
            with self.subTest(arguments=arguments):
                self.assertIn(sentence, self.rpc_fails(code, *arguments))

    def test_a_recording_that_was_cut_short_is_told(self):
        path = self.record_calls({"text": "hi"})
        size = os.path.getsize(path)
        os.truncate(path, size - 3)  # of an event without bytes, which has 17
        done = self.run_rpc("dump", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("END 0 OK", done.stdout)
        self.assertEqual(done.stderr, f"rpc: {path} was cut short: the event at byte {size - 17} "
                                      f"needs 17 bytes, and the file ends at byte {size - 3}\n")

    def test_a_recording_is_for_its_owner_alone(self):
        self.assertEqual(os.stat(self.record_calls()).st_mode & 0o777, 0o600)

    def test_who_cannot_listen_leaves_the_recording_of_another_alone(self):
        path = os.path.join(self.folder(), "calls.rec")
        with self.dump(f"--store={path}") as proxy:
            with JsonClient(proxy.addresses[0]) as client:
                client.call("echo.Echo/Say", {"text": "a"})
            proxy.wait_for("closed")
            size = os.path.getsize(path)
            self.assertIn("address already in use",
                          self.rpc_fails(1, "dump", f"--listen={proxy.addresses[0]}",
                                         f"--to={self.address}", f"--store={path}"))
            self.assertEqual(os.path.getsize(path), size)
            proxy.stop()

    def test_colours_are_for_terminals_only(self):
        path = self.record_calls({"text": "a"})
        self.assertNotIn("\x1b", self.rpc("dump", path))
        for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
            with self.at_terminal("dump", path, columns=120, env=env) as window:
                self.assertEqual(window.wait_exit(), 0)
                self.assertIn("END 0 OK", window.text())
                self.assertEqual(b"\x1b[" in window.output, coloured)


class TlsTest(cli.CliTest):

    @classmethod
    def setUpClass(cls):
        folder = os.environ["TEST_TMPDIR"]
        cls.certificate, cls.key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost", "-keyout", cls.key, "-out", cls.certificate],
            check=True, capture_output=True)
        cls.FLAGS = ["--listen=tls://localhost:0", f"--certificate={cls.certificate}",
                     f"--key={cls.key}"]
        super().setUpClass()

    def wrap(self, plain):
        context = ssl.create_default_context(cafile=self.certificate)
        return context.wrap_socket(plain, server_hostname="localhost")

    def test_calls_over_tls(self):
        self.assertIn("echo.Echo\n", self.rpc("ls", self.address, f"--ca={self.certificate}"))
        self.assertEqual(
            self.rpc("call", self.address, "echo.Echo/Say", '{"text": "a"}',
                     f"--ca={self.certificate}"), '{"text":"a"}\n')

    def test_what_is_wrong_with_tls_is_told(self):
        said = self.rpc_fails(cli.STATUS["UNAVAILABLE"], "ls", self.address)
        self.assertRegex(said, "self-signed.*; --ca=FILE names the CA, or the certificate, to tru")
        plain = "tcp://" + self.address.partition("://")[2]
        said = self.rpc_fails(cli.STATUS["UNAVAILABLE"], "ls", plain)
        self.assertIn("this address takes TLS only: connect with tls://", said)

    def test_tls_that_passes_through_cannot_be_seen(self):
        with cli.Program(cli.RPC, "dump", "--listen=127.0.0.1:0",
                         "--to=tcp://" + self.address.partition("://")[2]) as proxy:
            with JsonClient(proxy.addresses[0], self.wrap) as client:
                self.assertEqual(client.call("echo.Echo/Say", {"text": "a"})[1], {"text": "a"})
            proxy.wait_for("->  TLS: nobody can look into it from outside")

    def test_with_a_certificate_it_is_seen(self):
        path = os.path.join(self.folder(), "calls.rec")
        with cli.Program(cli.RPC, "dump", "--listen=tls://localhost:0",
                         f"--listen_cert={self.certificate}", f"--listen_key={self.key}",
                         f"--to={self.address}", f"--ca={self.certificate}",
                         f"--store={path}") as proxy:
            with JsonClient(proxy.addresses[-1], self.wrap) as client:
                self.assertEqual(client.call("echo.Echo/Say", {"text": "a"})[1], {"text": "a"})
            proxy.wait_for("<-  END 0 OK 12 bytes json")
            proxy.stop(signal.SIGTERM)
        self.assertIn("1 of 1 calls ended as before\n",
                      self.rpc("replay", path, self.address, f"--ca={self.certificate}", "--fast"))


if __name__ == "__main__":
    unittest.main()
