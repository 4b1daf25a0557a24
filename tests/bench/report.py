"""What is printed at the end, and what results.json holds."""

import machine
import scaling
import stats
import table
import verdicts
import workloads

# (figure, what it is, the most that it may be)
FIGURE_BARS = (
    ("syscalls_one_at_a_time", "system calls of the server for a call, one at a time", 3.0),
    ("syscalls_64_in_flight", "the same, 64 in flight", 0.1),
    ("stripped_size", "bytes of the echo server, stripped", None),
    ("first_answer_ms", "ms from the start of the server to its first answer", None),
    ("static_first_answer_ms", "the same, with the system's libraries in it (--config=static)", 5),
    ("build_time_s", "s to build //examples:server from nothing", None),
)
# Of the server.
INSTRUCTION_BARS = {
    "server, echo, 256 in flight": 6_000,
    "server, echo, 256 in flight, md5 waived": 3_000,
}
IDLE_MAX = 1024
GOODPUT_MIN = 0.9


def _verdict(holds):
    return "holds" if holds else "MISSED"


def _at_most(value, most):
    """The last two cells of a row; empty where there is no bar."""
    return ["", ""] if most is None else [f"<= {table.number(most)}", _verdict(value <= most)]


def speedup(ours, theirs, metric):
    """Of times, less is faster."""
    if metric.endswith("_us"):
        ours, theirs = theirs, ours
    return stats.ratio(ours, theirs)


class Report:

    def __init__(self, description, chosen, peers, runner, found, sweeps):
        self.description = description
        self.chosen = chosen
        self.peers = peers
        self.rounds = runner.results
        self.noisy = runner.noisy()
        self.medians = runner.medians()
        self.figures = found
        self.sweeps = sweeps

    def record(self):
        return {
            "machine": self.description,
            "noise_max": machine.NOISE_MAX,
            "rounds": [{"workload": workload, "peer": peer, "results": results}
                       for (workload, peer), results in self.rounds.items()],
            "figures": self.figures,
            "scaling": self.sweeps,
        }

    def text(self):
        parts = [self._machine(), self._peers(), self._ratios(), self._bars(),
                 self._ratio_bars(), self._figures(), self._scaling(), self._noise()]
        return "\n\n".join(part for part in parts if part)

    def _machine(self):
        return ("{cpu}, {cores} cores, Linux {kernel}, TCP congestion control {congestion}; "
                "medians of the rounds").format(**self.description)

    def _value(self, workload, peer, metric):
        return self.medians.get((workload, peer), {}).get(metric)

    def _peers(self):
        rows = []
        for workload in self.chosen:
            for metric in workloads.METRICS[workload.name]:
                rows.append([f"{workload.title}: {metric}"] +
                            [self._value(workload.name, peer, metric) for peer in self.peers])
        return table.render(["workload"] + list(self.peers), rows)

    def _ratios(self):
        """How many times as fast as each other one ours is, by what each workload is about."""
        others = [peer for peer in self.peers if peer != "uvrpc"]
        rows = []
        for workload in self.chosen:
            metric = workloads.METRICS[workload.name][0]
            ours = self._value(workload.name, "uvrpc", metric)
            theirs = [self._value(workload.name, peer, metric) for peer in others]
            if any(theirs):
                rows.append([f"{workload.title}: {metric}"] +
                            [speedup(ours, value, metric) for value in theirs])
        if not rows:
            return ""
        return "How many times as fast uvrpc is as\n" + table.render(["workload"] + others, rows)

    def _bars(self):
        rows = []
        for bar in workloads.BARS:
            ours = self._value(bar.workload, "uvrpc", bar.metric)
            word, moved = verdicts.of_bar(bar, ours,
                                          self._value(bar.workload, "raw_uv", bar.metric))
            sign = "<=" if bar.at_most else ">="
            rows.append([f"{bar.workload}: {bar.metric}", ours, f"{sign} {table.number(bar.value)}",
                         f"{sign} {table.number(moved)}", word])
        return "Bars:\n" + table.render(["what", "ours", "bar", "moved with raw libuv", ""], rows)

    def _ratio_bars(self):
        rows = []
        for bar in workloads.RATIO_BARS:
            value, word = verdicts.of_ratio(bar, self.medians)
            sign = "<=" if bar.at_most else ">="
            rows.append([bar.title, value, f"{sign} {table.number(bar.value)}", word])
        return table.render(["ratio", "here", "bar", ""], rows)

    def _figures(self):
        found = self.figures
        rows = []
        for step, size in found.get("idle_bytes", {}).items():
            if step != "closed":
                rows.append([f"bytes of an idle connection, {step}", size] +
                            _at_most(size, IDLE_MAX))
        for name, what, most in FIGURE_BARS:
            if name in found:
                rows.append([what, found[name]] + _at_most(found[name], most))
        for name, count in found.get("instructions", {}).items():
            rows.append([f"instructions: {name}", count] +
                        _at_most(count, INSTRUCTION_BARS.get(name)))
        if "overload" in found:
            overload = found["overload"]
            rows.append(["goodput at twice the capacity, of the peak", overload["goodput"],
                         f">= {GOODPUT_MIN}", _verdict(overload["goodput"] >= GOODPUT_MIN)])
        return table.render(["figure", "here", "bar", ""], rows) if rows else ""

    def _scaling(self):
        parts = []
        for sweep in self.sweeps:
            rows = [[f"{point['x']:,}", point["calls_per_s"], point["p50_us"], point["p99_us"],
                     point["server_cpu_us"], point["client_cpu_us"]] for point in sweep["points"]]
            text = f"{sweep['sweep']}, {sweep['peer']}:\n" + table.render(
                [sweep["over"], "calls/s", "p50 us", "p99 us", "server CPU us", "client CPU us"],
                rows)
            if sweep["peer"] == "uvrpc" and sweep["sweep"] != "payload":
                text += "\n" + self._growth(sweep["points"])
            parts.append(text)
        return "\n\n".join(parts)

    def _growth(self, points):
        growing = scaling.growing_costs(points)
        if not growing:
            return "The server's CPU time of a call falls or stays flat: holds."
        return "The server's CPU time of a call grows: " + ", ".join(
            f"{cost:.2f} us at {x:,} against {least:.2f}" for x, cost, least in growing)

    def _noise(self):
        if not self.noisy:
            return "The machine was quiet all the time."
        return "NOT QUIET (others used more than {:.0%} of the machine): {}".format(
            machine.NOISE_MAX, ", ".join(f"{workload}/{peer} {noise:.0%}"
                                         for (workload, peer), noise in self.noisy.items()))
