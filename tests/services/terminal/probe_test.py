#!/usr/bin/env -S python3 -B
"""What a person sees of a program made of services/terminal, and what it leaves of the terminal."""

import os
import re
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.getcwd())
from tests.support import terminal  # pylint: disable=wrong-import-position

PROBE = os.path.abspath("tests/services/terminal/probe")
SHELL_PROMPT = "shell$ "


class ProbeTest(unittest.TestCase):

    def open(self, *argv, **options):
        window = terminal.Terminal(argv, **options)
        self.addCleanup(window.close)
        return window

    def open_probe(self, *argv, **options):
        window = self.open(PROBE, *argv, **options)
        window.wait_for("raw" if "raw" in argv else "> ")
        self.assertTrue(window.is_raw())
        return window

    def assert_left_in_order(self, window):
        self.assertFalse(window.is_raw())
        self.assertFalse(window.brackets_pastes())
        self.assertEqual(window.unknown, [])

    def open_shell(self):
        """Job control needs a shell around the program."""
        window = self.open("bash", "--norc", "--noprofile", "-i",
                           env={"PS1": SHELL_PROMPT, "PS0": "", "HISTFILE": ""})
        window.wait_for(SHELL_PROMPT)
        window.type(f"{PROBE}\n")
        window.wait_for("\n> ")
        window.wait_until(window.is_raw)
        return window


class EditorTest(ProbeTest):

    def test_a_line_is_typed_changed_and_entered(self):
        window = self.open_probe()
        window.type("hexlo")
        window.key("left", "left", "backspace")
        window.type("l")
        window.wait_for("> hello")
        window.wait_until(lambda: window.cursor == (0, 5))
        window.key("home", "delete")
        window.type("J\n")
        window.wait_for("heard <Jello>\n>")
        self.assertEqual(window.screen()[:2], ["> Jello", "heard <Jello>"])

    def test_wide_characters(self):
        window = self.open_probe()
        window.type("日本e\u0301😀")
        window.wait_for("> 日本e\u0301😀")
        window.wait_until(lambda: window.cursor == (0, 9))
        window.key("left", "left", "backspace")
        window.wait_for("> 日e\u0301😀")
        window.type("\n")
        window.wait_for("heard <日e\u0301😀>")

    def test_history(self):
        window = self.open_probe()
        window.type("first\nsecond\ndra")
        window.key("up", "up")
        window.wait_for(re.compile(r"^> first$\Z", re.M))
        window.key("down", "down")
        window.wait_for(re.compile(r"^> dra$\Z", re.M))

    def test_others_speak_above_the_line(self):
        window = self.open_probe()
        window.type("half a li")
        window.wait_for("> half a li")
        for count in range(1, 4):
            window.signal(signal.SIGUSR1)
            window.wait_for("\n".join(["ann: hello^[[2J there"] * count + ["> half a li"]))
        window.type("ne\n")
        window.wait_for("> half a line\nheard <half a line>")

    def test_a_full_screen_scrolls(self):
        window = self.open_probe(rows=5)
        for count in range(8):
            window.type(f"line {count}\n")
        window.wait_for("heard <line 7>\n>")
        self.assertEqual(window.screen(), ["> line 6", "heard <line 6>", "> line 7",
                                           "heard <line 7>", ">"])

    def test_a_long_line_scrolls_sideways_in_its_row(self):
        window = self.open_probe(columns=20)
        window.type("0123456789abcdefghijklmnopqrstuvwxyz")
        window.wait_for(lambda rows: rows[0].startswith("> <") and rows[0].endswith("z"))
        self.assertEqual(window.screen()[1], "")
        window.key("home")
        window.wait_for("> 0123456789abcde>")
        window.type("\n")
        window.wait_for("heard <0123456789abc\ndefghijklmnopqrstuvw\nxyz>")

    def test_the_line_fits_into_a_new_window(self):
        window = self.open_probe(columns=60)
        window.type("0123456789abcdefghijklmnop")
        window.wait_for("nop")
        window.resize(20, 24)
        window.wait_for(lambda rows: rows[0].startswith("> <"))
        window.resize(60, 24)
        window.wait_for("> 0123456789abcdefghijklmnop")

    def test_a_paste_waits_for_enter(self):
        window = self.open_probe()
        window.paste("two\nlines\x03")
        window.wait_for("> two lines")
        self.assertNotIn("heard", window.text())
        window.type("\n")
        window.wait_for("heard <two lines>")

    def test_a_status_stands_below(self):
        window = self.open_probe()
        window.type("work\n")
        window.wait_for("working hard")
        window.signal(signal.SIGUSR1)
        window.wait_for("there\nworking hard")
        window.type("more\n")
        window.wait_for("heard <more>\n>")
        window.wait_for_no("working")

    def test_the_screen_is_cleared(self):
        window = self.open_probe()
        window.type("one\ntwo")
        window.wait_for("> two")
        window.key("ctrl-l")
        window.wait_for(lambda rows: rows[0] == "> two")
        self.assertEqual(window.text(), "> two")


