#!/usr/bin/env -S python3 -B
"""The terminal of the tests shows what a person would see, and its programs get what is typed."""

import os
import re
import signal
import sys
import unittest

sys.path.insert(0, os.getcwd())
from tests.support import terminal  # pylint: disable=wrong-import-position
from tests.support import terminal_screen  # pylint: disable=wrong-import-position


class ScreenTest(unittest.TestCase):

    def shown(self, *pieces, columns=10, rows=4):
        self.screen = terminal_screen.Screen(columns, rows)
        for piece in pieces:
            self.screen.feed(piece if isinstance(piece, bytes) else piece.encode())
        self.assertEqual(self.screen.unknown, [])
        lines = self.screen.lines()
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def test_lines(self):
        self.assertEqual(self.shown("one\r\ntwo\nthree"), ["one", "two", "   three"])
        self.assertEqual(self.screen.cursor, (2, 8))

    def test_text_wraps_when_the_next_character_comes(self):
        self.assertEqual(self.shown("0123456789"), ["0123456789"])
        self.assertEqual(self.screen.cursor, (0, 9))
        self.assertEqual(self.shown("0123456789\r\nx"), ["0123456789", "x"])
        self.assertEqual(self.shown("0123456789ab"), ["0123456789", "ab"])
        self.assertEqual(self.screen.unwrapped()[0], "0123456789ab")

    def test_it_scrolls(self):
        self.assertEqual(self.shown("1\r\n2\r\n3\r\n4\r\n5"), ["2", "3", "4", "5"])
        self.assertEqual(self.screen.unwrapped(), ["1", "2", "3", "4", "5"])

    def test_controls(self):
        self.assertEqual(self.shown("abc\rX"), ["Xbc"])
        self.assertEqual(self.shown("abc\b\bX"), ["aXc"])
        self.assertEqual(self.shown("a\tb\tc"), ["a       bc"])
        self.assertEqual(self.shown("a\x07b"), ["ab"])
        self.assertEqual(self.screen.bells, 1)

    def test_wide_characters_take_two_columns(self):
        self.assertEqual(self.shown("日本x"), ["日本x"])
        self.assertEqual(self.screen.cursor, (0, 5))
        self.assertEqual(self.shown("12345678日日"), ["12345678日", "日"])
        self.assertEqual(self.shown("123456789日"), ["123456789", "日"])

    def test_half_a_wide_character_is_none(self):
        self.assertEqual(self.shown("日本\rx"), ["x 本"])
        self.assertEqual(self.shown("日本\x1b[2Gx"), [" x本"])

    def test_marks_combine(self):
        self.assertEqual(self.shown("e\u0301x"), ["e\u0301x"])
        self.assertEqual(self.screen.cursor, (0, 2))
        self.assertEqual(self.shown("日\u0301"), ["日\u0301"])

    def test_characters_and_sequences_may_come_in_pieces(self):
        data = "é日\x1b[1m\x1b]0;title\x07\x1b[2Dx".encode()
        for size in range(1, len(data)):
            pieces = [data[i:i + size] for i in range(0, len(data), size)]
            self.assertEqual(self.shown(*pieces), ["éx"])

    def test_moves(self):
        self.assertEqual(self.shown("\x1b[2;3Hx\x1b[Ay\x1b[2Bz"), ["   y", "  x", "    z"])
        self.assertEqual(self.shown("abc\x1b[2Dx\x1b[Cy"), ["axcy"])
        self.assertEqual(self.shown("abc\x1b[Gx\x1b[3dy"), ["xbc", "", " y"])
        self.assertEqual(self.shown("a\x1b7bcd\x1b8x"), ["axcd"])

    def test_erasures(self):
        self.assertEqual(self.shown("abcdef\x1b[3D\x1b[K"), ["abc"])
        self.assertEqual(self.shown("abcdef\x1b[3D\x1b[1K"), ["    ef"])
        self.assertEqual(self.shown("one\r\ntwo\r\nthree\x1b[2;2H\x1b[J"), ["one", "t"])
        self.assertEqual(self.shown("one\r\ntwo\x1b[H\x1b[2Jx"), ["x"])
        self.assertEqual(self.shown("abcd\x1b[1G\x1b[2P"), ["cd"])
        self.assertEqual(self.shown("abcd\x1b[2G\x1b[2@"), ["a  bcd"])
        self.assertEqual(self.shown("abcd\x1b[1G\x1b[2X"), ["  cd"])

    def test_colours_show_nothing_and_modes_are_kept(self):
        self.assertEqual(self.shown("\x1b[1;31mred\x1b[0m\x1b[?2004h\x1b(B"), ["red"])
        self.assertEqual(self.screen.modes, {"2004"})

    def test_what_it_does_not_know_is_told(self):
        screen = terminal_screen.Screen()
        screen.feed(b"a\x1b[5qb\x85\x01")
        self.assertEqual(screen.unknown, ["\x1b[5q", "\x01"])

    def test_a_smaller_window_cuts(self):
        self.shown("0123456789\r\ntwo\r\nthree\r\nfour")
        self.screen.resize(5, 2)
        self.assertEqual(self.screen.lines(), ["three", "four"])
        self.assertEqual(self.screen.cursor, (1, 4))


