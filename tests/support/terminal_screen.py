"""What a terminal shows after the bytes that a program has written: enough of xterm for a test to
look at what a person would see.

    screen = Screen(columns=80, rows=24)
    screen.feed(b"hello\\r\\n")
    screen.lines()          # ["hello", "", ...]: one for each row, without blanks at its end
    screen.cursor           # (row, column), from 0

Characters of UTF-8, wide ones and marks that combine; the wrap at the right margin, which waits for
the next character; scrolling; the moves and erasures of CSI. Colours and titles change nothing.
What it does not know is in `unknown`.
"""

import codecs
import re
import unicodedata

TAB_STOP = 8
SCROLLBACK_MAX = 10_000

# A control sequence, a title, a character set, or another escape; then one that is cut.
ESCAPE = re.compile(
    r"\x1b(?:\[(?P<parameters>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\](?P<title>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|[()][0-9A-Z]|(?P<short>[6-9=>A-Zc]))")
CUT_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[()])?\Z")


def width(character):
    """Columns that a character takes."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf") and character != "\xad":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Row:
    """The cells of a row: a character with its marks, or "" behind a wide one."""

    def __init__(self, columns):
        self.cells = [" "] * columns
        self.wraps = False  # its text goes on in the next row

    def text(self):
        return "".join(self.cells).rstrip(" ")

    def put(self, column, text, columns):
        self.erase(column, column + columns)
        self.cells[column] = text
        for extra in range(column + 1, column + columns):
            self.cells[extra] = ""

    def erase(self, begin, end):
        """Half a wide character is none: its other half goes too."""
        if begin < len(self.cells) and self.cells[begin] == "" and begin > 0:
            self.cells[begin - 1] = " "
        if end < len(self.cells) and self.cells[end] == "":
            self.cells[end] = " "
        for column in range(begin, min(end, len(self.cells))):
            self.cells[column] = " "

    def resize(self, columns):
        self.erase(columns, len(self.cells))
        self.cells = (self.cells + [" "] * columns)[:columns]


class Screen:

    def __init__(self, columns=80, rows=24):
        self.columns, self.row_count = columns, rows
        self.bells = 0
        self.modes = set()  # private modes that are on: "2004" is bracketed paste
        self.unknown = []
        self.answers = b""  # to what the program asked of the terminal
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._reset()

    def _reset(self):
        self.scrollback = []
        self._rows = [Row(self.columns) for _ in range(self.row_count)]
        self._row = self._column = 0
        self._wrap_waits = False
        self._saved = (0, 0)

    @property
    def cursor(self):
        return self._row, self._column

    def lines(self):
        return [row.text() for row in self._rows]

    def unwrapped(self):
        """All text, also what has scrolled away: a line that was wrapped is one."""
        text = ""
        for row in self.scrollback + self._rows:
            text += "".join(row.cells) if row.wraps else row.text() + "\n"
        return text.rstrip("\n").split("\n")

    def resize(self, columns, rows):
        """Rows are cut, not wrapped anew; when there are fewer, those at the top go first."""
        while len(self._rows) > rows:
            if self._row < len(self._rows) - 1:
                self._rows.pop()
            else:
                self._scroll_up()
                self._rows.pop()
                self._row -= 1
        self._rows += [Row(columns) for _ in range(rows - len(self._rows))]
        for row in self._rows:
            row.resize(columns)
        self.columns, self.row_count = columns, rows
        self._move_to(self._row, self._column)

    def feed(self, data):
        text = self._held + self._decoder.decode(data)
        self._held = ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._show(text[at])
                at += 1
            elif escape := ESCAPE.match(text, at):
                self._obey(escape)
                at = escape.end()
            elif CUT_ESCAPE.match(text, at):
                self._held = text[at:]
                return
            else:
                self.unknown.append(text[at:at + 2])
                at += 2

    # One character.

    def _show(self, character):
        controls = {"\r": self._return, "\n": self._line_feed, "\v": self._line_feed,
                    "\f": self._line_feed, "\b": self._backspace, "\t": self._tab,
                    "\a": self._ring}
        if character in controls:
            controls[character]()
        elif character < " " or "\x7f" <= character < "\xa0":
            if character not in "\0\x7f":
                self.unknown.append(character)
        else:
            self._print(character)

    def _print(self, character):
        columns = width(character)
        if columns == 0:
            self._combine(character)
            return
        if self._wrap_waits or self._column + columns > self.columns:
            self._rows[self._row].wraps = True
            self._return()
            self._line_feed()
        self._rows[self._row].put(self._column, character, columns)
        self._wrap_waits = self._column + columns == self.columns
        self._column = min(self._column + columns, self.columns - 1)

    def _combine(self, mark):
        cells = self._rows[self._row].cells
        column = self._column if self._wrap_waits else self._column - 1
        while column > 0 and cells[column] == "":
            column -= 1
        if column >= 0:
            cells[column] += mark

    def _return(self):
        self._column, self._wrap_waits = 0, False

    def _line_feed(self):
        self._wrap_waits = False
        if self._row < self.row_count - 1:
            self._row += 1
        else:
            self._scroll_up()

    def _scroll_up(self):
        self.scrollback = (self.scrollback + [self._rows.pop(0)])[-SCROLLBACK_MAX:]
        self._rows.append(Row(self.columns))

    def _backspace(self):
        self._move_to(self._row, self._column - 1)

    def _tab(self):
        self._move_to(self._row, (self._column // TAB_STOP + 1) * TAB_STOP)

    def _ring(self):
        self.bells += 1

    def _move_to(self, row, column):
        self._row = max(0, min(row, self.row_count - 1))
        self._column = max(0, min(column, self.columns - 1))
        self._wrap_waits = False

    # One escape sequence.

    def _obey(self, escape):
        if escape["final"] is not None:
            self._obey_sequence(escape["parameters"], escape["between"] + escape["final"])
        elif escape["short"] == "7":
            self._saved = self.cursor
        elif escape["short"] == "8":
            self._move_to(*self._saved)
        elif escape["short"] == "c":
            self._reset()
        elif escape["short"] == "M" and self._row > 0:
            self._move_to(self._row - 1, self._column)
        elif escape["short"] not in (None, "=", ">"):
            self.unknown.append(escape[0])

    def _obey_sequence(self, parameters, final):
        if final in "hl" and parameters.startswith("?"):
            change = self.modes.add if final == "h" else self.modes.discard
            for mode in parameters[1:].split(";"):
                change(mode)
            return
        numbers = [int(p) if p.isdigit() else 0 for p in parameters.split(";")]
        if final in "ABCDEFGHfd":
            self._obey_move(final, numbers)
        elif final in "JKXP@":
            self._obey_edit(final, numbers[0])
        elif final == "n" and numbers[0] == 6:
            self.answers += b"\x1b[%d;%dR" % (self._row + 1, self._column + 1)
        elif final != "m":
            self.unknown.append(f"\x1b[{parameters}{final}")

    def _obey_move(self, final, numbers):
        count = max(numbers[0], 1)
        row, column = self.cursor
        if final in "Hf":
            second = numbers[1] if len(numbers) > 1 else 1
            self._move_to(count - 1, max(second, 1) - 1)
            return
        self._move_to(*{"A": (row - count, column), "B": (row + count, column),
                        "C": (row, column + count), "D": (row, column - count),
                        "E": (row + count, 0), "F": (row - count, 0),
                        "G": (row, count - 1), "d": (count - 1, column)}[final])

    def _obey_edit(self, final, number):
        row = self._rows[self._row]
        if final == "J":
            self._erase_display(number)
        elif final == "K":
            row.erase(0 if number in (1, 2) else self._column,
                      self._column + 1 if number == 1 else self.columns)
            row.wraps = row.wraps and number == 1
        elif final == "X":
            row.erase(self._column, self._column + max(number, 1))
        else:
            count = min(max(number, 1), self.columns - self._column)
            inserted = [" "] * count if final == "@" else []
            kept = row.cells[self._column + (0 if final == "@" else count):]
            row.cells[self._column:] = inserted + kept
            row.resize(self.columns)
        self._wrap_waits = False

    def _erase_display(self, number):
        if number == 3:
            self.scrollback = []
            return
        self._obey_edit("K", number)
        before, after = self._rows[:self._row], self._rows[self._row + 1:]
        for row in (after if number in (0, 2) else []) + (before if number in (1, 2) else []):
            row.erase(0, self.columns)
            row.wraps = False
