#!/usr/bin/env -S python3 -B
"""What README.md shows of looking into a server is what `rpc` prints: figures may differ, and
nothing else."""

import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.getcwd())
from tests.readme import readme  # pylint: disable=wrong-import-position
from tests.services.cli import cli  # pylint: disable=wrong-import-position

SECTION = "Look into a server"


def without_figures(text):
    """Numbers, units, rows of bars and how blanks align them are of one run."""
    text = re.sub(r"#+$", "#", text, flags=re.M)
    text = re.sub(r"\d[\d,.]*(?:us|ms|s|k|M|%)?", "N", text)
    text = re.sub(r"N (?:B|KiB|MiB|GiB)\b", "N", text)
    return re.sub(r"[ \t]+", " ", text)


def without_repeats(text):
    """The histogram has more rows, or fewer."""
    lines = text.splitlines()
    return [line for i, line in enumerate(lines) if i == 0 or line.rstrip(" #") !=
            lines[i - 1].rstrip(" #")]


class LookTest(cli.CliTest):

    def record_a_call(self, folder):
        with cli.Program(cli.RPC, "dump", "--listen=127.0.0.1:0", f"--to={self.address}",
                         f"--store={folder}/calls.rec") as proxy:
            self.rpc("call", proxy.addresses[0], "echo.Echo/Say", '{"text": "hello"}')
            proxy.wait_for("closed")
            proxy.stop()

    def test_what_is_shown_is_what_is_printed(self):
        with open("README.md", encoding="utf-8") as file:
            blocks = [b for b in readme.blocks(file.read()) if b.section == SECTION]
        shown = [(command, output) for command, output in zip(blocks, blocks[1:])
                 if command.language == "sh" and output.language == "text"]
        self.assertEqual(len(shown), (len(blocks) - 1) / 2)  # all but how it is built
        folder = self.folder()
        self.record_a_call(folder)
        self.rpc("bench", self.address, "echo.Echo/Say", "--count=20")
        environment = {**os.environ, "PATH": os.path.dirname(cli.RPC) + ":" + os.environ["PATH"]}
        address = self.address.partition("://")[2]
        for command, output in shown:
            with self.subTest(line=command.line):
                done = subprocess.run(
                    command.text.replace("127.0.0.1:7000", address), shell=True, cwd=folder,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
                    timeout=cli.TIMEOUT_S, check=False)
                said = done.stdout.replace(address, "127.0.0.1:7000")
                self.assertEqual(without_repeats(without_figures(said)),
                                 without_repeats(without_figures(output.text)), said)


if __name__ == "__main__":
    unittest.main()
