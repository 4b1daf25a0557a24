#!/usr/bin/env -S python3 -B
"""Every server and load generator that needs no package of a peer does what it is asked for; how
fast is not looked at."""

import os
import subprocess
import tempfile
import unittest

import binaries
import processes

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = binaries.Binaries(HERE.removesuffix("/tests/bench"))
CALLS = 200


def run(peer, load, server=()):
    """The result of so many calls."""
    with processes.serving([PROGRAMS.server(peer), *server]) as serving:
        return processes.load([PROGRAMS.load(peer), f"--count={CALLS}", *load], serving)


class LoadTest(unittest.TestCase):

    def assert_good(self, result, calls=CALLS):
        self.assertEqual((result["calls"], result["refused"], result["failed"]), (calls, 0, 0))
        self.assertGreater(result["server_cpu_us"], 0)
        self.assertGreater(result["client_cpu_us"], 0)

    def test_every_workload_ends_after_its_count(self):
        for flags in (["--in_flight=16"], ["--connections=4", "--in_flight=4"],
                      ["--workload=wait", "--in_flight=3"], ["--workload=stream", "--size=1024"],
                      ["--workload=mix", "--in_flight=8", "--slow_us=1000"],
                      ["--workload=rate", "--rate=5000"], ["--work_us=10"],
                      ["--busy_poll_us=100"],
                      ["--size=300000", "--bytes"]):
            with self.subTest(flags):
                self.assert_good(run("uvrpc", flags))

    def test_latencies_rise_with_their_quantiles(self):
        result = run("uvrpc", ["--in_flight=8"])
        self.assertGreater(result["p50_us"], 0)
        self.assertLessEqual(result["p50_us"], result["p99_us"])
        self.assertLessEqual(result["p99_us"], result["max_us"])

    def test_slow_calls_are_not_in_the_latencies(self):
        flags = ["--workload=mix", "--slow_percent=100", "--slow_us=1000"]
        result = run("uvrpc", flags)
        self.assert_good(result)
        self.assertEqual(result["max_us"], 0)

    def test_md5_may_be_waived_on_both_sides(self):
        for peer in ("uvrpc", "reference"):
            self.assert_good(run(peer, ["--md5_waived"], ["--md5_waived"]))

    def test_a_rate_that_is_too_high_is_refused_and_not_queued_without_end(self):
        result = run("uvrpc", ["--workload=rate", "--rate=1000000000", "--work_us=1000",
                               "--calls_waiting_max=0", "--count=3000"])
        self.assertGreater(result["calls"], 0)
        self.assertGreater(result["refused"], 0)
        self.assertEqual(result["calls"] + result["refused"], 3000)

    def test_the_floors_echo_and_stream(self):
        for peer in ("raw_uv", "raw_epoll", "reference"):
            for flags in (["--in_flight=16"], ["--connections=3", "--in_flight=4"],
                          ["--size=300000", "--bytes", "--in_flight=2"]):
                with self.subTest(peer=peer, flags=flags):
                    self.assert_good(run(peer, flags))
        for peer in ("raw_uv", "raw_epoll"):
            with self.subTest(peer=peer):
                result = run(peer, ["--workload=stream"], ["--stream"])
                self.assertGreaterEqual(result["calls"], CALLS)

    def test_all_serve_unix_sockets(self):
        with tempfile.TemporaryDirectory() as folder:
            listen = f"--listen=unix://{folder}/socket"
            for peer in ("uvrpc", "raw_uv", "raw_epoll", "reference"):
                with self.subTest(peer=peer):
                    self.assert_good(run(peer, ["--in_flight=4"], [listen]))

    def test_nonsense_is_told(self):
        for flags, said in ((["--workload=sleep"], "echo, mix, wait, stream, rate"),
                            (["--workload=rate"], "needs --rate="),
                            (["--congestion=none", "--timeout=300ms"], "TCP_CONGESTION")):
            with self.subTest(flags), self.assertRaises(processes.Failed) as raised:
                run("uvrpc", flags)
            self.assertIn(said, str(raised.exception))

    def test_a_floor_tells_what_it_cannot_do(self):
        for peer in ("raw_uv", "raw_epoll"):
            with self.subTest(peer), self.assertRaises(processes.Failed) as raised:
                run(peer, ["--workload=mix"])
            self.assertIn("this program has echo, stream", str(raised.exception))

    def test_the_first_answer_has_a_time(self):
        done = subprocess.run([PROGRAMS.path("first_answer"), PROGRAMS.server("uvrpc")],
                              stdout=subprocess.PIPE, text=True, check=True)
        self.assertGreater(float(done.stdout), 0)


if __name__ == "__main__":
    unittest.main()
