#!/usr/bin/env -S python3 -B
"""The program of examples/files: what it copies, what it says, and how it looks at a terminal."""

import hashlib
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.getcwd())
from tests.support import terminal  # pylint: disable=wrong-import-position

TIMEOUT_S = 120
PROGRAM = os.path.abspath("examples/files/files")
SERVER = os.path.abspath("tests/services/files/server")
MIB = 1 << 20
INTERRUPTED = 130


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def md5(path):
    digest = hashlib.md5()
    with open(path, "rb") as file:
        while data := file.read(MIB):
            digest.update(data)
    return digest.hexdigest()


class ProgramTest(unittest.TestCase):

    def setUp(self):
        self.folder = os.path.join(os.environ["TEST_TMPDIR"], self.id().split(".")[-1])
        self.there = os.path.join(self.folder, "there")
        self.here = os.path.join(self.folder, "here")
        os.makedirs(self.there)
        os.makedirs(self.here)
        self.server = None
        self.address = self.serve("tcp://127.0.0.1:0")

    def tearDown(self):
        self.stop()

    def serve(self, address):
        self.server = subprocess.Popen([SERVER, self.there, address], stdout=subprocess.PIPE,
                                       text=True)
        return self.server.stdout.readline().strip()

    def stop(self):
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()

    def command(self, *arguments):
        return [PROGRAM, f"--server={self.address}", *arguments]

    def run_program(self, *arguments, code=0):
        """What it prints to both, when there is no terminal."""
        done = subprocess.run(self.command(*arguments), cwd=self.here, capture_output=True,
                              text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def at_terminal(self, *arguments, **options):
        return terminal.Terminal(self.command(*arguments), cwd=self.here, **options)

    def make_large(self, path, mib):
        """Some bytes and many zeros: quick to make, and long to copy."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(os.urandom(MIB))
            file.truncate(mib * MIB)


class PlainTest(ProgramTest):

    def test_a_file_goes_there_and_comes_back(self):
        write(f"{self.here}/a.bin", os.urandom(100_000))
        out, err = self.run_program("put", "a.bin")
        self.assertRegex(out, r"^a\.bin: 97\.7 KiB(?: in 0:\d\d, .*/s)?\n$")
        self.assertEqual(err, "")
        self.run_program("get", "a.bin", "--to=back.bin")
        self.assertEqual(read(f"{self.here}/back.bin"), read(f"{self.here}/a.bin"))

    def test_folders_go_with_all_that_is_in_them(self):
        for name in ("a", "d/b", "d/e/c"):
            write(f"{self.here}/photos/{name}", name.encode())
        self.run_program("put", "photos", "--to=backup/")
        self.assertEqual(read(f"{self.there}/backup/photos/d/e/c"), b"d/e/c")
        self.run_program("get", "backup/photos", "--to=new/place")
        self.assertEqual(read(f"{self.here}/new/place/d/b"), b"d/b")
        self.run_program("get", "/", "--to=all/")
        self.assertEqual(read(f"{self.here}/all/backup/photos/a"), b"a")

    def test_where_copies_go(self):
        write(f"{self.here}/a", b"a")
        write(f"{self.here}/b", b"b")
        os.mkdir(f"{self.there}/folder")
        self.run_program("put", "a", "--to=new")
        self.run_program("put", "a", "--to=folder")
        self.run_program("put", "a", "b", "--to=both")
        self.assertEqual(sorted(os.listdir(self.there)), ["both", "folder", "new"])
        self.assertEqual(os.listdir(f"{self.there}/folder"), ["a"])
        self.assertEqual(sorted(os.listdir(f"{self.there}/both")), ["a", "b"])

    def test_a_folder_becomes_the_target_each_time(self):
        write(f"{self.here}/photos/a", b"a")
        for place in ("backup", "backup/"):
            for _ in range(2):
                self.run_program("put", "photos", f"--to={place}")
        self.assertEqual(sorted(os.listdir(f"{self.there}/backup")), ["a", "photos"])
        for place in ("new", "new/"):
            for _ in range(2):
                self.run_program("get", "photos", "backup/photos/a", f"--to={place}both", code=1)
                self.run_program("get", "backup/photos", f"--to={place}")
        self.assertEqual(sorted(os.listdir(f"{self.here}/new")), ["a", "both", "photos"])

    def test_a_file_goes_into_a_folder_that_is_there(self):
        write(f"{self.there}/a", b"a")
        os.mkdir(f"{self.here}/folder")
        self.run_program("get", "a", "--to=folder")
        self.run_program("get", "a", "--to=.")
        self.run_program("get", "a", "--to=other")
        self.assertEqual(read(f"{self.here}/folder/a"), b"a")
        self.assertEqual(read(f"{self.here}/a"), b"a")
        self.assertEqual(read(f"{self.here}/other"), b"a")

    def test_links_to_folders_are_told_and_links_keep_their_names(self):
        write(f"{self.here}/photos/a", b"a")
        write(f"{self.here}/other/b", b"b")
        os.symlink("../other", f"{self.here}/photos/link")
        os.symlink("photos/a", f"{self.here}/to_file")
        os.symlink("other", f"{self.here}/to_folder")
        _, err = self.run_program("put", "photos", code=1)
        self.assertEqual(err, "files: passed over: photos/link is a link to a folder\n")
        self.run_program("put", "to_file", "to_folder/")
        self.assertEqual(read(f"{self.there}/to_file"), b"a")
        self.assertEqual(read(f"{self.there}/to_folder/b"), b"b")

    def test_what_is_there_already_is_not_moved_again(self):
        write(f"{self.here}/a", b"12345")
        self.run_program("put", "a")
        self.assertEqual(self.run_program("put", "a")[0], "a: 5 B, was there already\n")

    def test_keep_replaces_nothing(self):
        write(f"{self.here}/a", b"new")
        write(f"{self.there}/a", b"old one")
        _, err = self.run_program("put", "a", "--keep", code=1)
        self.assertEqual(err, 'files: a: "a" is there already\n')
        self.assertEqual(read(f"{self.there}/a"), b"old one")

    def test_one_that_fails_does_not_keep_the_others(self):
        write(f"{self.here}/a", b"a")
        write(f"{self.here}/b", b"b")
        os.mkdir(f"{self.there}/b")
        out, err = self.run_program("put", "a", "b", "nothing", code=1)
        self.assertTrue(out.startswith("a: 1 B"), out)
        self.assertIn('files: b: "b" is a folder, not a file\n', err)
        self.assertIn("files: nothing: No such file or directory\n", err)
        self.assertEqual(read(f"{self.there}/a"), b"a")

    def test_lists_are_aligned(self):
        write(f"{self.there}/a", b"12345")
        write(f"{self.there}/large", bytes(1536))
        write(f"{self.there}/folder/b", b"")
        for name in ("a", "large", "folder"):
            os.utime(f"{self.there}/{name}", (1_000_000_000, 1_000_000_000))
        date = r"2001-09-0\d \d\d:46:40"
        out, _ = self.run_program("ls")
        self.assertRegex(out, rf"^   5  {date}  a\n   -  {date}  folder/\n1536  {date}  large\n$")
        out, _ = self.run_program("ls", "--human")
        self.assertRegex(out, rf"^    5 B  {date}  a\n")
        self.assertRegex(out, rf"\n1\.5 KiB  {date}  large\n$")
        out, _ = self.run_program("ls", "--recursive")
        self.assertRegex(out, r"  folder/b\n")

    def test_stat_tells_the_md5(self):
        write(f"{self.there}/a", b"12345")
        out, _ = self.run_program("stat", "a")
        self.assertIn("size: 5\n", out)
        self.assertIn(f"md5: {hashlib.md5(b'12345').hexdigest()}\n", out)

    def test_several_are_told_apart(self):
        write(f"{self.there}/a", b"1")
        write(f"{self.there}/b", b"2")
        out, _ = self.run_program("stat", "a", "b")
        self.assertEqual(out.count("\n\nname: b\n"), 1, out)

    def test_a_quick_copy_has_no_rate(self):
        for i in range(20):
            write(f"{self.here}/many/{i}", b"12")
        out, _ = self.run_program("put", "many")
        self.assertNotIn("in 0:00", out)

    def test_flags_and_addresses_that_make_no_sense_are_told(self):
        for server, ca, sentence in [
            ("tcp://localhost", "", "port"),
            ("bla", "", "bla"),
            ("tcp://127.0.0.1:1", "ca.pem",
             "--ca is of use with tls:// and unix: only, not with tcp://127.0.0.1:1\n"),
            ("tls://127.0.0.1:1", "nothing.pem", "nothing.pem"),
        ]:
            self.address = server
            _, err = self.run_program(*([f"--ca={ca}"] if ca else []), "ls", code=2)
            self.assertIn(sentence, err)
            self.assertTrue(err.startswith("files: ") and err.count("\n") == 1, err)

    def test_a_server_without_files_is_told(self):
        self.stop()
        self.there = ""
        self.address = self.serve("tcp://127.0.0.1:0")
        for arguments in (["ls"], ["get", "a"]):
            _, err = self.run_program(*arguments, code=1)
            self.assertRegex(err, r"^files: this server serves no files \(.*\)\n$")

    def test_what_a_server_says_is_harmless(self):
        _, err = self.run_program("stat", "\u202eevil\u009b2J", code=1)
        self.assertEqual(re.findall(r"[\u0000-\u0009\u0080-\u009f\u202e]", err), [])

    def test_mistakes_are_told(self):
        for arguments, code, sentence in [
            (["bla"], 2, "there is no command bla; there are ls, stat, put and get"),
            (["put"], 2, "put needs a name, as in: files put a.txt"),
            (["get", "nothing"], 1, 'cannot look at "nothing": no such file or directory'),
            (["ls", "../.."], 1, 'the name "../.." has a part that is . or ..'),
        ]:
            out, err = self.run_program(*arguments, code=code)
            self.assertEqual((out, err), ("", f"files: {sentence}\n"))
        self.assertEqual(self.run_program("--parallel=0", "ls", code=2)[0], "")

    def test_a_server_that_is_not_there_is_told(self):
        self.stop()
        for arguments in (["ls"], ["put", "a", "b"], ["get", "a"]):
            _, err = self.run_program(*arguments, code=1)
            self.assertEqual(err, f"files: cannot connect to {self.address}: connection refused\n")

    def test_help_has_examples(self):
        out, _ = self.run_program("--help")
        self.assertIn("Examples:\n  files put big.iso\n", out)


class TerminalTest(ProgramTest):

    BAR = re.compile(r"^large +\[=*>? *\] +\d+%.*MiB/s", re.M)

    def begin_large_put(self, mib=300):
        self.make_large(f"{self.here}/large", mib)
        window = self.at_terminal("put", "large", columns=100)
        window.wait_for(self.BAR)
        return window

    def test_a_bar_moves_and_a_line_stays(self):
        with self.begin_large_put() as window:
            window.wait_for(re.compile(r" [1-9]\d?%.* left"))
            self.assertEqual(window.wait_exit(TIMEOUT_S), 0)
            lines = [line for line in window.history() if line]
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], r"^large: 300\.0 MiB(?: in 0:\d\d, .* MiB/s)?$")
        self.assertEqual(md5(f"{self.there}/large"), md5(f"{self.here}/large"))

    def test_many_files_have_one_bar(self):
        for i in range(30):
            write(f"{self.here}/many/{i}", bytes(1_000 * i))
        with self.at_terminal("put", "many", rows=50) as window:
            self.assertEqual(window.wait_exit(), 0)
            lines = [line for line in window.history() if line]
        self.assertEqual(len(lines), 30, lines)
        self.assertTrue(all(line.startswith("many/") for line in lines), lines)

    def test_after_ctrl_c_the_same_command_goes_on(self):
        with self.begin_large_put() as window:
            window.wait_for(re.compile(r" [1-9]\d%"))
            window.key("ctrl-c")
            self.assertEqual(window.wait_exit(), INTERRUPTED)
            lines = [line for line in window.history() if line]
        self.assertEqual(lines, ["files: interrupted with 0 of 1 files copied; "
                                 "the same command goes on with it"])
        self.assertFalse(os.path.exists(f"{self.there}/large"))
        out, _ = self.run_program("put", "large")
        self.assertRegex(out, r"^large: goes on at \d+\.\d MiB of 300\.0 MiB\n")
        self.assertEqual(md5(f"{self.there}/large"), md5(f"{self.here}/large"))
        self.assertEqual(os.listdir(self.there), ["large"])

    def test_a_server_that_is_killed_and_comes_back_is_waited_for(self):
        with self.begin_large_put() as window:
            window.wait_for(re.compile(r" [1-9]\d%"))
            self.stop()
            window.wait_for("large: interrupted, tries again: ")
            self.serve(self.address)
            self.assertEqual(window.wait_exit(TIMEOUT_S), 0)
            self.assertIn("large: goes on at ", "\n".join(window.history()))
        self.assertEqual(md5(f"{self.there}/large"), md5(f"{self.here}/large"))

    def test_a_server_that_stays_away_is_told_once(self):
        for i in range(12):
            self.make_large(f"{self.here}/many/{i}", 100)
        with self.at_terminal("put", "many", columns=100, rows=60) as window:
            window.wait_for(re.compile(r"12 files .* [1-9]\d?%"))
            self.stop()
            window.wait_for("interrupted, tries again")
            # Neither a rate nor a time that is left.
            window.wait_for(re.compile(r"^12 files .*% +[\d.]+/1\.2 GiB *$", re.M))
            self.assertEqual(window.wait_exit(TIMEOUT_S), 1)
            lines = [line for line in window.history() if line]
        told = [line for line in lines if line.startswith("files: ")]
        self.assertEqual(len(told), 1, lines)
        self.assertRegex(told[0], r"^files: the server cannot be reached: \d+ of 12 files were not "
                                  r"copied; the same command goes on$")
        interrupted = [line for line in lines if "interrupted, tries again" in line]
        self.assertLessEqual(len(interrupted), 4, lines)

    def test_what_has_failed_is_not_done(self):
        self.make_large(f"{self.here}/many/1", 300)
        self.make_large(f"{self.here}/many/2", 100)
        os.makedirs(f"{self.there}/many/1")
        with self.at_terminal("put", "many", columns=100) as window:
            window.wait_for('"many/1" is a folder, not a file')
            window.wait_for(re.compile(r"2 files .* [1-9]\d?%"))
            percent = [int(found) for found in re.findall(r"(\d+)%", window.text())]
            self.assertLess(max(percent), 50)
            self.assertEqual(window.wait_exit(TIMEOUT_S), 1)

    def test_names_of_others_are_harmless(self):
        write(f"{self.there}/evil\x1b[2J", b"")
        with self.at_terminal("ls") as window:
            self.assertEqual(window.wait_exit(), 0)
            self.assertIn("evil^[[2J", window.text())
        self.assertIn("evil\x1b[2J", self.run_program("ls")[0])


if __name__ == "__main__":
    unittest.main()
