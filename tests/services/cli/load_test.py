#!/usr/bin/env -S python3 -B
"""rpc stats, top and bench: figures that add up, and how they look at a terminal."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.getcwd())
from tests.services.cli import cli  # pylint: disable=wrong-import-position

SAY = ("echo.Echo/Say", '{"text": "hello"}')


class LoadTest(cli.CliTest):

    def snapshot(self):
        return json.loads(self.rpc("stats", self.address, "--json"))

    def method(self, name):
        return next(m for m in self.snapshot()["methods"] if m["name"] == name)


class StatsTest(LoadTest):

    def test_calls_are_counted(self):
        before = self.method("echo.Echo/Say")
        self.rpc("bench", self.address, *SAY, "--count=50")
        after = self.method("echo.Echo/Say")
        self.assertEqual(int(after["ok"]) - int(before["ok"]), 51)  # one to try
        self.assertGreaterEqual(int(self.snapshot()["connections"]["open"]), 1)

    def test_a_person_can_read_it(self):
        self.rpc("call", self.address, *SAY)
        self.rpc_fails(cli.STATUS["NOT_FOUND"], "call", self.address, "echo.Echo/Fail",
                       '{"code": 5}')
        said = self.rpc("stats", self.address)
        self.assertRegex(said, r"(?m)^process +uvrpc [\d.]+, pid \d+, up ")
        self.assertRegex(said, r"(?m)^connections +open \d")
        self.assertRegex(said, r"(?m)^loop 0 +late by p50 ")
        self.assertRegex(said, r"(?m)^method +calls +open +errors +p50 +p99 +max$")
        self.assertRegex(said, r"(?m)^echo\.Echo/Say +\d+ +0 +0 +\S+s +\S+s +\S+s$")
        self.assertRegex(said, r"(?m)^echo\.Echo/Fail .* NOT_FOUND 1$")
        self.assertNotIn("echo.Echo/Sum", said)
        self.assertIn("echo.Echo/Sum", self.rpc("stats", self.address, "--all"))


class TopTest(LoadTest):

    def load(self, *flags):
        return subprocess.Popen(
            [cli.RPC, "bench", self.address, *SAY, "--duration=60s", "--rate=200", *flags],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_for_load(self):
        """Until it is under way, and not only the one call that it begins with."""
        before = self.calls()
        end = time.monotonic() + cli.TIMEOUT_S
        while self.calls() < before + 20:
            self.assertLess(time.monotonic(), end)

    def calls(self):
        return int(self.method("echo.Echo/Say").get("begun", 0))

    def end(self, load):
        load.send_signal(signal.SIGINT)
        load.wait(cli.TIMEOUT_S)

    def test_lines_where_there_is_no_terminal(self):
        load = self.load()
        try:
            self.wait_for_load()
            said = self.rpc("top", self.address, "--interval=300ms", "--count=3")
        finally:
            self.end(load)
        self.assertEqual(len(re.findall(r"(?m)^\d\d:\d\d:\d\d  \S+ calls/s  0 errors/s  \d+ conn",
                                        said)), 3)
        rates = [float(rate) for rate in re.findall(r"(?m)^  echo\.Echo/Say  (\S+) calls/s", said)]
        self.assertGreaterEqual(len(rates), 1, said)
        self.assertTrue(all(20 < rate < 2_000 for rate in rates), rates)

    def test_a_live_table(self):
        load = self.load()
        try:
            with self.at_terminal("top", self.address, "--interval=200ms", columns=100) as window:
                window.wait_for(re.compile(r"^echo\.Echo/Say +[1-9]\d* +0 +\d.*s +\d.*s +\d+$",
                                           re.M))
                window.wait_for(re.compile(r"^rpc top tcp://", re.M))
                window.wait_for(re.compile(r"calls/s  0 errors/s  \d+ connections?  cpu \d+%"))
                self.assertTrue(window.is_raw())
                self.assertEqual(window.screen()[-1],
                                 "q quit  s sort (by calls)  up, down scroll")
                self.assertEqual(window.unknown, [])
                window.type("q")
                self.assertEqual(window.wait_exit(), 0)
                self.assertFalse(window.is_raw())
                self.assertTrue(window.output.endswith(b"\x1b[?25h\x1b[?1049l") or
                                b"\x1b[?1049l" in window.output[-100:])
        finally:
            self.end(load)

    def test_keys_sort_and_scroll(self):
        with self.at_terminal("top", self.address, "--interval=100ms", columns=80,
                              rows=12) as window:
            window.wait_for("method")
            for order in ("errors", "p99", "name", "calls"):
                window.type("s")
                window.wait_for(f"sort (by {order})")
            window.type("sss")
            window.wait_for(lambda rows: rows[3].startswith("chat.Chat/"))
            first, second = window.screen()[3:5]
            window.key("down")
            window.wait_for(lambda rows: rows[3].split()[0] == second.split()[0])
            window.key("up")
            window.wait_for(lambda rows: rows[3].split()[0] == first.split()[0])

    def test_any_size(self):
        with self.at_terminal("top", self.address, "--interval=100ms", columns=120) as window:
            window.wait_for("calls/s")
            for columns, rows in ((30, 5), (10, 3), (1, 1), (17, 24), (200, 60), (80, 24)):
                title = f"rpc top {self.address}"[:columns - 1].rstrip()
                window.resize(columns, rows)
                window.wait_until(lambda: window.screen()[0] == title)
                time.sleep(0.15)  # and what comes then scrolls nothing away
                self.assertEqual(window.screen()[0], title)
                self.assertEqual(len(window.screen()), rows)
            window.wait_for("q quit")

    def test_ctrl_c_and_signals_leave_the_terminal_as_it_was(self):
        for end, code in ((lambda window: window.type("q"), 0),
                          (lambda window: window.key("ctrl-c"), cli.INTERRUPTED),
                          (lambda window: window.signal(signal.SIGINT), cli.INTERRUPTED),
                          (lambda window: window.signal(signal.SIGTERM), cli.INTERRUPTED)):
            with self.at_terminal("top", self.address) as window:
                window.wait_for("q quit")
                end(window)
                self.assertEqual(window.wait_exit(), code)
                self.assertFalse(window.is_raw())
                self.assertIn(b"\x1b[?1049l", window.output)

    def test_a_server_that_goes_is_told_and_found_again(self):
        with cli.Program(cli.SERVER, "--listen=tcp://127.0.0.1:0") as server:
            server.wait_for("serving interop.Interop")
            address = server.addresses[0]
            with self.at_terminal("top", address, "--interval=100ms") as window:
                window.wait_for("1 connection")
                server.stop(signal.SIGKILL)
                window.wait_for("trying again")
                with cli.Program(cli.SERVER, f"--listen={address}"):
                    window.wait_for("q quit  s sort")

    def test_lines_that_the_server_cuts_short_are_a_failure(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            with cli.Program(cli.SERVER, "--listen=tcp://127.0.0.1:0") as server:
                argv = [cli.RPC, "top", server.addresses[0], "--interval=50ms", "--count=100000"]
                with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True) as process:
                    process.stdout.readline()
                    server.stop(number)
                    said = process.communicate(timeout=cli.TIMEOUT_S)[1]
            self.assertEqual(process.returncode, cli.STATUS["UNAVAILABLE"], said)
            self.assertRegex(said, r"\Arpc: [^\n]+\n\Z")

    def test_an_interval_that_makes_no_sense_is_told(self):
        self.assertIn("--interval is from 10ms to 1h, not 1ms",
                      self.rpc_fails(cli.USAGE, "top", self.address, "--interval=1ms"))


class BenchTest(cli.CliTest):

    def bench(self, *arguments):
        return json.loads(self.rpc("bench", self.address, *arguments, "--json"))

    def test_figures_add_up(self):
        said = self.bench(*SAY, "--count=300", "--concurrency=7", "--connections=3")
        self.assertEqual((said["calls"], said["ok"], said["begun"], said["replies"]), (300,) * 4)
        self.assertEqual(said["errors"], {})
        self.assertEqual(sum(bucket["count"] for bucket in said["histogram"]), 300)
        latency = said["latency_us"]
        shares = [latency[name] for name in ("min", "p50", "p75", "p90", "p99", "p99.9", "p99.99",
                                             "max")]
        self.assertEqual(shares, sorted(shares))
        self.assertGreater(latency["min"], 0)
        self.assertAlmostEqual(said["calls_per_second"], 300 / said["elapsed_us"] * 1e6, delta=1)

    def test_a_person_can_read_it(self):
        said = self.rpc("bench", self.address, *SAY, "--count=100")
        self.assertRegex(said, r"\Aecho\.Echo/Say at tcp://127\.0\.0\.1:\d+\n"
                               r"1 connection, at most 10 calls at once, as fast as it goes\n\n"
                               r"100 calls in \d+\.\d\d s, \S+ a second; 100 ok, 0 failed\n"
                               r"latency: mean \S+, least \S+, most \S+\n\n"
                               r"  p50 +\S+\n  p75 +\S+\n  p90 +\S+\n  p99 +\S+\n  p99\.9 +\S+\n"
                               r"  p99\.99 +\S+\n\n")
        bars = re.findall(r"(?m)^ +(\S+s) - +(\S+s) +([\d.]+)%  (#*)$", said)
        self.assertGreaterEqual(len(bars), 1, said)
        self.assertAlmostEqual(sum(float(share) for _, _, share, _ in bars), 100, delta=0.2)
        longest = max(bars, key=lambda bar: float(bar[2]))
        self.assertEqual(len(longest[3]), 46)

    def test_one_call_is_one_row(self):
        said = self.rpc("bench", self.address, *SAY, "--count=1", "--concurrency=50")
        self.assertIn("\n1 call in ", said)
        self.assertEqual(re.findall(r"([\d.]+%)  #+\n", said), ["100.00%"])

    def test_concurrency_is_kept_to(self):
        said = self.bench("echo.Echo/Sleep", '{"ms": 100}', "--count=20", "--concurrency=5")
        self.assertGreaterEqual(said["elapsed_us"], 4 * 100_000)
        self.assertGreaterEqual(said["latency_us"]["min"], 100_000)

    def test_a_duration_ends_it(self):
        said = self.bench(*SAY, "--duration=300ms")
        self.assertGreater(said["calls"], 10)
        self.assertTrue(0.2e6 < said["elapsed_us"] < 10e6, said["elapsed_us"])

    def test_a_rate_is_kept_to(self):
        said = self.bench(*SAY, "--duration=500ms", "--rate=100")
        self.assertEqual(said["calls"], 50)
        self.assertGreaterEqual(said["elapsed_us"], 480_000)

    def test_latency_counts_from_when_a_call_was_due(self):
        """Ten calls are due at once, so to speak; one at a time, the last waits for all others."""
        options = ["echo.Echo/Sleep", '{"ms": 50}', "--count=10", "--concurrency=1"]
        closed = self.bench(*options)
        opened = self.bench(*options, "--rate=1000")
        self.assertLess(closed["latency_us"]["p50"], 200_000)
        self.assertGreaterEqual(opened["latency_us"]["max"], 10 * 50_000 - 10_000)
        self.assertGreaterEqual(opened["latency_us"]["p50"], 4 * 50_000)

    def test_streams(self):
        said = self.bench("echo.Echo/Count", '{"upto": 3}', "--count=10")
        self.assertEqual((said["calls"], said["replies"]), (10, 30))
        said = self.bench("echo.Echo/Chat", '{"text": "a"}', '{"text": "b"}', "--count=10")
        self.assertEqual((said["ok"], said["replies"]), (10, 20))

    def test_errors_are_counted_by_status(self):
        with cli.Program(cli.SERVER, "--listen=tcp://127.0.0.1:0") as server:
            argv = [cli.RPC, "bench", server.addresses[0], "echo.Echo/Sleep", '{"ms": 30}',
                    "--duration=4s", "--concurrency=2", "--json"]
            with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  text=True) as process:
                while self.slept(server.addresses[0]) < 3:
                    time.sleep(0.05)
                server.stop(signal.SIGKILL)
                said = json.loads(process.stdout.read())
                self.assertEqual(process.wait(cli.TIMEOUT_S), cli.FAILED)
        self.assertGreater(said["errors"]["UNAVAILABLE"], 0)
        self.assertEqual(said["ok"] + said["errors"]["UNAVAILABLE"], said["calls"])

    def test_a_server_that_has_gone_is_not_hammered(self):
        """It is called less and less often; and with a count, which time does not end, given up."""
        with cli.Program(cli.SERVER, "--listen=tcp://127.0.0.1:0") as server:
            argv = [cli.RPC, "bench", server.addresses[0], "echo.Echo/Sleep", '{"ms": 30}',
                    "--count=1000000", "--concurrency=2", "--json"]
            with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True) as process:
                while self.slept(server.addresses[0]) < 3:
                    time.sleep(0.05)
                server.stop(signal.SIGKILL)
                said = json.loads(process.stdout.read())
                self.assertEqual(process.wait(cli.TIMEOUT_S), cli.FAILED)
                self.assertRegex(process.stderr.read(), r"\Arpc: given up: no call met a server "
                                                        r"for 5s: .*connection refused.*\n\Z")
        # 10, 20, ... 640 ms, and a second from then on: for each of the two 12 or so in 6 seconds.
        self.assertLess(said["errors"]["UNAVAILABLE"], 60)

    def test_a_server_that_comes_back_is_called_again(self):
        with cli.Program(cli.SERVER, "--listen=tcp://127.0.0.1:0") as server:
            address = server.addresses[0]
            argv = [cli.RPC, "bench", address, "echo.Echo/Sleep", '{"ms": 30}', "--count=200",
                    "--concurrency=2", "--json"]
            with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  text=True) as process:
                while self.slept(address) < 3:
                    time.sleep(0.05)
                server.stop(signal.SIGKILL)
                with cli.Program(cli.SERVER, f"--listen={address}"):
                    said = json.loads(process.stdout.read())
        self.assertEqual(said["calls"], 200)
        self.assertGreater(said["ok"], 100)

    def slept(self, address):
        snapshot = json.loads(self.rpc("stats", address, "--json"))
        return next(int(m["ok"]) for m in snapshot["methods"] if m["name"] == "echo.Echo/Sleep")

    def test_a_first_call_that_fails_ends_it(self):
        self.assertEqual(
            self.rpc_fails(cli.STATUS["NOT_FOUND"], "bench", self.address, "echo.Echo/Fail",
                           '{"code": 5, "message": "gone"}'), "rpc: NOT_FOUND: gone\n")

    def test_ctrl_c_prints_what_there_is(self):
        with self.at_terminal("bench", self.address, *SAY, "--duration=60s", "--rate=200",
                              columns=90) as window:
            window.wait_for(re.compile(r"^ *\d+%  \d+ calls  \S+/s  0 failed  p50 \S+  p99 \S+$",
                                       re.M))
            window.key("ctrl-c")
            self.assertEqual(window.wait_exit(), cli.INTERRUPTED)
            said = "\n".join(window.history())
            self.assertIn("interrupted; until then:\n", said)
            self.assertRegex(said, r"\d+ calls in \d\.\d\d s, \d+ a second; \d+ ok, 0 failed")
            self.assertNotRegex(said, r"\d+%  \d+ calls  \S+/s")  # the progress line is gone

    def test_mistakes_are_told(self):
        for arguments, sentence in [
            (["echo.Echo/Say", "{}", "{}"], "takes one message, not 2"),
            (["echo.Echo/Say", "{"], "this is no echo.SayRequest in JSON"),
            (["echo.Echo/Say", "--concurrency=0"], "from 1 to 100000"),
            (["echo.Echo/Say", "--rate=-1"], "from 0 to 10000000"),
        ]:
            self.assertIn(sentence, self.rpc_fails(cli.USAGE, "bench", self.address, *arguments))


if __name__ == "__main__":
    unittest.main()