class EndTest(ProbeTest):

    def test_the_end_of_input_ends_it(self):
        window = self.open_probe()
        window.key("ctrl-d")
        self.assertEqual(window.wait_exit(), 0)
        self.assertEqual(window.text(), "bye")
        self.assert_left_in_order(window)

    def test_a_signal_that_is_awaited_ends_it_in_order(self):
        window = self.open_probe()
        window.type("half")
        window.wait_for("half")
        window.signal(signal.SIGTERM)
        self.assertEqual(window.wait_exit(), 15)
        self.assertEqual(window.text(), "bye")
        self.assert_left_in_order(window)

    def test_a_signal_that_is_not_awaited_leaves_the_terminal_in_order(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            window = self.open_probe("raw")
            window.signal(number)
            self.assertEqual(window.wait_exit(), -number)
            self.assert_left_in_order(window)

    def test_abort_leaves_the_terminal_in_order(self):
        window = self.open_probe("raw")
        window.type("a")
        self.assertEqual(window.wait_exit(), -signal.SIGABRT)
        self.assert_left_in_order(window)

    def test_exit_leaves_the_terminal_in_order(self):
        window = self.open(PROBE, "exit")
        self.assertEqual(window.wait_exit(), 3)
        self.assertIn(b"\x1b[?2004h", window.output)
        self.assert_left_in_order(window)

    def test_control_keys_are_bytes(self):
        window = self.open_probe("raw")
        window.key("ctrl-c", "ctrl-z", "ctrl-s")
        window.wait_for("^S")
        self.assertIn("^C", window.text())
        self.assertIn("^Z", window.text())

    def test_a_terminal_that_goes_away_ends_it(self):
        window = self.open_probe("raw")
        os.close(window._ours)  # pylint: disable=protected-access
        window._ours = os.open("/dev/null", os.O_RDONLY)  # pylint: disable=protected-access
        self.assertIn(window.process.wait(terminal.TIMEOUT_S), (1, -signal.SIGHUP))


class JobTest(ProbeTest):

    def test_suspended_and_continued(self):
        window = self.open_shell()
        window.type("half a li")
        window.wait_for("> half a li")
        for _ in range(3):
            window.key("ctrl-z")
            window.wait_for(re.compile(r"Stopped.*\n" + re.escape(SHELL_PROMPT.strip()) + r"\Z"))
            window.type("stty -a | tr ' ' '\\n' | grep -x -e -*icanon -e -*isig; clear\n")
            window.wait_for_no("Stopped")
            window.type("fg\n")
            window.wait_for("> half a li")
            window.wait_until(window.is_raw)
        window.type("ne\n")
        window.wait_for("heard <half a line>")
        window.key("ctrl-d")
        window.wait_for("bye\nshell$")
        self.assertIn(b"icanon\r\n", window.output)
        self.assertNotIn(b"-icanon\r\n", window.output)

    def test_stopped_from_outside_and_continued(self):
        window = self.open_shell()
        window.type("half")
        window.wait_for("> half")
        for number in ("TSTP", "STOP"):
            pid = self.pid_of_job(window)
            os.kill(pid, getattr(signal, f"SIG{number}"))
            window.wait_for("Stopped")
            window.type("clear; fg\n")
            window.wait_for_no("Stopped")
            window.wait_for("> half")
            window.wait_until(window.is_raw)

    def pid_of_job(self, window):
        with open(f"/proc/{window.pid}/task/{window.pid}/children", encoding="ascii") as file:
            child, = file.read().split()
        return int(child)

    def test_in_the_background_it_leaves_the_terminal_alone(self):
        window = self.open_shell()
        pid = self.pid_of_job(window)
        window.key("ctrl-z")
        window.wait_for("Stopped")
        window.type("clear; set +m; stty sane; echo ready; cat\n")
        window.wait_for(lambda rows: rows[0] == "ready")
        os.kill(pid, signal.SIGCONT)
        window.wait_for("ready\n> ")
        window.type("cooked\n")
        window.wait_for("cooked\ncooked")
        self.assertFalse(window.is_raw())
        os.kill(pid, signal.SIGKILL)


class LinesTest(ProbeTest):

    def run_lines(self, **options):
        return subprocess.run([PROBE, "lines"], capture_output=True, timeout=terminal.TIMEOUT_S,
                              check=False, **options)

    def test_pipes_and_files(self):
        done = self.run_lines(input=b"one\ntwo \x1b[2J\nlast")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, b"heard <one>\nheard <two ^[[2J>\nheard <last>\n")
        self.assertEqual(self.run_lines(stdin=subprocess.DEVNULL).stdout, b"")
        with open(__file__, encoding="utf-8") as file:
            self.assertIn(b"heard <import unittest>\n", self.run_lines(stdin=file).stdout)

    def test_a_terminal_line_by_line(self):
        window = self.open(PROBE, "lines")
        window.type("one\n")
        window.wait_for("one\nheard <one>")
        window.key("ctrl-d")
        self.assertEqual(window.wait_exit(), 0)

    def test_a_reader_that_goes_away(self):
        with subprocess.Popen([PROBE, "lines"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            process.stdout.close()
            process.stdin.write(b"one\ntwo\n")
            process.stdin.close()
            self.assertEqual(process.wait(terminal.TIMEOUT_S), 0)


if __name__ == "__main__":
    unittest.main()
