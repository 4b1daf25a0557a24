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

    def test_output_that_nobody_takes_is_no_success(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            for arguments in (["--help"], ["ls", self.address], ["health", self.address],
                              ["call", self.address, "echo.Echo/Say"]):
                done = subprocess.run([cli.RPC, *arguments], stdout=full, stderr=subprocess.PIPE,
                                      stdin=subprocess.DEVNULL, timeout=cli.TIMEOUT_S, check=False)
                self.assertEqual(done.returncode, cli.FAILED, arguments)


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
