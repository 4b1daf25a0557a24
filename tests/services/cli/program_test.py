#!/usr/bin/env -S python3 -B
"""rpc itself: its help, its exit codes, and what shells complete."""

import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.getcwd())
from tests.services.cli import cli  # pylint: disable=wrong-import-position
from tests.support import terminal  # pylint: disable=wrong-import-position

COMMANDS = ["ls", "describe", "call", "health", "stats", "top", "bench", "dump", "replay",
            "completion"]


class HelpTest(cli.CliTest):

    def test_help_names_every_command(self):
        for arguments in (["--help"], ["-h"], ["help"]):
            said = self.rpc(*arguments)
            self.assertEqual(re.findall(r"(?m)^  ([a-z]+) {2,}\w", said), COMMANDS)
            self.assertIn("Examples:\n  rpc ls ", said)

    def test_each_command_has_examples(self):
        for command in COMMANDS:
            said = self.rpc(command, "--help")
            self.assertEqual(said, self.rpc("help", command))
            self.assertTrue(said.startswith(f"usage: rpc {command} "), said)
            self.assertRegex(said, rf"\nExamples:\n(.*\n)*  .*rpc {command} ")
            self.assertEqual([line for line in said.splitlines() if len(line) > 80], [])

    def test_examples_can_be_copied(self):
        for command in COMMANDS:
            examples = self.rpc(command, "--help").partition("\nExamples:\n")[2]
            self.assertNotEqual(examples, "")
            for line in examples.replace("\\\n      ", "").splitlines():
                self.assertRegex(line, r"\A  (rpc|seq|until|source|echo) ")  # nothing is cut off
            subprocess.run(["bash", "-n"], input=examples, text=True, check=True)

    def test_version(self):
        self.assertRegex(self.rpc("--version"), r"\Arpc \d+\.\d+\.\d+, protocol 1\n\Z")

    def test_without_a_command_it_says_how_it_is_used(self):
        done = self.run_rpc()
        self.assertEqual((done.returncode, done.stdout), (cli.USAGE, ""))
        self.assertTrue(done.stderr.startswith("usage: rpc COMMAND"))

    def test_a_command_that_is_not_there_is_told(self):
        self.assertEqual(self.rpc_fails(cli.USAGE, "cal"),
                         'rpc: there is no command "cal"; did you mean call? `rpc --help` tells '
                         "which there are\n")

    def test_flags_and_arguments_that_make_no_sense_are_told(self):
        for arguments, sentence in [
            (["ls"], "too few arguments: 0 of at least 1"),
            (["ls", "a:1", "b", "c"], 'unexpected argument "c"'),
            (["ls", "a:1", "--colour"], "unknown flag --colour; --help tells which there are"),
            (["ls", "localhost"], '"tcp://localhost"'),
            (["ls", "http://x:1"], '"http://x:1"'),
            (["ls", "tls://localhost:1", "--ca=/no/such"], "/no/such"),
            (["ls", "tls://localhost:1", "--cert=a.pem"], "--cert=FILE and --key=FILE need"),
            (["completion", "fish"], 'bash and zsh, not for "fish"'),
        ]:
            with self.subTest(arguments=arguments):
                self.assertIn(sentence, self.rpc_fails(cli.USAGE, *arguments))

    def test_output_that_nobody_takes_is_told(self):
        path = self.record_calls({"text": "a"})
        say = "echo.Echo/Say"
        with open("/dev/full", "w", encoding="ascii") as full:
            for arguments in (["--help"], ["--version"], ["call", "--help"], ["completion", "bash"],
                              ["ls", self.address], ["describe", self.address, say],
                              ["call", self.address, say], ["health", self.address],
                              ["health", self.address, "--watch"], ["stats", self.address],
                              ["stats", self.address, "--json"],
                              ["top", self.address, "--interval=50ms"],
                              ["bench", self.address, say, "--count=1"], ["dump", path],
                              ["dump", "--listen=127.0.0.1:0", f"--to={self.address}"],
                              ["replay", path, self.address],
                              ["replay", path, self.address, "--quiet"]):
                with self.subTest(arguments=arguments):
                    done = subprocess.run(
                        [cli.RPC, *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                        stdin=subprocess.DEVNULL, timeout=cli.TIMEOUT_S, check=False)
                    self.assertEqual((done.returncode, done.stderr), (
                        cli.FAILED, "rpc: cannot write to the standard output: No space left on "
                                    "device\n"))

    def test_of_a_reader_that_has_gone_nothing_is_said(self):
        output, closed = os.pipe()
        os.close(output)
        for arguments in (["ls", self.address], ["call", self.address, "echo.Echo/Say"],
                          ["top", self.address, "--interval=50ms"]):
            done = subprocess.run([cli.RPC, *arguments], stdout=closed, stderr=subprocess.PIPE,
                                  stdin=subprocess.DEVNULL, timeout=cli.TIMEOUT_S, check=False)
            self.assertEqual((done.returncode, done.stderr), (cli.FAILED, b""), arguments)
        os.close(closed)

    def test_datagrams_carry_unary_calls_only(self):
        for arguments in (["top", "udp://127.0.0.1:1"], ["health", "udp://127.0.0.1:1", "--watch"],
                          ["health", "udp://127.0.0.1:1", "a.B", "--watch"]):
            self.assertEqual(
                self.rpc_fails(cli.USAGE, *arguments),
                "rpc: udp:// carries unary calls only, and this needs a stream of replies: not "
                "udp://127.0.0.1:1\n")


class CompletionTest(cli.CliTest):

    def words(self, *words):
        return self.rpc("completion", "words", "--", "rpc", *words).splitlines()

    def test_commands_and_flags(self):
        self.assertEqual(self.words("de"), ["describe"])
        self.assertEqual([w for w in self.words("") if not w.startswith("-")],
                         COMMANDS + ["help"])
        self.assertEqual(self.words("bench", "--con"), ["--connections=", "--concurrency="])
        self.assertEqual(self.words("completion", ""), ["bash", "zsh"])
        self.assertEqual(self.words("dump", ""), [":files"])
        self.assertEqual(self.words("ls", "x:1", "--ca", ""), [":files"])
        self.assertEqual(self.words("dump", "fi"), [":files fi"])

    def test_what_flags_take(self):
        self.assertEqual(self.words("call", "--proto="), [":files"])
        self.assertEqual(self.words("call", "--proto=a/b"), [":files a/b"])
        self.assertEqual(self.words("call", "--proto", "a/b"), [":files a/b"])
        self.assertEqual(self.words("call", "-I"), [":folders"])
        self.assertEqual(self.words("call", "-Ia"), [":folders a"])
        self.assertEqual(self.words("call", "-I", "a"), [":folders a"])
        self.assertEqual(self.words("call", "--proto-path=a"), [":folders a"])
        self.assertEqual(self.words("dump", "--listen=ud"), ["--listen=udp://"])
        self.assertEqual(self.words("dump", "--to", "ud"), ["udp://"])
        self.assertEqual(self.words("call", "--timeout="), [])
        self.assertEqual(self.words("call", "--timeout", ""), [])
        self.assertEqual(self.words("call", "-I", "x", self.address, "echo.Echo/Sa"),
                         ["echo.Echo/Say"])

    def test_a_server_is_asked(self):
        self.assertEqual(self.words("ls", self.address, "echo"), ["echo.Echo"])
        self.assertEqual(self.words("call", self.address, "echo.Echo/S"),
                         ["echo.Echo/Say", "echo.Echo/Sum", "echo.Echo/Sleep"])
        self.assertIn("echo.SayRequest", self.words("describe", self.address, "echo."))
        self.assertEqual(self.words("call", "--timeout", "1s", self.address, "echo.Echo/Say"),
                         ["echo.Echo/Say"])

    def test_a_server_that_is_not_there_has_nothing(self):
        self.assertEqual(self.words("ls", cli.nobody(), ""), [])

    def shell(self, *argv):
        folder = self.folder()
        os.symlink(cli.RPC, os.path.join(folder, "rpc"))
        os.mkdir(os.path.join(folder, "directory"))
        with open(os.path.join(folder, "directory", "echo.proto"), "w", encoding="ascii"):
            pass
        environment = {"PATH": folder + ":" + os.environ["PATH"], "PS1": "$ ", "HOME": folder,
                       "ZDOTDIR": folder, "HISTFILE": ""}
        with open(os.path.join(folder, ".zshrc"), "w", encoding="ascii") as file:
            file.write("PS1='$ '\nautoload -U compinit && compinit -u\n")
        return terminal.Terminal(argv, columns=120, env=environment, cwd=folder)

    def type_and_complete(self, window, shell):
        window.wait_for("$ ")
        window.type(f"source <(rpc completion {shell})\n")
        window.type("echo rea''dy\n")
        window.wait_for("\nready")
        for typed, completed in [
            ("rpc desc", "rpc describe "),
            (f"rpc ls {self.address} echo", f"rpc ls {self.address} echo.Echo "),
            (f"rpc call {self.address} echo.Echo/Co", f"rpc call {self.address} echo.Echo/Count "),
            ("rpc bench --conn", "rpc bench --connections="),
            ("rpc call --proto=dir", "rpc call --proto=directory/"),
            ("rpc call --proto=directory/ec", "rpc call --proto=directory/echo.proto "),
            ("rpc call --proto directory/ec", "rpc call --proto directory/echo.proto "),
            ("rpc call -Idir", "rpc call -Idirectory/"),
            ("rpc call -I dir", "rpc call -I directory/"),
            ("rpc dump di", "rpc dump directory/"),
        ]:
            window.type(typed)
            window.key("tab")
            window.wait_for(completed)
            window.key("ctrl-u")
        window.type("exit\n")

    def test_bash_completes(self):
        with self.shell("bash", "--norc", "--noprofile", "-i") as window:
            self.type_and_complete(window, "bash")

    def test_zsh_completes(self):
        with self.shell("zsh", "-i") as window:
            self.type_and_complete(window, "zsh")


if __name__ == "__main__":
    unittest.main()
