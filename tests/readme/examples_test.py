#!/usr/bin/env -S python3 -B
"""Every example says what it is to say; the server and the client of the examples answer to their
flags, to bad addresses and to signals; the client in ten lines of Python is one."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import unittest

import readme

TIMEOUT_S = 100
USAGE = "usage: "


def run(name, *arguments):
    """Runs a program to its end; returns (exit code, stdout, stderr)."""
    done = subprocess.run([f"examples/{name}", *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    return done.returncode, done.stdout, done.stderr


class Server:
    """//examples:server, from when it listens to the end of the `with`."""

    def __init__(self, *flags):
        self.process = subprocess.Popen(["examples/server", *flags], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True)
        self.watchdog = threading.Timer(TIMEOUT_S, self.process.kill)
        self.addresses, self.services = [], []

    def __enter__(self):
        self.watchdog.start()
        while "interop.Interop" not in self.services:
            line = self.process.stdout.readline()
            if not line:
                break
            verb, what = line.strip().rsplit(" ", 1)
            (self.addresses if verb == "listening on" else self.services).append(what)
        return self

    def signalled(self, number):
        """Its exit code after this signal."""
        self.process.send_signal(number)
        if "TSAN_OPTIONS" in os.environ:
            # What comes in the moment before a thread falls asleep, its runtime keeps to itself.
            try:
                return self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.send_signal(number)
        return self.process.wait(TIMEOUT_S)

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.watchdog.cancel()
        self.process.stdout.close()


class ExamplesTest(unittest.TestCase):

    def assert_says(self, output, *lines, in_order=True):
        """Each of the lines is a pattern, and there are no others."""
        code, said, errors = output
        self.assertEqual((code, errors), (0, ""), said)
        said = said.splitlines()
        if not in_order:
            said, lines = sorted(said), sorted(lines)
        self.assertEqual(len(said), len(lines), said)
        for line, pattern in zip(said, lines):
            self.assertRegex(line, re.compile(f"^{pattern}$"))

    def test_client(self):
        with Server("--listen=tcp://127.0.0.1:0") as server:
            self.assert_says(run("client", server.addresses[0], "hello there"),
                             "said: hello there", "counted: 0", "counted: 1", "counted: 2")

    def test_streaming(self):
        with Server("--listen=unix:@uvrpc-streaming-%d" % os.getpid()) as server:
            self.assert_says(run("streaming", server.addresses[0]),
                             "counted 0", "counted 1", "counted 2", "1 to 100 are 5050",
                             "ONE", "TWO", "THREE")

    def test_parallel(self):
        with Server("--listen=tcp://127.0.0.1:0", "--threads=2") as server:
            self.assert_says(run("parallel", server.addresses[0]),
                             "1000 replies, the last is 999", "as it is, LOUD",
                             "in time: slept 1 ms", "too late: CANCELLED: .*")

    def test_deadline(self):
        # The relay prints on the servers' threads.
        self.assert_says(run("deadline"),
                         "relay: there is time",
                         "a sleep of 1 ms within 10s: slept 1 ms",
                         "relay: less than a second left",
                         "a sleep of 60000 ms within 50ms: DEADLINE_EXCEEDED: [^()]*",
                         "far handlers: all have ended", in_order=False)

    def test_cancel(self):
        # The handlers print on the server's thread.
        self.assert_says(run("cancel"),
                         "read 0", "read 1", "read 2", "three are enough", "count: CANCELLED",
                         "the caller: CANCELLED: .*", "sleep: CANCELLED, the call is over",
                         in_order=False)

    def test_interceptor(self):
        self.assert_says(run("interceptor"),
                         r"echo.Echo/Say took \d+ us: UNAUTHENTICATED: the call has no token, .*",
                         r"echo.Echo/Say took \d+ us: OK",
                         "good morning, Ada")

    def test_own_loop(self):
        self.assert_says(run("own_loop"),
                         "the server slept 100 ms", "the application's timer ran meanwhile")

    def test_many_clients(self):
        self.assert_says(run("many_clients"),
                         "open at once: 200 connections, 200 conversations",
                         r"answered: 10000 lines of 200 clients in \d+ ms",
                         "threads that served them: 1")

    def test_phone(self):
        self.assert_says(run("phone"),
                         "ann hears: THIS IS ANN",
                         "bob waits on the line",
                         "eve hears: RESOURCE_EXHAUSTED: .*",
                         "ann hears: GOOD-BYE",
                         "ann hangs up",
                         "bob hears: THIS IS BOB")

    def test_datagrams(self):
        self.assert_says(run("datagrams"), "reading 1", "reading 2", "reading 3",
                         "a large one: RESOURCE_EXHAUSTED: .*tcp://.*1200.*",
                         "a stream: UNIMPLEMENTED: .*tcp://.*")


