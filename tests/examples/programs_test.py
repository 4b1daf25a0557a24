#!/usr/bin/env -S python3 -B
"""Programs of //examples that need no server explain themselves, and refuse what makes no sense."""

import subprocess
import unittest


def run(program, *arguments):
    done = subprocess.run(["examples/" + program, *arguments], capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


class ProgramsTest(unittest.TestCase):

    def test_they_explain_themselves(self):
        for program in ("phone", "many_clients"):
            code, said, errors = run(program, "--help")
            self.assertEqual((code, errors), (0, ""))
            self.assertTrue(said.startswith("usage: " + program), said)

    def test_many_clients_are_one_number_of_them(self):
        for wrong in ("0", "-1", "10001", "many", "2x", ""):
            code, said, errors = run("many_clients", wrong)
            self.assertEqual((code, said), (2, ""))
            self.assertIn(f'CLIENTS is one number from 1 to 10000, not "{wrong}"', errors)
        self.assertEqual(run("many_clients", "1", "2")[0], 2)
        self.assertEqual(run("many_clients", "3")[0], 0)

    def test_a_phone_takes_nothing(self):
        code, said, errors = run("phone", "ann")
        self.assertEqual((code, said), (2, ""))
        self.assertIn('phone: it takes no arguments, but got "ann"', errors)


if __name__ == "__main__":
    unittest.main()
