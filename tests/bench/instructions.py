"""Instructions of a call, counted by callgrind: figures that do not depend on what else the machine
does.

Each is the difference between two runs of different length, so that start and end are not in it.
Callgrind shows programs a CPU without AVX-512: md5 runs in the lanes of AVX2.
"""

import contextlib
import dataclasses
import os
import re
import tempfile

import processes

GROWTH_MAX = 0.03


@dataclasses.dataclass(frozen=True)
class Count:
    name: str
    of_server: bool  # or of the load generator
    load: tuple
    few: int
    many: int
    server: tuple = ()


DEEP = ("--in_flight=256",)
STREAM = ("--workload=stream", "--size=1024")
WAIVED = ("--md5_waived",)

COUNTS = (
    Count("server, echo, 256 in flight", True, DEEP, 2_560, 12_800),
    Count("server, echo, 256 in flight, md5 waived", True, DEEP + WAIVED, 2_560, 12_800, WAIVED),
    Count("server, echo, one at a time", True, (), 500, 2_500),
    Count("server, stream, a message of 1 KiB", True, STREAM, 6_400, 32_000),
    Count("client, echo, 256 in flight", False, DEEP, 2_560, 12_800),
    Count("client, echo, one at a time", False, (), 500, 2_500),
    Count("client, stream, a message of 1 KiB", False, STREAM, 6_400, 32_000),
)


def total(text):
    """The instructions in what callgrind wrote."""
    return int(re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)[1])


@contextlib.contextmanager
def counting(command):
    """Yields the command that counts, and a function that gives the count once it has ended."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")

        def read():
            with open(out, encoding="utf-8") as file:
                return total(file.read())

        yield ["valgrind", "--tool=callgrind", "--vgdb=no", "--log-file=/dev/null",
               f"--callgrind-out-file={out}"] + command, read


def _run(count, calls, server, load):
    load = load + list(count.load) + [f"--count={calls}", "--timeout=1m"]
    with counting(server if count.of_server else load) as (command, read):
        with processes.serving(command if count.of_server else server) as serving:
            processes.load(load if count.of_server else command, serving)
        return read()


def measure(count, binaries):
    """Instructions of one call."""
    server = [binaries.server("uvrpc")] + list(count.server)
    load = [binaries.load("uvrpc")]
    few, many = (_run(count, calls, server, load) for calls in (count.few, count.many))
    return round((many - few) / (count.many - count.few))


def measure_all(binaries):
    return {count.name: measure(count, binaries) for count in COUNTS}


def compare(measured, recorded):
    """(what has grown, what has shrunk) by more than GROWTH_MAX, each as sentences."""
    grown, shrunk = [], []
    for name, now in measured.items():
        then = recorded.get(name)
        if then is None:
            grown.append(f"{name}: {now:,}, and no figure to compare it with")
            continue
        change = now / then - 1
        sentence = f"{name}: {then:,} -> {now:,} ({change:+.1%})"
        if change > GROWTH_MAX:
            grown.append(sentence)
        elif change < -GROWTH_MAX:
            shrunk.append(sentence)
    return grown, shrunk
