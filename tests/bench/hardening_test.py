#!/usr/bin/env -S python3 -B
"""An optimised program is hardened as third_party/toolchain says: readelf sees what came of it."""

import os
import re
import subprocess
import unittest

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "server")


def readelf(*flags):
    return subprocess.run(["readelf", "--wide", *flags, PROGRAM], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


class HardeningTest(unittest.TestCase):

    def test_the_program_is_position_independent(self):
        self.assertRegex(readelf("--file-header"), r"Type: +DYN")
        self.assertRegex(readelf("--dynamic"), r"FLAGS_1\).*\bPIE\b")

    def test_its_tables_are_bound_at_the_start_and_then_read_only(self):
        self.assertRegex(readelf("--dynamic"), r"\bBIND_NOW\b")
        self.assertRegex(readelf("--program-headers"), r"GNU_RELRO")

    def test_no_memory_is_writable_and_run(self):
        for segment in re.findall(r"(?m)^ +(?:LOAD|GNU_STACK) .*$", readelf("--program-headers")):
            self.assertNotRegex(segment, r"\bRWE\b")

    def test_copies_and_stacks_are_checked(self):
        imported = readelf("--dyn-syms")
        self.assertIn("__memcpy_chk", imported)  # _FORTIFY_SOURCE
        self.assertIn("__stack_chk_fail", imported)  # -fstack-protector


if __name__ == "__main__":
    unittest.main()
