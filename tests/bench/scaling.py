"""How ours and raw libuv go with load: calls at once, bytes, connections."""

import machine
import processes
import rounds
import workloads

PEERS = ("raw_uv", "uvrpc")
SIZES = (0, 64, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20)
FLAT = 1.1  # a cost that grows less than this from one step to the next is flat


def sweeps():
    """(name, what it is over, the steps as (number, flags))"""
    yield "concurrency", "calls in flight", [
        (n, (f"--in_flight={n}",)) for n in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)]
    yield "payload", "bytes of a message", [
        (n, (f"--size={n}", "--bytes", "--in_flight=4")) for n in SIZES]
    yield "connections", "connections with one call each", [
        (n, (f"--connections={n}",)) for n in (1, 10, 100, 1_000, 5_000, 10_000)]


def measure(binaries, seconds, say=print):
    """[{"sweep", "over", "peer", "points": [{"x", "calls_per_s", ...}]}]"""
    runner = rounds.Rounds(binaries, seconds)
    found = []
    for name, over, steps in sweeps():
        for peer in PEERS:
            points = []
            for x, flags in steps:
                say(f"{name} {x:,}: {peer}")
                points.append(_point(runner, peer, x, flags))
            found.append({"sweep": name, "over": over, "peer": peer,
                          "points": [point for point in points if point]})
    return found


def _point(runner, peer, x, flags):
    try:
        result = runner.measure(workloads.Workload("sweep", "sweep", flags), peer)
    except processes.Failed as failure:
        print(failure)
        return None
    kept = ("calls_per_s", "mb_per_s", "p50_us", "p99_us", "server_cpu_us", "client_cpu_us",
            "noise")
    return {"x": x, **{name: result[name] for name in kept}}


def growing_costs(points):
    """The steps at which the server's CPU time of a call has grown, against the least so far, in a
    sweep that sends the same bytes: [(x, cost, least)]."""
    least, found = None, []
    for point in points:
        cost = point["server_cpu_us"]
        if least is not None and cost > FLAT * least:
            found.append((point["x"], cost, least))
        least = cost if least is None else min(least, cost)
    return found


def was_quiet(points):
    return all(point["noise"] <= machine.NOISE_MAX for point in points)