class TlsTest(unittest.TestCase):
    """With the certificate that README.md makes."""

    @classmethod
    def setUpClass(cls):
        with open("README.md", encoding="utf-8") as file:
            command, = [b.text for b in readme.blocks(file.read()) if "openssl" in b.text]
        folder = os.environ["TEST_TMPDIR"]
        subprocess.run(command.replace("/tmp/", folder + "/"), shell=True, check=True,
                       capture_output=True)
        cls.certificate = os.path.join(folder, "cert.pem")
        cls.key = os.path.join(folder, "key.pem")

    def test_server_and_client(self):
        with Server("--listen=tls://localhost:0", f"--certificate={self.certificate}",
                    f"--key={self.key}") as server:
            address = server.addresses[-1]
            self.assertEqual(run("client", address, "hello", self.certificate)[0], 0)
            code, _, errors = run("client", address, "hello")
            self.assertEqual(code, 1)
            self.assertIn("self-signed", errors)
            self.assertEqual(server.signalled(signal.SIGTERM), 0)

    def test_hangup_reads_the_certificate_again(self):
        with Server("--listen=tls://localhost:0", f"--certificate={self.certificate}",
                    f"--key={self.key}") as server:
            address = server.addresses[-1]
            server.process.send_signal(signal.SIGHUP)
            self.assertEqual(run("client", address, "hello", self.certificate)[0], 0)

    def test_files_that_cannot_be_used_are_named(self):
        code, _, errors = run("server", "--listen=tls://localhost:0", "--certificate=/no/such",
                              f"--key={self.key}")
        self.assertEqual(code, 1)
        self.assertIn("/no/such", errors)
        code, _, errors = run("server", "--listen=tls://localhost:0")
        self.assertEqual(code, 1)
        self.assertIn("needs --certificate=FILE", errors)

    def test_mutual_tls(self):
        code, said, errors = run("mutual_tls", self.certificate, self.key, self.certificate)
        self.assertEqual(code, 0, errors)
        self.assertRegex(errors, r"^rpc: TLS handshakes that failed: 1, the last: .*\n$")
        self.assertRegex(said, r"^good morning, localhost\n"
                               r"without a certificate: UNAVAILABLE: .*certificate.*\n$")


