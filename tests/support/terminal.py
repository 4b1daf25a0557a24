"""A program at a terminal of its own, and what a person sees there.

    sys.path.insert(0, os.getcwd())                   # the top of the tree, where tests run
    from tests.support import terminal

    with terminal.Terminal(["examples/chat/chat", "--name=ann"], columns=80, rows=24) as window:
        window.wait_for("ann> ")                      # fails with the screen in its message
        window.type("hello\\n")
        window.key("ctrl-c")
        window.screen()                               # its rows, as they are now
        window.wait_exit()                            # the exit code

In the BUILD file: data = ["//tests/support:terminal", ...] of an sh_test.

Everything that waits also reads what the program writes: a program whose terminal nobody looks at
stops in the end. The program is the leader of its session: its own job, which Ctrl-Z cannot stop.
For that, run it from `bash --norc -i`.
"""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time

from tests.support import terminal_screen

TIMEOUT_S = 60
READS_MAX = 100  # before it looks whether what it waits for has come
KEYS = {
    "enter": "\r", "tab": "\t", "backspace": "\x7f", "escape": "\x1b", "delete": "\x1b[3~",
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
    "home": "\x1b[H", "end": "\x1b[F", "ctrl-right": "\x1b[1;5C", "ctrl-left": "\x1b[1;5D",
    "page-up": "\x1b[5~", "page-down": "\x1b[6~", "ctrl-backslash": "\x1c",
}


def bytes_of_key(name):
    """What xterm sends: "ctrl-c", "alt-b", "left"."""
    if name in KEYS:
        return KEYS[name].encode()
    kind, _, letter = name.rpartition("-")
    if kind == "ctrl" and re.fullmatch("[a-z]", letter):
        return bytes([ord(letter) & 0x1f])
    if kind == "alt" and len(letter) == 1:
        return b"\x1b" + letter.encode()
    raise ValueError(f"no key is called {name!r}")


def _take_terminal():
    """In the child: its standard input is the terminal that its keys go to."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:

    def __init__(self, argv, columns=80, rows=24, env=None, cwd=None):
        self._argv = list(argv)
        self._screen = terminal_screen.Screen(columns, rows)
        self.output = b""  # all that was ever written
        self._ours, theirs = os.openpty()
        self._set_size(columns, rows)
        # Python ignores SIGPIPE, which Popen undoes; other signals are as they were.
        environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **(env or {})}
        try:
            self.process = subprocess.Popen(
                self._argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=cwd,
                start_new_session=True, preexec_fn=_take_terminal)
        except BaseException:
            os.close(self._ours)
            raise
        finally:
            os.close(theirs)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        """Ends the program, if it has not ended, and closes the terminal."""
        if self._ours is None:
            return
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)
        self._ours = None

    @property
    def pid(self):
        return self.process.pid

    # What a person does.

    def type(self, text):
        """A line feed is the Enter key."""
        self._send(text.replace("\n", "\r").encode())

    def key(self, *names):
        for name in names:
            self._send(bytes_of_key(name))

    def paste(self, text):
        """Between marks, if the program has asked for them."""
        text = text.replace("\n", "\r")
        marks = ("\x1b[200~", "\x1b[201~") if "2004" in self._screen.modes else ("", "")
        self._send(text.join(marks).encode())

    def resize(self, columns, rows):
        self._read(0)
        self._screen.resize(columns, rows)
        self._set_size(columns, rows)

    def signal(self, number):
        os.kill(self.pid, number)

    def _send(self, data):
        end = time.monotonic() + TIMEOUT_S
        while data:
            self._read(0)
            if time.monotonic() > end:
                raise AssertionError(self._report(f"it does not read {data[:80]!r}"))
            if select.select([], [self._ours], [], 0.1)[1]:
                data = data[os.write(self._ours, data[:1024]):]

    def _set_size(self, columns, rows):
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # What a person sees.

    def screen(self):
        """The rows, from the top, without the blanks at their ends."""
        self._read(0)
        return self._screen.lines()

    def text(self):
        """The rows as one text, without empty ones below."""
        return "\n".join(self.screen()).rstrip("\n")

    def history(self):
        """All lines, with those that have scrolled away; wrapped ones are whole."""
        self._read(0)
        return self._screen.unwrapped()

    @property
    def cursor(self):
        """(row, column), from 0."""
        self._read(0)
        return self._screen.cursor

    @property
    def unknown(self):
        """Control sequences that the emulated screen does not know."""
        self._read(0)
        return self._screen.unknown

    def is_raw(self):
        """Whether keys come one by one and are not shown: the mode a program leaves behind."""
        local = termios.tcgetattr(self._ours)[3]
        return not local & termios.ICANON and not local & termios.ECHO

    def brackets_pastes(self):
        self._read(0)
        return "2004" in self._screen.modes

    def wait_for(self, wanted, timeout=TIMEOUT_S):
        """Until the text is on the screen (wrapped or not, with blanks at the end of a row or not),
        the pattern is found there, or the function of the rows is true. Returns the rows."""
        self._wait(lambda: self._shows(wanted), wanted, timeout)
        return self._screen.lines()

    def wait_for_no(self, unwanted, timeout=TIMEOUT_S):
        """Until that is not so."""
        self._wait(lambda: not self._shows(unwanted), f"no {unwanted!r}", timeout)
        return self._screen.lines()

    def wait_until(self, condition, timeout=TIMEOUT_S):
        """Until a function of no arguments is true."""
        self._wait(condition, condition, timeout)

    def wait_exit(self, timeout=TIMEOUT_S):
        """The exit code; the negated number of the signal that ended the program."""
        self._wait(lambda: self.process.poll() is not None, "the program's end", timeout)
        while self._read(0):
            pass
        return self.process.returncode

    def _shows(self, wanted):
        rows = self._screen.lines()
        if callable(wanted):
            return wanted(rows)
        # Blanks at the end of a row are seen, or not, as the one who looks likes.
        if isinstance(wanted, str):
            lines = wanted.split("\n")
            wanted = re.compile(" *\n".join(re.escape(line) for line in lines))
            padding = " " * self._screen.columns
        else:
            padding = ""
        unwrapped = self._screen.unwrapped()[-len(rows):]
        return any(wanted.search("\n".join(line + padding for line in lines))
                   for lines in (rows, unwrapped))

    def _wait(self, condition, what, timeout):
        end = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(self._report(f"in {timeout} s there was not: {what!r}"))
            open_still = self._read(0.02)
            if not open_still and self.process.poll() is not None and not condition():
                raise AssertionError(self._report(f"it ended before there was: {what!r}"))
            if not open_still:
                time.sleep(0.02)

    def _report(self, complaint):
        code = self.process.poll()
        state = "it runs" if code is None else f"exit code {code}"
        edge = "+" + "-" * self._screen.columns + "+"
        rows = [f"|{row}" for row in self._screen.lines()]
        return "\n".join([f"{' '.join(self._argv)}: {complaint} ({state})", edge, *rows, edge])

    def _read(self, timeout):
        """What the program has written by now, or within the time. False at the end."""
        for _ in range(READS_MAX):
            if not select.select([self._ours], [], [], timeout)[0]:
                break
            try:
                data = os.read(self._ours, 1 << 16)
            except OSError:  # nobody has the terminal open any more
                return False
            self.output += data
            self._screen.feed(data)
            timeout = 0
            if self._screen.answers:
                os.write(self._ours, self._screen.answers)
                self._screen.answers = b""
        return True
