"""Servers and load generators as processes, each on its core."""

import contextlib
import dataclasses
import json
import os
import resource
import select
import subprocess
import time

import machine

START_S = 60
LOAD_S = 120
END_S = 20


class Failed(Exception):
    """A program did not do what it was started for; the text says which, and what it said."""


@dataclasses.dataclass
class Server:
    address: str
    pid: int


def pinned(core):
    """For preexec_fn."""
    return (lambda: os.sched_setaffinity(0, {core})) if core is not None else None


def core_or_none(core):
    """On a machine with fewer cores nothing is pinned."""
    return core if core is not None and core in os.sched_getaffinity(0) else None


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def serving(command, core=None):
    """Starts a server and waits for its line; ends it at the end."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                               preexec_fn=pinned(core_or_none(core)))
    try:
        yield Server(address_of(process), process.pid)
    finally:
        end(process)


def address_of(process):
    """Waits for the line in which a server says where it listens."""
    ready, _, _ = select.select([process.stdout], [], [], START_S)
    line = process.stdout.readline() if ready else ""
    if not line.startswith("listening on "):
        raise Failed(f"{' '.join(process.args)} said {line!r}, and not where it listens")
    return line.split()[-1]


def end(process):
    process.terminate()
    try:
        process.wait(timeout=END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def load(command, server, core=None):
    """Runs a load generator, and returns its result with the noise of the machine meanwhile."""
    command = command + [f"--server={server.address}", f"--server_pid={server.pid}"]
    before = (time.monotonic(), machine.read_busy_s(), own_s(server))
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=LOAD_S, preexec_fn=pinned(core_or_none(core)))
    except subprocess.TimeoutExpired as expired:
        raise Failed(f"{' '.join(command)} did not end within {LOAD_S} s") from expired
    after = (time.monotonic(), machine.read_busy_s(), own_s(server))
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: {done.stderr.strip()}")
    wall, busy, own = (b - a for a, b in zip(before, after))
    result = json.loads(done.stdout)
    result["noise"] = machine.noise(busy, own, wall)
    return result


def own_s(server):
    """CPU seconds of the server, and of this process with all the children that have ended."""
    times = os.times()
    return machine.process_s(server.pid) + sum(times[:4])
