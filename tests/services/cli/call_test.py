#!/usr/bin/env -S python3 -B
"""rpc ls, describe, call and health: what a server tells of itself, and calls without its files."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.getcwd())
from tests.services.cli import cli  # pylint: disable=wrong-import-position

PROTO = "services/echo/echo.proto"


def lines_of_json(text):
    return [json.loads(line) for line in text.splitlines()]


class StartTest(cli.CliTest):

    def test_it_runs_without_standard_streams(self):
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(closed):
                done = subprocess.run(f'"$RPC" ls {self.address} {closed}', executable="/bin/sh",
                                      shell=True, check=False, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, timeout=60,
                                      env=dict(os.environ, RPC=cli.RPC))
                self.assertLess(done.returncode, 128)  # not by a signal


class LsTest(cli.CliTest):

    def test_services(self):
        names = self.rpc("ls", self.address).splitlines()
        self.assertEqual(names, sorted(names))
        self.assertLessEqual({"chat.Chat", "echo.Echo", "health.Health", "reflection.Reflection",
                              "stats.Stats"}, set(names))

    def test_methods_of_a_service(self):
        said = self.rpc("ls", self.address, "echo.Echo")
        self.assertIn("echo.Echo/Say    echo.SayRequest -> echo.SayReply\n", said)
        self.assertIn("echo.Echo/Chat   stream echo.Line -> stream echo.Line\n", said)

    def test_all_methods(self):
        said = self.rpc("ls", self.address, "--long")
        self.assertRegex(said, r"(?m)^health\.Health/Watch +health\.CheckRequest -> "
                               r"stream health\.CheckReply$")

    def test_addresses_need_no_scheme(self):
        self.assertEqual(self.rpc("ls", self.address.partition("://")[2]),
                         self.rpc("ls", self.address))

    def test_a_service_that_is_not_there_is_told(self):
        said = self.rpc_fails(cli.STATUS["NOT_FOUND"], "ls", self.address, "echo.Ekko")
        self.assertRegex(said, "NOT_FOUND: this server serves no echo.Ekko; it serves .*echo.Echo")

    def test_a_server_that_is_not_there_is_told(self):
        nobody = cli.nobody()
        for command in (["ls", nobody], ["describe", nobody, "a.B"], ["stats", nobody],
                        ["call", nobody, "echo.Echo/Say"], ["health", nobody], ["top", nobody],
                        ["bench", nobody, "echo.Echo/Say"], ["health", nobody, "--watch"]):
            with self.subTest(command=command):
                self.assertEqual(
                    self.rpc_fails(cli.STATUS["UNAVAILABLE"], *command),
                    f"rpc: cannot connect to tcp://{nobody}: connection refused; is a server "
                    "listening there?\n")


class OddServerTest(cli.CliTest):
    SERVER = os.path.abspath("tests/services/cli/odd_server")
    FLAGS = []
    SERVES = ""

    def test_a_service_without_a_description_is_no_success(self):
        done = self.run_rpc("ls", self.address, "lite.Lite")
        self.assertEqual((done.returncode, done.stdout), (cli.FAILED, "lite.Lite/Call\n"))
        self.assertRegex(done.stderr, r"\Arpc: lite\.Lite has no description in this server: .*\n$")

    def test_a_long_name_widens_no_other_line(self):
        said = self.rpc("ls", self.address, "--long")
        self.assertIn("\n" + "health.Health/Check".ljust(102) +
                      "health.CheckRequest -> health.CheckReply\n", said)
        self.assertRegex(said, r"(?m)^a_package\S{100,}/AndItsMethod  a_package\S+ -> a_package")
        table = self.rpc("stats", self.address, "--all")
        self.assertRegex(table, r"(?m)^" + "health.Health/Check".ljust(100) + r" +0 .{1,50}$")
        self.assertRegex(table, r"(?m)^a_package\S{100,}/AndItsMethod +0 ")


class DescribeTest(cli.CliTest):

    def test_a_service_with_its_comments(self):
        said = self.rpc("describe", self.address, "echo.Echo")
        with open(PROTO, encoding="utf-8") as file:
            proto = file.read()
        self.assertTrue(said.startswith("service Echo {\n") or "\nservice Echo {\n" in said, said)
        self.assertIn("  rpc Say(echo.SayRequest) returns (echo.SayReply);\n".replace("echo.", ""),
                      proto)
        self.assertIn("  rpc Say(echo.SayRequest) returns (echo.SayReply);\n", said)
        self.assertIn("  rpc Count(echo.CountRequest) returns (stream echo.Number);\n", said)
        comments = [line.strip() for line in proto.splitlines() if line.startswith("  //")]
        self.assertGreater(len(comments), 2)
        for comment in comments[:3]:
            self.assertIn(comment, said)

    def test_a_message_a_method_and_a_field(self):
        self.assertIn("message SayRequest {\n  string text = 1;\n}\n",
                      self.rpc("describe", self.address, "echo.SayRequest"))
        for name in ("echo.Echo/Say", "echo.Echo.Say", ".echo.Echo.Say"):
            self.assertIn("rpc Say(echo.SayRequest) returns (echo.SayReply);\n",
                          self.rpc("describe", self.address, name))
        self.assertIn("string text = 1;", self.rpc("describe", self.address,
                                                   "echo.SayRequest.text"))

    def test_what_is_printed_is_a_proto_file(self):
        said = self.rpc("describe", self.address, "echo.Echo", "--file")
        folder = self.folder()
        with open(os.path.join(folder, "said.proto"), "w", encoding="utf-8") as file:
            file.write(said)
        subprocess.run(["protoc", f"-I{folder}", "--descriptor_set_out=/dev/null", "said.proto"],
                       check=True, cwd=folder)

    def test_a_symbol_that_is_not_there_is_told(self):
        said = self.rpc_fails(cli.STATUS["NOT_FOUND"], "describe", self.address, "echo.Nothing")
        self.assertIn("echo.Nothing", said)


class CallTest(cli.CliTest):

    def call(self, method, *messages, **options):
        return self.rpc("call", self.address, method, *messages, **options)

    def test_one_request_one_reply(self):
        self.assertEqual(self.call("echo.Echo/Say", '{"text": "hello"}'), '{"text":"hello"}\n')

    def test_without_a_message_it_is_the_empty_one(self):
        self.assertEqual(self.call("echo.Echo/Say"), "{}\n")
        self.assertEqual(self.call("echo.Echo/Say", "--defaults"), '{"text":""}\n')

    def test_replies_over_several_lines(self):
        self.assertEqual(self.call("echo.Echo/Say", '{"text": "a"}', "--pretty"),
                         '{\n "text": "a"\n}\n')

    def test_a_message_from_standard_input(self):
        self.assertEqual(self.call("echo.Echo/Say", "-", stdin='{\n"text":\n"a"}\n'),
                         '{"text":"a"}\n')

    def test_a_stream_of_replies(self):
        self.assertEqual(lines_of_json(self.call("echo.Echo/Count", '{"upto": 3}', "--defaults")),
                         [{"value": "0"}, {"value": "1"}, {"value": "2"}])

    def test_a_stream_of_requests(self):
        self.assertEqual(self.call("echo.Echo/Sum", '{"value": 1}', '{"value": 2}'),
                         '{"value":"3"}\n')
        lines = "".join('{"value": %d}\n' % i for i in range(1, 1001)) + "\n"
        self.assertEqual(self.call("echo.Echo/Sum", stdin=lines), '{"value":"500500"}\n')
        self.assertEqual(self.call("echo.Echo/Sum"), "{}\n")

    def test_both_directions_at_once(self):
        argv = [cli.RPC, "call", self.address, "echo.Echo/Chat"]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as process:
            for text in ("a", "b"):
                process.stdin.write('{"text": "%s"}\n' % text)
                process.stdin.flush()
                self.assertEqual(json.loads(process.stdout.readline())["text"].lower(), text)
            process.stdin.close()
            self.assertEqual(process.stdout.read(), "")
            self.assertEqual(process.wait(cli.TIMEOUT_S), 0)

    def test_the_exit_code_is_the_status(self):
        for code, name in ((3, "INVALID_ARGUMENT"), (5, "NOT_FOUND"), (8, "RESOURCE_EXHAUSTED")):
            request = json.dumps({"code": code, "message": "so it is"})
            said = self.rpc_fails(64 + code, "call", self.address, "echo.Echo/Fail", request)
            self.assertEqual(said, f"rpc: {name}: so it is\n")

    def test_metadata_goes_there_and_comes_back(self):
        request = '{"echo": {"leading": ["first"], "trailing": ["last-bin"]}}'
        done = self.run_rpc("call", self.address, "interop.Interop/Unary", request, "-v",
                            "--meta=first=one", "--meta", "last-bin=AAEC")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"\A> interop\.Interop/Unary\n"
                                      r"> first: one\n"
                                      r"> last-bin: AAEC\n"
                                      r"< first: one\n"
                                      r"< last-bin: AAEC\n"
                                      r"< OK, 1 reply, [\d.]+(ms|s|us)\n\Z")

    def test_details_of_a_status(self):
        url = "type.googleapis.com/interop."
        request = json.dumps({"ending": {"code": 9, "message": "no", "details": [
            {"type_url": url + "ThrowRequest", "value": "CgF4"},
            {"type_url": url + "NoSuch", "value": "AAEC"}]}})
        done = self.run_rpc("call", self.address, "interop.Interop/Unary", request)
        self.assertEqual(done.returncode, 64 + 9)
        self.assertEqual(done.stderr, 'rpc: FAILED_PRECONDITION: no\n'
                                      '  detail: interop.ThrowRequest {"what":"x"}\n'
                                      '  detail: type.googleapis.com/interop.NoSuch AAEC\n')

    def test_a_deadline(self):
        begun = time.monotonic()
        said = self.rpc_fails(cli.STATUS["DEADLINE_EXCEEDED"], "call", self.address,
                              "echo.Echo/Count", '{"upto": 5, "interval_ms": 10000}',
                              "--timeout=100ms")
        self.assertIn("DEADLINE_EXCEEDED", said)
        self.assertLess(time.monotonic() - begun, 10)

    def test_the_timeout_is_for_the_question_what_the_method_is_as_well(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"127.0.0.1:{silent.getsockname()[1]}"
            begun = time.monotonic()
            said = self.rpc_fails(cli.STATUS["DEADLINE_EXCEEDED"], "call", address,
                                  "echo.Echo/Say", "--timeout=300ms")
        self.assertLess(time.monotonic() - begun, 4)
        self.assertIn("no answer to what the method is", said)

    def test_a_server_that_comes_later_is_waited_for(self):
        address = cli.nobody()
        argv = [cli.RPC, "call", address, "echo.Echo/Say", '{"text": "a"}', "--wait"]
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True) as process:
            time.sleep(0.2)
            with cli.Program(cli.SERVER, f"--listen=tcp://{address}"):
                self.assertEqual(process.stdout.read(), '{"text":"a"}\n')
                self.assertEqual(process.wait(cli.TIMEOUT_S), 0)

    def test_ctrl_c_cancels(self):
        argv = [cli.RPC, "call", self.address, "echo.Echo/Count", "--defaults",
                '{"upto": 100, "interval_ms": 60000}']
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            self.assertEqual(process.stdout.readline(), '{"value":"0"}\n')  # as it comes
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(cli.TIMEOUT_S), cli.INTERRUPTED)
            self.assertEqual(process.stderr.read(), "rpc: cancelled\n")

    def test_types_from_a_proto_file(self):
        for arguments in ([f"--proto={PROTO}", "-I."], ["--proto=echo.proto", "-Iservices/echo"],
                          [f"--proto={PROTO}"]):
            self.assertEqual(
                self.call("echo.Echo/Say", '{"text": "a"}', *arguments), '{"text":"a"}\n')

    def test_a_proto_file_that_makes_no_sense_is_told(self):
        path = os.path.join(self.folder(), "bad.proto")
        with open(path, "w", encoding="utf-8") as file:
            file.write('syntax = "proto3";\nmessage A { B b = 1; }\n')
        said = self.rpc_fails(cli.USAGE, "call", self.address, "a.B/C", f"--proto={path}")
        self.assertRegex(said, r'^rpc: bad\.proto:2:13: "B" is not defined\.\n$')

    def test_a_method_that_is_not_there_is_told(self):
        said = self.rpc_fails(cli.STATUS["NOT_FOUND"], "call", self.address, "echo.Echo/Shout")
        self.assertRegex(said, "NOT_FOUND: there is no method echo.Echo/Shout; echo.Echo has Say, ")
        for arguments in ([], [f"--proto={PROTO}"]):
            said = self.run_rpc("call", self.address, "echo.Echo", *arguments).stderr
            self.assertIn("a method is package.Service/Method; echo.Echo has Say, Upper, ", said)

    def test_mistakes_are_told(self):
        for arguments, sentence in [
            (["echo.Echo/Say", "{"], "this is no echo.SayRequest in JSON: "),
            (["echo.Echo/Say", '{"txt": "a"}'], "txt: Cannot find field"),
            (["echo.Echo/Say", "{}", "{}"], "echo.Echo/Say takes one message, not 2"),
            (["Say"], 'a method is package.Service/Method, not "Say"'),
            (["echo.Echo/Say", "--meta=token"], '--meta takes KEY=VALUE, not "token"'),
            (["echo.Echo/Say", "--meta=a-bin=?"], "takes base64"),
            (["echo.Echo/Say", "--timeout=soon"], "--timeout takes a time"),
            (["echo.Echo/Say", '"a"'], "in JSON: Root element must be a message"),
            (["echo.Echo/Say", "-I."], "-I) is of use with --proto=FILE only"),
            (["echo.Echo/Say", "--proto=/no/such.proto"], "there is no file /no/such.proto"),
            (["echo.Echo/Say", "--meta=A key=1"], "A key"),
            (["echo.Echo/Say", "--ca=x.pem"], "of use with tls:// and unix: only"),
        ]:
            with self.subTest(arguments=arguments):
                said = self.rpc_fails(cli.USAGE, "call", self.address, *arguments)
                self.assertIn(sentence, said)

    def test_metadata_is_checked_before_anybody_is_asked(self):
        for command in ("call", "bench"):
            for meta in ("token", "A=1", "a-bin=?"):
                self.rpc_fails(cli.USAGE, command, cli.nobody(), "echo.Echo/Say", f"--meta={meta}")

    def test_a_line_that_is_no_json_is_told(self):
        said = self.rpc_fails(cli.FAILED, "call", self.address, "echo.Echo/Sum",
                              stdin='{"value": 1}\n\n{"value"}\n')
        self.assertIn("line 3: this is no echo.Number in JSON", said)

    def test_over_datagrams_and_unix_sockets(self):
        flags = ["--listen=udp://127.0.0.1:0", "--listen=unix:@uvrpc-cli-%d" % os.getpid()]
        with cli.Program(cli.SERVER, *flags) as server:
            server.wait_for("serving interop.Interop")
            for address in server.addresses:
                self.assertEqual(self.rpc("call", address, "echo.Echo/Say", '{"text": "a"}',
                                          f"--proto={PROTO}"), '{"text":"a"}\n')

    def test_what_a_server_says_is_harmless_at_a_terminal(self):
        with self.at_terminal("call", self.address, "echo.Echo/Say",
                              '{"text": "a\\u202eb\\u009b2Jc"}') as window:
            self.assertEqual(window.wait_exit(), 0)
            self.assertNotIn("\u202e".encode(), window.output)
            self.assertNotIn("\u009b".encode(), window.output)


class HealthTest(cli.CliTest):

    def test_all_and_one(self):
        said = self.rpc("health", self.address)
        self.assertRegex(said, r"\ASERVING +the server\n(SERVING +[\w.]+\n)+\Z")
        self.assertEqual(self.rpc("health", self.address, "echo.Echo"), "SERVING\n")

    def test_a_service_that_is_not_there_is_told(self):
        self.assertIn("NOT_FOUND", self.rpc_fails(cli.STATUS["NOT_FOUND"], "health", self.address,
                                                  "no.Such"))

    def test_a_shutdown_is_watched(self):
        with cli.Program(cli.SERVER, "--listen=tcp://127.0.0.1:0") as server:
            argv = [cli.RPC, "health", server.addresses[0], "--watch"]
            with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  text=True) as process:
                self.assertEqual(process.stdout.readline(), "SERVING\n")
                server.stop(signal.SIGTERM)
                self.assertEqual(process.stdout.read(), "NOT_SERVING\n")
                self.assertEqual(process.wait(cli.TIMEOUT_S), cli.FAILED)


if __name__ == "__main__":
    unittest.main()
