"""The built `rpc`, as a person uses it, and the server that it looks into.

    sys.path.insert(0, os.getcwd())                   # the top of the tree, where tests run
    from tests.services.cli import cli

    class LsTest(cli.CliTest):
        def test_it_lists(self):
            out = self.rpc("ls", self.address)        # fails unless the exit code is 0
            err = self.rpc_fails(69, "describe", self.address, "no.Such")
"""

import fcntl
import os
import re
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import unittest

from tests.services.cli.json_client import JsonClient
from tests.support import terminal

RPC = os.path.abspath("services/cli/rpc")
SERVER = os.path.abspath("examples/server")
TIMEOUT_S = 60
INTERRUPTED = 130
FAILED = 1
USAGE = 2
STATUS = {"CANCELLED": 65, "INVALID_ARGUMENT": 67, "DEADLINE_EXCEEDED": 68, "NOT_FOUND": 69,
          "RESOURCE_EXHAUSTED": 72, "UNIMPLEMENTED": 76, "UNAVAILABLE": 78}


class Program:
    """A program that tells where it listens, from then to the end of the `with` or of stop()."""

    def __init__(self, *argv):
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self.lines = []
        self.addresses = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait_for("listening on ")

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                if match := re.match(r"listening on ([^\s,]+)", line):
                    self.addresses.append(match[1])
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, part):
        """The first line that has this pattern, once it is there."""
        end = time.monotonic() + TIMEOUT_S
        with self._changed:
            while True:
                for line in self.lines:
                    if re.search(part, line):
                        return line
                if time.monotonic() > end or not self._reader.is_alive():
                    raise AssertionError(f"no {part!r} in:\n" + "\n".join(self.lines))
                self._changed.wait(0.1)

    def text(self):
        with self._changed:
            return "\n".join(self.lines)

    def stop(self, number=signal.SIGINT):
        """Its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(TIMEOUT_S)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        self._reader.join(TIMEOUT_S)
        self.process.stdout.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        if not self.process.stdout.closed:
            self.stop()


class CliTest(unittest.TestCase):
    SERVER = SERVER
    FLAGS = ["--listen=tcp://127.0.0.1:0"]
    SERVES = "serving interop.Interop"  # the last line that it prints when it begins

    @classmethod
    def setUpClass(cls):
        cls.server = Program(cls.SERVER, *cls.FLAGS)
        cls.server.wait_for(cls.SERVES)
        cls.address = cls.server.addresses[0]

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def folder(self):
        path = os.path.join(os.environ["TEST_TMPDIR"], self.id().split(".")[-1])
        os.makedirs(path, exist_ok=True)
        return path

    def run_rpc(self, *arguments, stdin=None, env=None):
        return subprocess.run([RPC, *arguments], input=stdin or "", capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=False, env={**os.environ, **(env or {})})

    def rpc(self, *arguments, **options):
        """What it prints, and nothing on stderr."""
        done = self.run_rpc(*arguments, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def rpc_fails(self, code, *arguments, **options):
        """What it says on stderr: one line that begins with the program's name."""
        done = self.run_rpc(*arguments, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertRegex(done.stderr, r"\Arpc: [^\n]*\n\Z")
        return done.stderr

    def folder_file(self, name):
        return os.path.join(self.folder(), name)

    def dump(self, *flags, to=None):
        """A proxy before the server, or before `to`."""
        return Program(RPC, "dump", "--listen=127.0.0.1:0", f"--to={to or self.address}", *flags)

    def record_calls(self, *bodies):
        """The path of a recording of these calls of echo.Echo/Say on one connection."""
        path = self.folder_file("calls.rec")
        with self.dump(f"--store={path}") as proxy:
            with JsonClient(proxy.addresses[0]) as client:
                for body in bodies:
                    client.call("echo.Echo/Say", body)
            proxy.wait_for("closed")
            self.assertEqual(proxy.stop(), 0)
        return path

    def at_terminal(self, *arguments, **options):
        return terminal.Terminal([RPC, *arguments], **options)


def wait_until_full(pipe):
    """Until whoever writes to this pipe has to wait."""
    end = time.monotonic() + TIMEOUT_S
    most = fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
    held, before = 0, -1
    while held < most * 0.9 or held != before:  # the last page may lack the end of a line
        if time.monotonic() > end:
            raise AssertionError(f"only {held} bytes were written")
        time.sleep(0.1)
        before = held
        held = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]


def nobody():
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return "127.0.0.1:%d" % taken.getsockname()[1]
