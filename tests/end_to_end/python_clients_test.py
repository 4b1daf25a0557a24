#!/usr/bin/env -S python3 -B
"""The clients of examples/python, by the commands of their README, against the server of the
examples; what they say when a call fails, and when there is no server."""

import ast
import os
import re
import shutil
import socket
import subprocess
import threading
import unittest

TIMEOUT_S = 60
FOLDER = "examples/python"
DEFAULT_ADDRESS = "tcp://127.0.0.1:7000"
INPUTS = [
    "examples/python/README.md", "examples/python/binary_client.py",
    "examples/python/json_client.py", "rpc/wire/header.proto", "services/echo/echo.proto"
]
SERVER = os.path.abspath("examples/server")
# It serves interop.Interop, and nothing of echo.
OTHER_SERVER = os.path.abspath("tests/end_to_end/json_by_hand_server")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def blocks(language):
    """The lines of each fenced block of this language in the clients' README."""
    return re.findall(rf"^```{language}\n(.*?)^```$", read(f"{FOLDER}/README.md"), re.M | re.S)


class Server:
    """A server program, from when it has told its address to the end of the `with`."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.watchdog = threading.Timer(TIMEOUT_S, self.process.kill)

    def __enter__(self):
        self.watchdog.start()
        return self.process.stdout.readline().split()[-1]

    def __exit__(self, *unused):
        self.process.kill()
        self.process.communicate()
        self.watchdog.cancel()


class PythonClientsTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        """What a user does from the top of the tree, in a copy of the files that it takes."""
        cls.top = os.path.join(os.environ["TEST_TMPDIR"], "top")
        for path in INPUTS:
            os.makedirs(os.path.dirname(os.path.join(cls.top, path)), exist_ok=True)
            shutil.copyfile(path, os.path.join(cls.top, path))
        commands = [line for block in blocks("sh") for line in block.splitlines()]
        cls.protoc, = [command for command in commands if command.startswith("protoc ")]
        cls.clients = [command for command in commands if command.startswith("python3 ")]
        assert len(cls.clients) == 2, cls.clients
        cls.check_run(cls.protoc)

    @classmethod
    def run_command(cls, command, *arguments):
        done = subprocess.run([*command.split(), *arguments], cwd=cls.top, capture_output=True,
                              stdin=subprocess.DEVNULL, text=True, timeout=TIMEOUT_S, check=False)
        return done.returncode, done.stdout, done.stderr

    @classmethod
    def check_run(cls, command):
        output = cls.run_command(command)
        assert output == (0, "", ""), (command, output)

    def assert_fails(self, output, *words):
        code, said, errors = output
        self.assertEqual((code, said), (1, ""), errors)
        self.assertEqual(len(errors.splitlines()), 1, errors)
        for word in words:
            self.assertIn(word, errors)

    def test_they_say_what_the_readme_says(self):
        expected, = blocks("text")
        with Server(SERVER, "--listen=tcp://127.0.0.1:0") as address:
            for client in self.clients:
                self.assertEqual(self.run_command(client, address), (0, expected, ""))

    def test_their_address_is_that_of_the_server_by_default(self):
        _, usage, _ = self.run_command(f"{SERVER} --help")
        self.assertIn(f"{DEFAULT_ADDRESS} by default", usage)
        for name in ("json_client.py", "binary_client.py"):
            self.assertIn(f'"{DEFAULT_ADDRESS}"', read(f"{FOLDER}/{name}"))

    def test_they_print_the_servers_sentence(self):
        with Server(OTHER_SERVER) as address:
            for client in self.clients:
                self.assert_fails(self.run_command(client, address), "echo.Echo/Say")

    def test_they_say_that_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "tcp://127.0.0.1:%d" % taken.getsockname()[1]
        for client in self.clients:
            self.assert_fails(self.run_command(client, address), address, "refused")

    def test_they_say_that_the_connection_ended(self):
        for client in self.clients:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                address = "tcp://127.0.0.1:%d" % listener.getsockname()[1]
                server = threading.Thread(target=end_inside_a_frame, args=[listener])
                server.start()
                self.assert_fails(self.run_command(client, address), "the connection ended")
                server.join()

    def test_the_json_client_is_small(self):
        text = read(f"{FOLDER}/json_client.py")
        self.assertLess(len(text.splitlines()), 40)
        imported = {alias.name for node in ast.walk(ast.parse(text))
                    for alias in getattr(node, "names", [])}
        self.assertEqual(imported, {"hashlib", "json", "socket", "struct", "sys"})


def end_inside_a_frame(listener):
    """Reads what there is, then ends a frame in the middle of its length."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(b"\x00\x00")


if __name__ == "__main__":
    unittest.main()
