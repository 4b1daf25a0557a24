"""What is measured of ours alone: memory, system calls, size, start, overload."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import binaries as programs
import processes
import rounds
import stats

IDLE_CONNECTIONS = 5_000


def idle_bytes(binaries):
    """Bytes of each idle connection: {"connected": ..., "after three calls": ...}."""
    done = subprocess.run(
        [binaries.path("idle_connections"), f"--connections={IDLE_CONNECTIONS}"],
        stdout=subprocess.PIPE, text=True, check=True)
    return parse_idle(done.stdout)


def parse_idle(text):
    """The first number behind each of the steps: private dirty memory."""
    found = re.findall(r"^(\w[\w ]*?) {2,}(-?\d+) +-?\d+$", text, re.MULTILINE)
    return {step: int(size) for step, size in found}


def count_syscalls(summary):
    """The sum of the column `calls` of a table that `strace -c` wrote. Some columns have gaps, so
    that it is found by the dashes that are above it."""
    lines = summary.splitlines()
    rule = next(line for line in lines if line.startswith("------"))
    begin, end = [match.span() for match in re.finditer("-+", rule)][3]
    total = next(line for line in lines if line.endswith(" total"))
    return int(total[begin:end])


def syscalls_per_call(binaries, in_flight, calls):
    """Those of the server, between two counts, so that its start and end are not in it."""
    few, many = (_syscalls(binaries, in_flight, count) for count in (calls // 4, calls))
    return (many - few) / (calls - calls // 4)


def _syscalls(binaries, in_flight, calls):
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as summary:
        command = ["strace", "-f", "-c", "-o", summary.name, binaries.server("uvrpc")]
        with serving_below(command) as server:
            processes.load([binaries.load("uvrpc"), f"--in_flight={in_flight}",
                            f"--count={calls}"], server)
        return count_syscalls(summary.read())


@contextlib.contextmanager
def serving_below(command):
    """As processes.serving, for a server below another program, which ends with it."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    child = None
    try:
        address = processes.address_of(process)
        child = only_child(process.pid)
        yield processes.Server(address, child)
    finally:
        os.kill(child or process.pid, signal.SIGTERM)
        process.wait(timeout=processes.END_S)
        process.stdout.close()


def only_child(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as children:
        return int(children.read().split()[0])


def stripped_size(binaries):
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "server")
        shutil.copy(binaries.server("uvrpc"), copy)
        subprocess.run(["strip", copy], check=True)
        return os.path.getsize(copy)


def first_answer_ms(binaries, server=None, times=11):
    """From the start of the server to the answer to its first call: the median of several."""
    command = [binaries.path("first_answer"), server or binaries.server("uvrpc")]
    return stats.median([
        float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
        for _ in range(times)
    ])


def static_first_answer_ms(binaries):
    """The same of the server that has the system's libraries in it."""
    with tempfile.TemporaryDirectory() as folder:
        server = os.path.join(folder, "server")
        programs.copy_static_server(server)
        return first_answer_ms(binaries, server)


def overload(binaries, seconds, work_us=20):
    """Calls a second that are answered at twice the rate that the server can do, and at its peak.
    Each takes some computation, so that it is the server that is at its end, and not the client."""
    times = [f"--warm_up={round(seconds * 200)}ms", f"--duration={round(seconds * 1000)}ms"]
    work = [binaries.load("uvrpc"), f"--work_us={work_us}"] + times
    with processes.serving([binaries.server("uvrpc")], rounds.SERVER_CORE) as server:
        peak = processes.load(work + ["--in_flight=64"], server, rounds.CLIENT_CORE)
        flood = processes.load(
            work + ["--workload=rate", f"--rate={round(2 * peak['calls_per_s'])}",
                    "--calls_waiting_max=500"], server, rounds.CLIENT_CORE)
    return {
        "peak_per_s": peak["calls_per_s"],
        "goodput_per_s": flood["calls_per_s"],
        "goodput": flood["calls_per_s"] / peak["calls_per_s"],
        "refused": flood["refused"],
        "failed": flood["failed"],
        "p99_us": flood["p99_us"],
        "noise": max(peak["noise"], flood["noise"]),
    }


def build_time_s():
    """Of //examples:server and everything that it needs, from nothing, with no cache."""
    with tempfile.TemporaryDirectory() as output_base:
        bazel = ["bazel", f"--output_base={output_base}"]
        try:
            begin = time.monotonic()
            subprocess.run(bazel + ["build", "-c", "opt", "--disk_cache=", "//examples:server"],
                           check=True, cwd=programs.root())
            return time.monotonic() - begin
        finally:
            subprocess.run(bazel + ["clean", "--expunge"], check=True, cwd=programs.root())
