#!/usr/bin/env -S python3 -B
"""The chat program at a terminal and between pipes, over connections and over datagrams."""

import os
import pwd
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.getcwd())
from tests.support import terminal  # pylint: disable=wrong-import-position

TIMEOUT_S = 60
PROGRAM = "examples/chat/chat"


class Server:
    """Serves chat on TCP and UDP, to the end of the `with`."""

    def __init__(self, *flags):
        self.flags = flags
        self.tcp, self.udp = "tcp://127.0.0.1:0", "udp://127.0.0.1:0"
        self.start()

    def start(self):
        self.process = subprocess.Popen(["tests/services/chat/server", *self.flags, self.tcp,
                                         self.udp], stdout=subprocess.PIPE, text=True)
        self.tcp = self.process.stdout.readline().strip()
        self.udp = self.process.stdout.readline().strip()

    def stop(self):
        self.process.terminate()
        self.process.wait(TIMEOUT_S)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


class Wire:
    """Forwards connections to a server, and can be cut."""

    def __init__(self, server):
        host, port = server.removeprefix("tcp://").split(":")
        self.server = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "tcp://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.pairs = []
        self.open = True
        self.lock = threading.Lock()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                if not self.open:
                    near.close()
                    continue
                far = socket.create_connection(self.server)
                self.pairs.append((near, far))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.forward, args=pair, daemon=True).start()

    @staticmethod
    def forward(source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
        except OSError:
            pass

    def cut(self):
        """Both ends of every connection read an end, and new ones are closed at once."""
        with self.lock:
            self.open = False
            for pair in self.pairs:
                for end in pair:
                    try:
                        end.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
                    end.close()
            self.pairs = []

    def mend(self):
        with self.lock:
            self.open = True

    def close(self):
        self.cut()
        self.listener.close()


def command(address, name, *flags):
    return [PROGRAM, f"--server={address}", f"--name={name}", *flags]


def run(*arguments, typed=""):
    """Without a terminal: (exit code, stdout, stderr)."""
    done = subprocess.run([PROGRAM, *arguments], input=typed, capture_output=True, text=True,
                          timeout=TIMEOUT_S, check=False)
    return done.returncode, done.stdout, done.stderr


class Pipes:
    """A program whose user is another program."""

    def __init__(self, address, name, *flags):
        self.process = subprocess.Popen(command(address, name, *flags), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        bufsize=1)
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def say(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def wait_for(self, pattern, count=1):
        end = time.monotonic() + TIMEOUT_S
        while len([line for line in list(self.lines) if re.search(pattern, line)]) < count:
            if time.monotonic() > end:
                raise AssertionError(f"no {pattern!r} in {self.lines}")
            time.sleep(0.01)

    def __enter__(self):
        self.wait_for("-- you are ")
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.process.wait(TIMEOUT_S)
        self.reader.join(TIMEOUT_S)
        self.process.stdout.close()


class ServerTest(unittest.TestCase):

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)

    def server_flag(self, scheme):
        return f"--server={getattr(self.server, scheme)}"

    def terminal(self, name, *flags, address=None, **options):
        window = terminal.Terminal(command(address or self.server.tcp, name, *flags), **options)
        self.addCleanup(window.close)
        window.wait_for(f"-- you are {name} in ")
        window.wait_for(f"{name}> ")
        return window

    def pipes(self, name, *flags, address=None):
        return Pipes(address or self.server.tcp, name, *flags)

    def assert_left(self, window):
        """The terminal is as before, and the last line is not the prompt."""
        self.assertEqual(window.wait_exit(), 0)
        self.assertFalse(window.is_raw())
        self.assertFalse(window.brackets_pastes())
        self.assertNotIn("> ", window.text().splitlines()[-1])
        self.assertEqual(window.unknown, [])


class TerminalTest(ServerTest):

    def test_two_talk(self):
        ann = self.terminal("ann")
        bob = self.terminal("bob")
        bob.wait_for("-- you are bob in lobby, with ann")
        ann.wait_for("-- bob joined")
        ann.type("hello, bob\n")
        bob.wait_for("ann: hello, bob")
        bob.type("hello, ann\n")
        ann.wait_for("bob: hello, ann")
        rows = [row for row in ann.screen() if row]
        self.assertEqual(rows, ["-- you are ann in lobby; nobody else is here", "-- bob joined",
                                "ann: hello, bob", "bob: hello, ann", "ann>"])
        bob.key("ctrl-d")
        self.assert_left(bob)
        ann.wait_for("-- bob left")
        ann.type("/quit\n")
        self.assert_left(ann)

    def test_names_have_colours_here_only(self):
        ann = self.terminal("ann")
        with self.pipes("bob") as bob:
            bob.say("hello")
            ann.wait_for("bob: hello")
            self.assertRegex(ann.output, rb"\x1b\[3[1-6]mbob\x1b\[m: hello")
            ann.type("hi\n")
            bob.wait_for("^ann: hi$")
        plain = self.terminal("eve", env={"NO_COLOR": "1"})
        plain.type("hello\n")
        plain.wait_for("eve: hello")
        self.assertNotRegex(plain.output, rb"\x1b\[[0-9;]*m")

    def test_a_line_half_typed_survives_what_others_say(self):
        ann = self.terminal("ann")
        ann.type("I was about to s")
        ann.wait_for("ann> I was about to s")
        ann.key("left", "left")
        with self.pipes("bob") as bob:
            for number in range(10):
                bob.say(f"interruption {number}")
            ann.wait_for("interruption 9")
            rows = ann.wait_for(lambda rows: "ann> I was about to s" in rows)
            self.assertEqual(rows.count("ann> I was about to s"), 1)
            self.assertEqual(ann.cursor[1], len("ann> I was about to s") - 2)
            ann.key("end")
            ann.type("ay this\n")
            bob.wait_for("^ann: I was about to say this$")

    def test_a_narrow_terminal_and_another_size(self):
        ann = self.terminal("ann", columns=24, rows=10)
        text = "a line that is much longer than this terminal is wide"
        ann.type(text)
        with self.pipes("bob") as bob:
            bob.say("word " * 12 + "end")
            ann.wait_for("word end")
            ann.wait_for("wide")
            self.assertIn("bob: " + "word " * 12 + "end", ann.history())
            ann.resize(60, 10)
            bob.say("after")
            ann.wait_for("bob: after")
            ann.resize(100, 10)
            ann.wait_for("ann> " + text)
            ann.type("\n")
            bob.wait_for(f"^ann: {text}$")

    def test_wide_characters(self):
        ann = self.terminal("ann")
        bob = self.terminal("安娜")
        ann.type("世界")
        ann.wait_for("ann> 世界")
        self.assertEqual(ann.cursor[1], len("ann> ") + 4)
        bob.type("日本語 🙂\n")
        ann.wait_for("安娜: 日本語 🙂")
        ann.wait_for("ann> 世界")
        ann.key("backspace")
        ann.type("間\n")
        bob.wait_for("ann: 世間")

    def test_what_is_pasted_is_one_line(self):
        ann = self.terminal("ann")
        with self.pipes("bob") as bob:
            ann.paste("one\ntwo\n")
            ann.wait_for("ann> one two")
            ann.type("\n")
            bob.wait_for("^ann: one two")

    def test_ctrl_c_leaves_with_the_terminal_restored(self):
        for names in (["ctrl-c"], ["ctrl-d"], ["ctrl-backslash"]):
            ann = self.terminal("ann")
            self.assertTrue(ann.is_raw())
            ann.key(*names)
            self.assert_left(ann)

    def test_signals_leave_with_the_terminal_restored(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            ann = self.terminal("ann")
            ann.signal(number)
            self.assert_left(ann)

    def test_commands(self):
        ann = self.terminal("ann")
        with self.pipes("bob", "--room=attic"), self.pipes("eve", address=self.server.udp):
            ann.wait_for("-- eve joined")
            ann.type("/who\n")
            ann.wait_for("-- 2 in lobby: ann, eve (by datagram)")
            ann.type("/rooms\n")
            ann.wait_for("-- 2 rooms: attic (1), lobby (2)")
            ann.type("/name anna\n")
            ann.wait_for("-- ann is now anna")
            ann.wait_for("anna> ")
            ann.type("/join attic\n")
            ann.wait_for("-- you are anna in attic, with bob")
            ann.type("/help\n")
            ann.wait_for("/join ROOM  leave this room for another")
            ann.type("/whois bob\n")
            ann.wait_for("-- there is no /whois; /help tells what there is")
            ann.type("/join\n")
            ann.wait_for("-- /join takes a ROOM")
            ann.type("//who\n")
            ann.wait_for("anna: /who")

    def test_a_room_that_does_not_let_in_is_told(self):
        ann = self.terminal("ann")
        with self.pipes("ann", "--room=attic"):
            ann.type("/join attic\n")
            ann.wait_for("is somebody else in the room \"attic\"; take another name; back to lobby")
            ann.wait_for(lambda rows: sum("in lobby" in row for row in rows) == 2)
            ann.type("/name a/b\n")
            ann.wait_for("-- not taken: the name \"a/b\"")
            ann.type("still here\n")
            ann.wait_for("ann: still here")

    def test_times(self):
        ann = self.terminal("ann", "--times", env={"TZ": "UTC"})
        ann.type("now\n")
        ann.wait_for(re.compile(r"^\d\d:\d\d ann: now$", re.M))

    def test_the_last_texts_are_told_first(self):
        run(self.server_flag("tcp"), "--name=bob", typed="1\n2\n3\n")
        ann = self.terminal("ann", "--history=2")
        ann.wait_for(lambda rows: rows[:3] == ["-- you are ann in lobby; nobody else is here",
                                               "bob: 2", "bob: 3"])


class LostServerTest(ServerTest):

    def test_nothing_is_told_twice_and_nothing_is_lost(self):
        wire = Wire(self.server.tcp)
        self.addCleanup(wire.close)
        ann = self.terminal("ann", address=wire.address)
        with self.pipes("bob") as bob:
            bob.say("before")
            ann.wait_for("bob: before")
            wire.cut()
            ann.wait_for("-- the server is lost (")
            bob.say("meanwhile")
            ann.type("typed meanwhile\n")
            wire.mend()
            ann.wait_for("-- the server is there again")
            ann.wait_for("bob: meanwhile")
            ann.wait_for("ann: typed meanwhile")
            bob.wait_for("^ann: typed meanwhile$")
        lines = ann.history()
        for text in ("bob: before", "bob: meanwhile", "ann: typed meanwhile"):
            self.assertEqual(lines.count(text), 1, lines)
        self.assertEqual(len([line for line in lines if "you are ann" in line]), 1)

    def test_what_is_kept_no_longer_is_told_as_missed(self):
        wire = Wire(self.server.tcp)
        self.addCleanup(wire.close)
        ann = self.terminal("ann", address=wire.address)
        wire.cut()
        ann.wait_for("-- the server is lost (")
        for visit in range(10):  # joins, says and leaves
            run(self.server_flag("tcp"), f"--name=bob{visit}", typed="hello\n")
        wire.mend()
        ann.wait_for(re.compile(r"-- you missed \d+ lines: more was said than is kept"))
        ann.wait_for("bob9: hello")

    def test_a_new_server_has_new_rooms(self):
        for address in ("tcp", "udp"):
            ann = self.terminal("ann", address=getattr(self.server, address))
            ann.type("old\n")
            ann.wait_for("ann: old")
            self.server.stop()
            ann.wait_for("-- the server is lost (")
            self.server.start()
            ann.wait_for("-- the server is there again")
            ann.wait_for("-- the room has begun anew")
            ann.type("new\n")
            ann.wait_for("ann: new")
            ann.key("ctrl-c")
            self.assert_left(ann)

    def test_one_can_leave_while_it_is_lost(self):
        ann = self.terminal("ann")
        self.server.process.kill()
        ann.wait_for("-- the server is lost (")
        ann.key("ctrl-c")
        self.assert_left(ann)


class DatagramTest(ServerTest):

    def test_both_styles_meet(self):
        ann = self.terminal("ann")
        bob = self.terminal("bob", "--poll_interval=50ms", address=self.server.udp)
        bob.wait_for("-- you are bob in lobby, with ann")
        ann.wait_for("-- bob joined")
        ann.type("hello, bob\n")
        bob.wait_for("ann: hello, bob")
        bob.type("hello, ann\n")
        ann.wait_for("bob: hello, ann")
        bob.wait_for("bob: hello, ann")
        bob.type("/name rob\n")
        ann.wait_for("-- bob is now rob")
        bob.wait_for("rob> ")
        bob.type("/name ann\n")
        bob.wait_for("-- not taken: \"ann\" is somebody else")
        bob.type("/join attic\n")
        ann.wait_for("-- rob left")
        bob.wait_for("-- you are rob in attic; nobody else is here")
        bob.key("ctrl-d")
        self.assert_left(bob)
        rows = [row for row in bob.screen() if row]
        self.assertEqual(rows.count("bob: hello, ann"), 1)

    def test_who_vanishes_is_seen_to_leave(self):
        ann = self.terminal("ann")
        bob = self.terminal("bob", address=self.server.udp)
        ann.wait_for("-- bob joined")
        bob.signal(signal.SIGKILL)
        ann.wait_for("-- bob left")

    def test_between_pipes(self):
        ann = self.terminal("ann")
        code, said, errors = run(self.server_flag("udp"), "--name=bob", typed="hello\n/who\n")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("-- 2 in lobby: ann, bob (by datagram)\n", said)
        self.assertIn("\nbob: hello\n", said)
        ann.wait_for("bob: hello")
        ann.wait_for("-- bob left")


class PipesTest(ServerTest):

    def test_lines_in_and_lines_out(self):
        code, said, errors = run(self.server_flag("tcp"), "--name=ann",
                                 typed="one\n\ntwo\nno line feed")
        self.assertEqual((code, errors), (0, ""))
        self.assertEqual(said, "-- you are ann in lobby; nobody else is here\n"
                               "ann: one\nann: two\nann: no line feed\n")

    def test_a_program_is_said_as_fast_as_it_may_be(self):
        # Ten at once, and two a second.
        for number, address in enumerate((self.server.tcp, self.server.udp)):
            lines = [f"{number}.{line}" for line in range(16)]
            with self.pipes("bob") as bob:
                code, said, errors = run(f"--server={address}", f"--name=ann{number}",
                                         typed="".join(line + "\n" for line in lines))
                bob.wait_for(f"^-- ann{number} left$")
            self.assertEqual((code, errors), (0, ""))
            expected = [f"ann{number}: {line}" for line in lines]
            heard = [line for line in bob.lines if line.startswith(f"ann{number}:")]
            self.assertEqual(heard, expected)
            self.assertEqual([line for line in said.splitlines() if line in expected], expected)

    def test_new_names_wait_for_their_turn_too(self):
        for number, address in enumerate((self.server.tcp, self.server.udp)):
            typed = "".join(f"/name ann{number}.{each}\n" for each in range(12)) + "done\n"
            code, said, errors = run(f"--server={address}", f"--name=ann{number}", typed=typed)
            self.assertEqual((code, errors), (0, ""))
            self.assertIn(f"ann{number}.11: done\n", said)

    def test_at_a_terminal_the_refusal_is_shown(self):
        ann = self.terminal("ann")
        ann.type("word\n" * 30)
        ann.wait_for("-- not taken: you may say 10 texts at once and 2 a second: wait for ")
        ann.key("ctrl-d")
        self.assert_left(ann)

    def test_what_was_not_taken_is_an_error(self):
        long = "x" * 801
        for address in (self.server.tcp, self.server.udp):
            code, said, errors = run(f"--server={address}", "--name=ann", typed=f"{long}\nword\n")
            self.assertEqual(code, 1)
            self.assertIn("ann: word\n", said)
            self.assertEqual(errors, "-- not taken: the text has 801 bytes; it may have 800\n"
                                     "chat: 1 line was not taken\n")

    def test_a_command_that_is_none_is_an_error(self):
        code, said, errors = run(self.server_flag("tcp"), "--name=ann", typed="/typo\n/who a\nb\n")
        self.assertEqual(code, 1)
        self.assertIn("ann: b\n", said)
        self.assertIn("-- there is no /typo", errors)
        self.assertIn("\nchat: 2 lines were not taken\n", errors)

    def test_what_is_for_another_room_is_not_said_in_this_one(self):
        code, said, errors = run(self.server_flag("tcp"), "--name=ann",
                                 typed="here\n/join a/b\nthere\n")
        self.assertEqual(code, 1)
        self.assertIn("ann: here\n", said)
        self.assertNotIn("there", said)
        self.assertIn('chat: the room\'s name "a/b"', errors)

    def test_control_characters_are_shown_and_not_obeyed(self):
        ann = self.terminal("ann")
        run(self.server_flag("tcp"), "--name=bob", typed="\x1b[2J\x07boo\n")
        ann.wait_for("bob: \ufffd[2J\ufffdboo")

    def test_a_reader_that_goes_away_ends_it(self):
        process = subprocess.Popen(command(self.server.tcp, "ann"), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertTrue(select.select([process.stdout], [], [], TIMEOUT_S)[0])
        process.stdout.close()
        with self.pipes("bob") as bob:
            bob.say("hello")
            self.assertIsNotNone(process.wait(TIMEOUT_S))
        process.stdin.close()

    def test_a_signal_ends_it(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.pipes("ann") as ann:
                ann.process.send_signal(number)
                self.assertEqual(ann.process.wait(TIMEOUT_S), 0)


class TlsTest(unittest.TestCase):

    def test_a_certificate_is_checked(self):
        folder = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        server = subprocess.Popen(["examples/server", "--listen=tls://localhost:0",
                                   f"--certificate={certificate}", f"--key={key}"],
                                  stdout=subprocess.PIPE, text=True)
        address = server.stdout.readline().split()[-1]
        trusting = run(f"--server={address}", f"--ca={certificate}", "--name=ann", typed="hello\n")
        wary = run(f"--server={address}", "--name=ann", typed="hello\n")
        server.terminate()
        server.wait(TIMEOUT_S)
        server.stdout.close()
        self.assertEqual(trusting[0], 0, trusting)
        self.assertIn("\nann: hello\n", trusting[1])
        self.assertEqual(wary[:2], (1, ""), wary)
        self.assertIn("certificate", wary[2])


class MistakesTest(ServerTest):

    def assert_refused(self, output, *words, code=1):
        self.assertEqual(output[:2], (code, ""), output)
        self.assertRegex(output[2], r"\Achat: .*\n\Z")
        self.assertNotRegex(output[2], r"[A-Z]{4}_[A-Z]{4}")
        for word in words:
            self.assertIn(word, output[2])

    def assert_makes_no_sense(self, output, *words):
        self.assert_refused(output, *words, code=2)

    def test_names_and_rooms_are_checked(self):
        for scheme in ("tcp", "udp"):
            server = self.server_flag(scheme)
            self.assert_makes_no_sense(run(server, "--name=a b"), 'the name "a b"', "letters")
            self.assert_makes_no_sense(run(server, "--name=ann", "--room=a/b"),
                                       'room\'s name "a/b"')

    def test_a_name_is_somebody_elses(self):
        with self.pipes("Ann"):
            for address in (self.server.tcp, self.server.udp):
                self.assert_refused(run(f"--server={address}", "--name=ann"),
                                    '"Ann" is somebody else')

    def test_nobody_is_there(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        for address in (f"tcp://127.0.0.1:{port}", f"udp://127.0.0.1:{port}"):
            _, _, errors = output = run(f"--server={address}", "--name=ann")
            self.assert_refused(output)
            self.assertEqual(errors, f"chat: cannot reach {address}: connection refused\n")

    def test_a_server_that_goes_away_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = "tcp://127.0.0.1:%d" % listener.getsockname()[1]
            process = subprocess.Popen(command(address, "ann"), stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            listener.accept()[0].close()
        _, errors = process.communicate(timeout=TIMEOUT_S)
        self.assertIn(f"chat: cannot reach {address}: ", errors)

    def test_what_a_hostile_server_says_harms_no_terminal(self):
        hostile = Server("--hostile")
        self.addCleanup(hostile.stop)
        for address in (hostile.tcp, hostile.udp):
            self.assertEqual(run(f"--server={address}", "--name=ann"),
                             (1, "", "chat: go ^[[2J^[]0;away^G <U+009B>31m <U+202E> now^J"
                                     "chat: all is well\n"))

    def test_the_users_name_is_known_without_the_environment(self):
        environment = {key: value for key, value in os.environ.items() if key != "USER"}
        done = subprocess.run([PROGRAM, self.server_flag("tcp")], env=environment, input="hello\n",
                              capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        try:
            name = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            name = "guest"
        self.assertIn(f"\n{name}: hello\n", done.stdout)

    def test_flags(self):
        self.assert_makes_no_sense(run("--verbose"), "--verbose", "--help")
        self.assert_makes_no_sense(run("ann"), '"ann"', "--help")
        self.assert_makes_no_sense(run("--history=many"), "--history", "many")
        self.assert_makes_no_sense(run("--server=localhost:7000"), '"localhost:7000"', "tcp://")
        self.assert_makes_no_sense(run("--ca=/no/such", "--server=tls://localhost:1"), "/no/such")
        self.assert_makes_no_sense(run("--ca=ca.pem", "--server=tcp://127.0.0.1:1"), "--ca",
                                   "tls://")
        code, said, errors = run("--help")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("chat --name=ann", said)
        self.assertIn("/join ROOM", said)
        self.assertIn("with 2 for flags", said)
        self.assertEqual([line for line in said.splitlines() if len(line) > 80], [])


if __name__ == "__main__":
    unittest.main()
