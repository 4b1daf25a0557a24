"""All workloads of all peers, round after round, so that a machine that drifts drifts for all."""

import sys

import machine
import processes
import stats
import workloads

SERVER_CORE = 0
CLIENT_CORE = 1
ATTEMPTS = 3  # of a measurement that others disturbed


def server_command(binaries, peer, workload, congestion):
    # Only the raw servers have to know beforehand what they will be asked for.
    raw = peer.startswith("raw_")
    flags = [flag for flag in workload.server if raw or flag != "--stream"]
    return [binaries.server(peer)] + flags + congestion_flags(congestion)


def load_command(binaries, peer, workload, congestion, times):
    return [binaries.load(peer)] + list(workload.load) + times + congestion_flags(congestion)


def congestion_flags(congestion):
    return [f"--congestion={congestion}"] if congestion else []


class Rounds:
    """Collects results[(workload, peer)], a list with one of each round."""

    def __init__(self, binaries, seconds, congestion=None, say=print):
        self.binaries = binaries
        self.times = [f"--warm_up={round(seconds * 200)}ms",
                      f"--duration={round(seconds * 1000)}ms"]
        self.congestion = congestion
        self.say = say
        self.results = {}

    def measure(self, workload, peer):
        """One result, again when the machine was not quiet; the quietest one if it never was."""
        core = SERVER_CORE if workload.one_core else CLIENT_CORE
        best = None
        for _ in range(ATTEMPTS):
            command = server_command(self.binaries, peer, workload, self.congestion)
            with processes.serving(command, SERVER_CORE) as server:
                result = processes.load(
                    load_command(self.binaries, peer, workload, self.congestion, self.times),
                    server, core)
            if best is None or result["noise"] < best["noise"]:
                best = result
            if best["noise"] <= machine.NOISE_MAX:
                break
        return best

    def run(self, rounds, chosen, peers):
        for number in range(rounds):
            for workload in chosen:
                for peer in (peer for peer in workload.peers if peer in peers):
                    self.say(f"round {number + 1} of {rounds}: {workload.title}: {peer}")
                    try:
                        result = self.measure(workload, peer)
                    except (processes.Failed, OSError) as failure:
                        print(f"{workload.name}, {peer}: {failure}", file=sys.stderr)
                        continue
                    self.results.setdefault((workload.name, peer), []).append(result)

    def medians(self):
        return {place: stats.medians(results) for place, results in self.results.items()}

    def noisy(self):
        """The places in which the machine was not quiet, with the noise of the worst round."""
        worst = {place: max(result["noise"] for result in results)
                 for place, results in self.results.items()}
        return {place: noise for place, noise in worst.items() if noise > machine.NOISE_MAX}