class TenLinesTest(unittest.TestCase):

    def test_python_calls_it_in_json(self):
        with open("rpc/PROTOCOL.md", encoding="utf-8") as file:
            client, = [b.text for b in readme.blocks(file.read()) if b.language == "python"]
        with Server("--listen=tcp://127.0.0.1:0") as server:
            port = server.addresses[0].rsplit(":", 1)[1]
            self.assertIn("7000", client)
            done = subprocess.run([sys.executable, "-c", client.replace("7000", port)],
                                  capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual((done.stdout, done.stderr), ("{'text': 'hello'}\n", ""))


class ServerTest(unittest.TestCase):

    def assert_refused(self, output, *words):
        code, said, errors = output
        self.assertEqual((code, said), (1, ""), errors)
        for word in words:
            self.assertIn(word, errors)

    def test_tells_where_it_listens_and_what_it_serves(self):
        path = os.path.join(os.environ["TEST_TMPDIR"], "s")
        # A unix socket's address holds no more than 107 characters.
        second = f"unix://{path}" if len(path) < 100 else f"unix:@uvrpc-server-{os.getpid()}"
        with Server("--listen=tcp://127.0.0.1:0", f"--listen={second}") as server:
            self.assertRegex(server.addresses[0], r"^tcp://127\.0\.0\.1:[1-9]\d+$")
            self.assertEqual(server.addresses[1], second)
            self.assertEqual(server.services, ["echo.Echo", "chat.Chat", "reflection.Reflection",
                                               "health.Health", "stats.Stats", "interop.Interop"])
            for address in server.addresses:
                self.assertEqual(run("client", address)[0], 0)

    def test_term_and_int_end_it_well(self):
        for number in (signal.SIGTERM, signal.SIGINT) * 5:  # sent as soon as it has told
            with Server("--listen=tcp://127.0.0.1:0") as server:
                self.assertEqual(server.signalled(number), 0)

    def test_an_address_in_use_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "tcp://127.0.0.1:%d" % taken.getsockname()[1]
            self.assert_refused(run("server", f"--listen={address}"), address, "in use")

    def test_an_address_that_cannot_be_read_is_named(self):
        self.assert_refused(run("server", "--listen=http://x:1"), '"http://x:1"', "tcp://")
        self.assert_refused(run("server", "--listen=tcp://127.0.0.1"), "the port is missing")
        self.assert_refused(run("server", "--listen=unix:///no/such/folder/s"), "no such file")

    def test_unknown_flags_are_named(self):
        self.assert_refused(run("server", "--verbose"), "--verbose", "--help")
        self.assert_refused(run("server", "7000"), "7000", "usage: server")

    def test_flags_take_values(self):
        for flag in ("--listen", "--listen="):
            self.assert_refused(run("server", flag), "--listen takes ADDRESS")
        for flag in ("--threads", "--threads="):
            self.assert_refused(run("server", flag), "--threads takes N")
        for value in ("0", "x", "1025"):
            self.assert_refused(run("server", f"--threads={value}"), "from 1 to 1024",
                                f'"{value}"')

    def test_what_gives_something_away_is_asked_for(self):
        folder = os.environ["TEST_TMPDIR"]
        token = os.path.join(folder, "token")
        with open(token, "w", encoding="utf-8") as file:
            file.write("the-token-of-a-test\n")
        with Server("--listen=tcp://127.0.0.1:0", f"--files={folder}", "--shell=ls",
                    f"--shell_token_file={token}") as server:
            self.assertEqual(server.services[2:4], ["files.Files", "shell.Shell"])
        for flags, words in (
            (["--shell=ls"], ["--shell_token_file"]),
            (["--shell=ls", "--shell_token_file=/no/such"], ["/no/such", "No such file"]),
            (["--shell=a/b", f"--shell_token_file={token}"], ['"a/b"', "absolute path"]),
            (["--files=/no/such"], ["/no/such", "no such file"]),
            (["--files_read_only"], ["--files=FOLDER"]),
        ):
            self.assert_refused(run("server", *flags), *words)

    def test_help_is_no_error(self):
        for program in ("server", "client"):
            code, said, errors = run(program, "--help")
            self.assertEqual((code, errors), (0, ""))
            self.assertTrue(said.startswith(USAGE + program), said)

    def test_the_client_says_what_is_wrong(self):
        self.assert_refused(run("client", "--port=7000"), USAGE)
        self.assert_refused(run("client", "a", "b", "c", "d"), USAGE)
        self.assert_refused(run("client", "localhost:7000"), '"localhost:7000"', "tcp://")
        nobody = "unix:@uvrpc-nobody-%d" % os.getpid()
        self.assert_refused(run("client", nobody), nobody, "refused")


if __name__ == "__main__":
    unittest.main()
