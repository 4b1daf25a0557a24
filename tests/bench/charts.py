"""Which charts there are: one of all peers, and one of how ours goes with load."""

import os

import chart
import workloads

# The first metric of a workload is what it is about.
UNITS = {"p50_us": "us, median", "calls_per_s": "a second", "mb_per_s": "MB/s"}


def peers_page(medians, chosen, peers):
    panels = []
    for workload in chosen:
        shown = [peer for peer in peers if peer in workload.peers]
        metric = workloads.METRICS[workload.name][0]
        if len(shown) < 2:
            continue
        values = [(peer, medians.get((workload.name, peer), {}).get(metric)) for peer in shown]
        panels.append(chart.bars(f"{workload.title}: {UNITS[metric]}", values))
    return chart.page("uvrpc beside its peers", panels)


def scaling_page(sweeps):
    """For each sweep: calls a second, latency, CPU time of a call in the server."""
    panels = []
    for name in dict.fromkeys(sweep["sweep"] for sweep in sweeps):
        same = [sweep for sweep in sweeps if sweep["sweep"] == name and sweep["points"]]
        for metric, what in (("calls_per_s", "calls/s"), ("p50_us", "p50, us"),
                             ("server_cpu_us", "server CPU us per call")):
            series = [(sweep["peer"], [(point["x"], point[metric]) for point in sweep["points"]])
                      for sweep in same]
            if series:
                panels.append(chart.lines(f"{name}: {what}", same[0]["over"], series))
    return chart.page("What becomes of it as load grows", panels, columns=3)


def write_all(folder, medians, chosen, peers, sweeps):
    chart.write(os.path.join(folder, "chart.svg"), peers_page(medians, chosen, peers))
    if sweeps:
        chart.write(os.path.join(folder, "scaling.svg"), scaling_page(sweeps))