class TerminalTest(unittest.TestCase):

    def open(self, *argv, **options):
        window = terminal.Terminal(argv, **options)
        self.addCleanup(window.close)
        return window

    def shell(self, script, **options):
        return self.open("/bin/sh", "-c", script, **options)

    def test_what_is_typed_is_seen_and_read(self):
        window = self.shell('read line; echo "got <$line>"')
        window.type("hello\n")
        self.assertEqual(window.wait_exit(), 0)
        self.assertEqual(window.text(), "hello\ngot <hello>")
        self.assertEqual(window.cursor, (2, 0))

    def test_exit_codes_and_signals(self):
        self.assertEqual(self.shell("exit 7").wait_exit(), 7)
        self.assertEqual(self.shell("kill -TERM $$").wait_exit(), -signal.SIGTERM)

    def test_ctrl_c_interrupts(self):
        window = self.shell("echo ready; exec cat")
        window.wait_for("ready")
        window.key("ctrl-c")
        self.assertEqual(window.wait_exit(), -signal.SIGINT)

    def test_the_program_knows_its_window(self):
        window = self.shell("trap 'stty size' WINCH; stty size; while :; do read x; done",
                            columns=70, rows=20)
        window.wait_for("20 70")
        window.resize(50, 10)
        window.wait_for("10 50")

    def test_raw_mode_is_told(self):
        window = self.shell("stty raw -echo; echo raw; read x; stty sane; echo sane; read x")
        window.wait_for("raw")
        self.assertTrue(window.is_raw())
        os.write(window._ours, b"\n")  # pylint: disable=protected-access
        window.wait_for("sane")
        self.assertFalse(window.is_raw())

    def test_waits_for_patterns_and_functions(self):
        window = self.shell("echo number 42; read x; printf '\\033[H\\033[2J'; read x")
        window.wait_for(re.compile(r"number \d+$", re.M))
        window.wait_for(lambda rows: rows[0].endswith("42"))
        window.type("\n")
        window.wait_for_no("number")

    def test_blanks_at_the_end_of_a_row_are_there_if_wanted(self):
        window = self.shell("printf '> \\nsecond'; read x")
        window.wait_for("> \nsecond ")
        window.wait_for(">\nsecond")
        window.wait_for(re.compile(r">\nsecond\n"))
        with self.assertRaises(AssertionError):
            window.wait_for("> x", timeout=0.05)

    def test_a_wrapped_line_is_found(self):
        window = self.shell("echo 0123456789abcdef", columns=10)
        window.wait_for("789abc")
        self.assertEqual(window.history()[0], "0123456789abcdef")

    def test_a_failure_shows_the_screen(self):
        window = self.shell("echo here I am; read x")
        window.wait_for("here")
        with self.assertRaisesRegex(AssertionError, r"'there'.*it runs[^$]*\|here I am"):
            window.wait_for("there", timeout=0.05)
        with self.assertRaisesRegex(AssertionError, r"ended before[^$]*exit code 3"):
            self.shell("exit 3").wait_for("there")

    def test_a_program_that_is_left_is_ended(self):
        window = self.shell("echo ready; exec cat")
        window.wait_for("ready")
        window.close()
        self.assertIsNotNone(window.process.returncode)

    def test_pastes_are_marked_if_wanted(self):
        window = self.shell("stty -echo; printf '\\033[?2004h'; echo on; cat -v")
        window.wait_until(window.brackets_pastes)
        window.wait_for("on")
        window.paste("two\nlines")
        window.type("\n")
        window.wait_for("lines^[[201~")
        self.assertEqual(window.screen()[1], "^[[200~two")

    def test_much_output_and_much_input(self):
        window = self.shell("stty -echo -icanon; echo ready; head -c 200000 | wc -c; "
                            "yes | head -n 50000; echo done")
        window.wait_for("ready")
        window.type("x" * 200_000)
        window.wait_for("done")
        self.assertIn(b"\n200000\r", window.output)
        self.assertEqual(window.wait_exit(), 0)

    def test_keys(self):
        self.assertEqual(terminal.bytes_of_key("ctrl-c"), b"\x03")
        self.assertEqual(terminal.bytes_of_key("up"), b"\x1b[A")
        self.assertEqual(terminal.bytes_of_key("alt-b"), b"\x1bb")
        with self.assertRaisesRegex(ValueError, "'ctrl-1'"):
            terminal.bytes_of_key("ctrl-1")


if __name__ == "__main__":
    unittest.main()
