#!/usr/bin/env -S python3 -B
"""The program examples/shell as people and scripts use it: one command, a session at a terminal,
lines from a file; what it exits with, and what Ctrl-C does."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.getcwd())
from tests.support import terminal  # pylint: disable=wrong-import-position

SHELL = os.path.abspath("examples/shell/shell")
SERVER = os.path.abspath("tests/services/shell/shell_server")
TOKEN = "correct-horse-battery"
TIMEOUT_S = 60


class Server:
    """From when it has told its address until stop()."""

    def __init__(self, directory, *commands, time_max_ms=TIMEOUT_S * 1000):
        self.process = subprocess.Popen(
            [SERVER, TOKEN, directory, str(time_max_ms), *commands], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().strip()

    def stop(self):
        if self.process.stdin.closed:
            return
        self.process.communicate(timeout=TIMEOUT_S)


def processes_with(argument):
    """Those that live, and have this among their arguments."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().decode(errors="replace").split("\0")
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                state = file.read().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if argument in words and state not in "ZX" and SHELL not in words:
            found.append(int(pid))
    return found


def wait_until(condition):
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"in {TIMEOUT_S} s it was not so")
        time.sleep(0.01)


class ShellTest(unittest.TestCase):

    COMMANDS = ["cat", "echo", "false", "ls", "pwd", "sh", "sleep", "true"]

    def setUp(self):
        top = os.path.realpath(os.environ["TEST_TMPDIR"])
        self.directory = tempfile.mkdtemp(prefix="shell", dir=top)
        os.makedirs(os.path.join(self.directory, "below"))
        self.token_file = os.path.join(os.environ["TEST_TMPDIR"], "token")
        with open(self.token_file, "w", encoding="utf-8") as file:
            file.write(TOKEN + "\n")

    def serve(self, *commands, **options):
        self.server = Server(self.directory, *(commands or self.COMMANDS), **options)
        self.addCleanup(self.server.stop)

    def argv(self, *arguments):
        return [SHELL, f"--server={self.server.address}", f"--token_file={self.token_file}",
                *arguments]

    def run_shell(self, *arguments, data="", env=None):
        return subprocess.run(self.argv(*arguments), input=data, capture_output=True, text=True,
                              timeout=TIMEOUT_S, env=env, check=False)

    def make_program(self, name):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n")
        os.chmod(path, 0o700)
        return path

    def session(self, *arguments):
        window = terminal.Terminal(self.argv(*arguments))
        self.addCleanup(window.close)
        return window

    def prompt(self, folder=""):
        return re.compile(f"^{folder or os.path.basename(self.directory)}>$", re.M)

    def wait_for_prompt_below(self, window):
        """Until the last line is a prompt at which nothing is typed: what is typed before that is
        the input of the command."""
        window.wait_for(lambda rows: "".join(rows).endswith(">"))

    # One command.

    def test_output_and_exit_code_are_passed_on(self):
        self.serve()
        done = self.run_shell("--sh", "echo out; echo err >&2; exit 3")
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("out\n", "err\n", 3))

    def test_input_is_passed_on(self):
        self.serve()
        much = "some line\n" * 200_000
        self.assertEqual(self.run_shell("cat", data=much).stdout, much)
        self.assertEqual(self.run_shell("--no_input", "cat", data=much).stdout, "")

    def test_arguments_are_not_looked_at(self):
        self.serve()
        self.assertEqual(self.run_shell("echo", "$HOME", "*", "--help").stdout, "$HOME * --help\n")
        self.assertEqual(self.run_shell("--sh", "echo \"$1\"", "a  b").stdout, "a  b\n")

    def test_it_starts_where_it_is_told(self):
        self.serve()
        self.assertEqual(self.run_shell("--directory=below", "pwd").stdout,
                         self.directory + "/below\n")

    def test_a_signal_is_128_and_its_number(self):
        self.serve()
        self.assertEqual(self.run_shell("--sh", "kill -TERM $$").returncode, 128 + signal.SIGTERM)

    def test_exit_codes_of_calls_that_failed(self):
        fleeting = self.make_program("fleeting")
        self.serve("echo", fleeting)
        os.remove(fleeting)
        cases = [
            (["rm"], 126, f'this server does not run "rm"; it runs echo, {fleeting}'),
            ([fleeting], 127, f'cannot run "{fleeting}": no such file or directory'),
            (["--sh", "ls"], 126, "this server does not run commands for a shell"),
            (["--directory=/", "echo"], 126, "and below, not in"),
            (["--directory=x", "echo"], 127, 'no directory "x" on the server'),
            (["--server=tcp://127.0.0.1:1", "echo"], 255, "cannot connect to tcp://127.0.0.1:1"),
            (["--server=nonsense", "echo"], 2, "nonsense"),
            (["--server=nonsense"], 2, "nonsense"),
            (["--nonsense"], 2, "--nonsense"),
            (["--sh"], 2, "--sh needs a COMMAND"),
            (["--ca=ca.pem", "echo"], 2,
             f"--ca is of use with tls:// and unix: only, not with {self.server.address}"),
            (["--ca=/no/such", "--server=tls://127.0.0.1:1", "echo"], 2, "/no/such"),
            (["--token_file=/no/such", "echo"], 2, 'cannot read a token from "/no/such"'),
        ]
        for arguments, code, sentence in cases:
            done = self.run_shell(*arguments)
            self.assertIn(sentence, done.stderr)
            self.assertRegex(done.stderr, "\\Ashell: [^\n]*\n\\Z")
            self.assertNotRegex(done.stderr, "[A-Z]+_[A-Z]+: |NOT_FOUND|UNAVAILABLE")
            self.assertEqual((done.returncode, done.stdout), (code, ""), arguments)

    def test_a_line_in_place_of_words_is_told_apart(self):
        self.serve()
        hint = "shell: the command and its arguments are words apart"
        done = self.run_shell("ls -l")
        self.assertIn(f"\n{hint}, as in `shell ls -l`; a line for a shell needs --sh\n",
                      done.stderr)
        self.assertEqual(done.returncode, 126)
        self.assertNotIn(hint, self.run_shell("rm", "-l").stderr)

    def test_a_server_without_commands_is_told(self):
        self.serve("")
        for arguments in (["echo"], []):
            done = self.run_shell(*arguments)
            self.assertEqual(
                done.stderr,
                "shell: this server runs no commands (was it started without --shell?)\n")
            self.assertEqual(done.returncode, 255)

    def test_messages_of_a_server_are_made_harmless(self):
        self.serve("echo", self.make_program("hostile\x1b[2J\n\x9b"))
        for done in (self.run_shell("rm"), self.run_shell(data="rm\nhelp\n")):
            self.assertIn("hostile^[[2J", done.stdout + done.stderr)
            self.assertNotIn("\x1b", done.stdout + done.stderr)

    def test_help_fits_into_80_columns(self):
        self.serve()
        for text in (self.run_shell("--help").stdout, self.run_shell(data="help\n").stdout):
            self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])

    def test_the_token_comes_from_the_environment_too(self):
        self.serve()
        argv = [SHELL, f"--server={self.server.address}", "echo", "hello"]
        for token, code in ((TOKEN, 0), ("wrong", 255), ("", 2)):
            environment = {**os.environ, "SHELL_TOKEN": token}
            done = subprocess.run(argv, env=environment, timeout=TIMEOUT_S, check=False,
                                  capture_output=True, stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, code, done.stderr)
            sentence = {
                0: b"hello",
                2: b"shell: a token is needed: --token_file=FILE, or SHELL_TOKEN",
                255: b"shell: the server does not take the token that --token_file=FILE or "
                     b"SHELL_TOKEN gives\n",
            }[code]
            self.assertIn(sentence, done.stdout + done.stderr)

    def test_a_limit_of_the_server_is_told(self):
        self.serve("sleep", time_max_ms=200)
        done = self.run_shell("sleep", "1000")
        self.assertEqual(done.stderr, "shell: killed: it took longer than the server allows\n")
        self.assertEqual(done.returncode, 128 + signal.SIGKILL)

    def test_a_reader_that_goes_away_ends_the_command(self):
        self.serve()
        with subprocess.Popen(self.argv("--sh", "cat /dev/zero", "mark-41"), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.read(5)
            process.stdout.close()
            self.assertEqual(process.wait(TIMEOUT_S), 128 + signal.SIGPIPE)
            self.assertEqual(process.stderr.read(), b"")
        wait_until(lambda: not processes_with("mark-41"))

    def run_and_signal(self, mark, *numbers):
        """Begins a command that marks itself, sends signals, returns (exit code, output)."""
        script = "trap 'echo caught' INT; echo up; sleep 1000 & while :; do wait; done"
        with subprocess.Popen(self.argv("--sh", script, mark), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as process:
            output = process.stdout.readline()
            for number in numbers[:-1]:
                process.send_signal(number)
                output += process.stdout.readline()
            self.assertTrue(processes_with(mark))
            process.send_signal(numbers[-1])
            output += process.communicate(timeout=TIMEOUT_S)[0]
        wait_until(lambda: not processes_with(mark))
        return process.returncode, output

    def test_the_first_interrupt_goes_to_the_command_and_the_second_kills_it(self):
        self.serve()
        self.assertEqual(self.run_and_signal("mark-1", signal.SIGINT, signal.SIGINT),
                         (128 + signal.SIGINT, "up\ncaught\n"))

    def test_sigterm_and_sighup_end_the_command(self):
        self.serve()
        for number in (signal.SIGTERM, signal.SIGHUP):
            self.assertEqual(self.run_and_signal("mark-2", number), (128 + number, "up\n"))

    def test_a_client_that_is_killed_leaves_no_command(self):
        self.serve()
        self.assertEqual(self.run_and_signal("mark-3", signal.SIGKILL), (-signal.SIGKILL, "up\n"))

    def test_a_server_that_ends_leaves_no_command(self):
        self.serve()
        with subprocess.Popen(self.argv("--sh", "echo up; sleep 1000; true", "mark-4"),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            process.stdout.readline()
            self.server.stop()
            self.assertEqual(process.wait(TIMEOUT_S), 255)
        wait_until(lambda: not processes_with("mark-4"))

    # Lines of a file.

    def test_lines_are_run_one_by_one(self):
        self.serve()
        lines = "# a comment\n\n echo 'a  b' c\\ d\ncd below\npwd\n! echo $((1+2))\ncat\nfalse\n"
        done = self.run_shell(data=lines)
        self.assertEqual(done.stdout, f"a  b c d\n{self.directory}/below\n3\n")
        self.assertEqual((done.stderr, done.returncode), ("", 1))

    def test_the_directory_changes_back_and_forth(self):
        self.serve("echo")
        done = self.run_shell(data="pwd\ncd below\npwd\ncd -\npwd\ncd -\npwd\ncd\npwd\n")
        top, below = self.directory, self.directory + "/below"
        self.assertEqual(done.stdout.split(), [top, below, top, below, top])
        self.assertEqual((done.stderr, done.returncode), ("", 0))

    def test_exit_ends_it_with_a_code(self):
        self.serve()
        self.assertEqual(self.run_shell(data="false\nexit\necho no\n").returncode, 1)
        done = self.run_shell(data="exit 7\necho no\n")
        self.assertEqual((done.stdout, done.returncode), ("", 7))

    def test_mistakes_are_told_and_the_next_line_is_run(self):
        self.serve()
        done = self.run_shell(data="echo 'x\nexit 256\ncd a b\ncd ..\nrm\n"
                                   "echo no | cat\ncd -\necho on\n")
        self.assertEqual(done.stdout, "on\n")
        for sentence in ("the quote ' at column 6 is not closed",
                         "exit takes a number from 0 to 255", "cd takes one directory, or none",
                         "and below, not in", 'does not run "rm"',
                         "the | at column 9 means nothing here", "no directory before"):
            self.assertIn(sentence, done.stderr)

    # A session at a terminal.

    def test_a_session(self):
        self.serve()
        window = self.session()
        window.wait_for(self.prompt())
        window.type("echo 'hello  there'\n")
        window.wait_for(re.compile("^hello  there$", re.M))
        self.wait_for_prompt_below(window)
        window.type("cd below\n")
        window.wait_for(self.prompt("below"))
        window.type("pwd\n")
        window.wait_for(self.directory + "/below")
        self.wait_for_prompt_below(window)
        window.type("! echo failed; exit 1\n")
        window.wait_for(re.compile("^failed$", re.M))
        self.wait_for_prompt_below(window)
        window.key("ctrl-d")
        self.assertEqual(window.wait_exit(), 1)
        self.assertFalse(window.is_raw())
        self.assertEqual(window.unknown, [])

    def test_a_session_tells_how_a_command_ended(self):
        self.serve()
        window = self.session()
        for line, end in (("! exit 3", "exit code 3"), ("! kill -9 $$", "killed by signal 9")):
            self.wait_for_prompt_below(window)
            window.type(line + "\n")
            window.wait_for(re.compile(f"^{end}$", re.M))
        self.wait_for_prompt_below(window)
        window.type("exit\n")
        self.assertEqual(window.wait_exit(), 128 + signal.SIGKILL)

    def test_a_second_ctrl_c_kills_what_is_in_another_group(self):
        self.serve()
        window = self.session()
        window.wait_for(self.prompt())
        seconds = f"1001.{os.getpid()}"
        window.type(f"! timeout 600 sleep {seconds}; true\n")
        wait_until(lambda: processes_with(seconds))

        def is_gone_after_another():
            window.key("ctrl-c")
            return not processes_with(seconds)

        wait_until(is_gone_after_another)

    def test_help_tells_the_commands(self):
        self.serve("echo", "ls")
        window = self.session()
        window.wait_for(self.prompt())
        window.type("help\n")
        window.wait_for("Commands of this server: echo, ls; no ! here")
        window.type("exit 4\n")
        self.assertEqual(window.wait_exit(), 4)

    def test_what_is_typed_is_the_input_of_the_command(self):
        self.serve()
        window = self.session()
        window.wait_for(self.prompt())
        window.type("! echo ready; cat; echo end\n")
        window.wait_for(re.compile("^ready$", re.M))
        window.type("typed\n")
        window.wait_for(re.compile("^typed\ntyped$", re.M))  # the terminal's, and the command's
        window.key("ctrl-d")
        window.wait_for(re.compile("^end$", re.M))
        window.wait_for(self.prompt())

    def test_a_line_without_an_end_does_not_swallow_the_prompt(self):
        self.serve()
        window = self.session()
        window.wait_for(self.prompt())
        window.type("! printf abc\n")
        window.wait_for(re.compile("^abc\n" + os.path.basename(self.directory) + ">$", re.M))

    def test_ctrl_c_ends_the_command_and_not_the_session(self):
        self.serve()
        window = self.session()
        window.wait_for(self.prompt())
        # Not in a shell: dash may miss a signal while it starts a program.
        seconds = f"1000.{os.getpid()}"
        window.type(f"sleep {seconds}\n")
        wait_until(lambda: processes_with(seconds))
        window.key("ctrl-c")
        self.wait_for_prompt_below(window)
        window.type("echo still here\n")
        window.wait_for(re.compile("^still here$", re.M))

    def test_a_second_ctrl_c_kills_what_ignores_the_first(self):
        self.serve()
        window = self.session()
        window.wait_for(self.prompt())
        window.type("! trap 'echo caught' INT; echo up; while :; do sleep 0.1; done\n")
        window.wait_for(re.compile("^up$", re.M))
        window.key("ctrl-c")
        window.wait_for(re.compile("caught$", re.M))
        window.key("ctrl-c")
        self.wait_for_prompt_below(window)
        window.type("exit\n")
        self.assertEqual(window.wait_exit(), 128 + signal.SIGINT)

    def test_ctrl_c_at_the_prompt_clears_the_line(self):
        self.serve()
        window = self.session()
        window.wait_for(self.prompt())
        window.type("echo unwanted")
        window.wait_for("echo unwanted")
        window.key("ctrl-c")
        window.wait_for_no("unwanted")
        window.type("echo wanted\n")
        window.wait_for(re.compile("^wanted$", re.M))

    def test_lines_come_back_from_the_history(self):
        self.serve()
        window = self.session()
        window.wait_for(self.prompt())
        window.type("echo one\n")
        window.wait_for(re.compile("^one$", re.M))
        self.wait_for_prompt_below(window)
        window.key("up")
        window.type(" more\n")
        window.wait_for(re.compile("^one more$", re.M))

    def test_sigterm_ends_command_and_session_and_gives_the_terminal_back(self):
        self.serve()
        window = self.session()
        window.wait_for(self.prompt())
        window.type("! echo up; sleep 1000; true\n")
        window.wait_for(re.compile("^up$", re.M))
        window.signal(signal.SIGTERM)
        self.assertEqual(window.wait_exit(), 128 + signal.SIGTERM)
        self.assertFalse(window.is_raw())

    def test_sigterm_at_the_prompt_ends_the_session_and_gives_the_terminal_back(self):
        self.serve()
        window = self.session()
        window.wait_for(self.prompt())
        window.signal(signal.SIGINT)
        window.type("still there")  # two signals that wait at once come in any order
        window.wait_for(re.compile("> still there$", re.M))
        window.signal(signal.SIGTERM)
        self.assertEqual(window.wait_exit(), 128 + signal.SIGTERM)
        self.assertFalse(window.is_raw())

    def test_a_lost_server_is_told_and_the_session_goes_on(self):
        self.serve()
        window = self.session()
        window.wait_for(self.prompt())
        self.server.stop()
        window.type("echo hello\n")
        window.wait_for("cannot connect")
        window.wait_for(self.prompt())


if __name__ == "__main__":
    unittest.main()
