"""What is measured of every peer, and the bars that ours is to reach."""

import dataclasses
import os

# In the order of the table. Each has a server and a load generator, but for `reference`, whose
# client is that of raw_uv.
PEERS = ("raw_uv", "raw_epoll", "reference", "grpc", "thrift", "capnp", "uvrpc")
WITHOUT_STREAMS = ("reference",)


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    title: str
    load: tuple  # flags of the load generator
    server: tuple = ()  # flags of the server
    one_core: bool = False
    peers: tuple = PEERS


@dataclasses.dataclass(frozen=True)
class Bar:
    """`raw` is what raw libuv did on the machine that the bar comes from: on another machine the
    bar moves with it."""
    workload: str
    metric: str
    value: float
    at_most: bool
    raw: float = None


ONE_AT_A_TIME = Workload("one_core", "one at a time, both on one core", (), one_core=True)
UNIX = Workload("unix_socket", "one at a time over a unix socket, both on one core", (),
                (f"--listen=unix:///tmp/uvrpc_bench_{os.getpid()}.sock",), one_core=True)
SPINNING = Workload(
    "spinning", "one at a time, two cores, both spinning", ("--busy_poll_us=1000",),
    ("--busy_poll_us=1000",), peers=("raw_uv", "raw_epoll", "uvrpc"))
DEEP = Workload("in_flight_256", "1 connection, 256 in flight", ("--in_flight=256",))
WIDE = Workload("connections_64", "64 connections x 16 in flight",
                ("--connections=64", "--in_flight=16"))
LARGE = Workload("large", "1 MiB echo, 4 in flight",
                 ("--size=1048576", "--bytes", "--in_flight=4"))
LARGE_WAIVED = Workload(
    "large_waived", "1 MiB echo, 4 in flight, md5 waived",
    ("--size=1048576", "--bytes", "--in_flight=4", "--md5_waived"), ("--md5_waived",),
    peers=("raw_uv", "reference", "uvrpc"))
STREAM = Workload("stream", "server stream of 1 KiB messages",
                  ("--workload=stream", "--size=1024"), ("--stream",),
                  peers=tuple(peer for peer in PEERS if peer not in WITHOUT_STREAMS))
WAIT = Workload("wait", "one at a time, blocking, both on one core", ("--workload=wait",),
                one_core=True, peers=("grpc", "uvrpc"))

# The long tail: the same calls with and without slow ones between them.
MIX = Workload("mix", "64 in flight, 1% of them take 5 ms", ("--workload=mix", "--in_flight=64"),
               peers=("uvrpc",))
MIX_WITHOUT = Workload("mix_without", "64 in flight, none of them slow",
                       ("--workload=mix", "--in_flight=64", "--slow_percent=0"), peers=("uvrpc",))

WORKLOADS = (ONE_AT_A_TIME, UNIX, SPINNING, DEEP, WIDE, LARGE, LARGE_WAIVED, STREAM, WAIT, MIX,
             MIX_WITHOUT)

# What the table shows of each workload.
METRICS = {
    "one_core": ("p50_us", "p99_us", "p99_9_us"),
    "unix_socket": ("p50_us", "p99_us", "p99_9_us"),
    "spinning": ("p50_us", "p99_us", "p99_9_us"),
    "in_flight_256": ("calls_per_s", "server_cpu_us", "client_cpu_us", "p99_us", "p99_9_us"),
    "connections_64": ("calls_per_s", "server_cpu_us", "client_cpu_us", "p99_us", "p99_9_us"),
    "large": ("mb_per_s", "server_cpu_us", "client_cpu_us"),
    "large_waived": ("mb_per_s", "server_cpu_us", "client_cpu_us"),
    "stream": ("calls_per_s", "server_cpu_us", "client_cpu_us"),
    "wait": ("p50_us", "p99_us"),
    "mix": ("p50_us", "p99_us"),
    "mix_without": ("p50_us", "p99_us"),
}

BARS = (
    Bar("one_core", "p50_us", 8.6, True, raw=7.5),
    Bar("spinning", "p50_us", 9, True, raw=7.6),
    Bar("in_flight_256", "calls_per_s", 1_100_000, False, raw=2_490_000),
    Bar("in_flight_256", "server_cpu_us", 0.55, True, raw=0.16),
    Bar("in_flight_256", "client_cpu_us", 0.80, True, raw=0.18),
    Bar("connections_64", "calls_per_s", 900_000, False, raw=3_150_000),
    Bar("connections_64", "server_cpu_us", 0.70, True, raw=0.28),
    Bar("large", "mb_per_s", 1_200, False, raw=2_150),
    Bar("large_waived", "mb_per_s", 1_750, False, raw=2_150),
    Bar("stream", "calls_per_s", 2_000_000, False, raw=440_000),
)


@dataclasses.dataclass(frozen=True)
class RatioBar:
    """A bar on the ratio of two of our own figures, or of ours to a peer's."""
    title: str
    metric: str
    above: tuple  # (workload, peer)
    below: tuple
    value: float
    at_most: bool


RATIO_BARS = (
    RatioBar("one at a time, p50: ours / raw libuv", "p50_us", ("one_core", "uvrpc"),
             ("one_core", "raw_uv"), 1.15, True),
    RatioBar("256 in flight, calls/s: ours / gRPC", "calls_per_s", ("in_flight_256", "uvrpc"),
             ("in_flight_256", "grpc"), 18, False),
    RatioBar("blocking / coroutine, p50", "p50_us", ("wait", "uvrpc"), ("one_core", "uvrpc"), 1.3,
             True),
    RatioBar("long tail, p99 of the fast calls: with / without slow ones", "p99_us",
             ("mix", "uvrpc"), ("mix_without", "uvrpc"), 1.2, True),
)
