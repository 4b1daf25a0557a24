#!/usr/bin/env -S python3 -B
"""Runs the interop cases over every form of address and prints which passed where: a row for each
case, a column for each way. Fails when a case failed, or when a way is missing that this machine
has."""

import collections
import json
import os
import socket
import subprocess
import sys
import tempfile

BINARIES = ["interop_test", "interop_streams_test", "interop_ends_test", "interop_limits_test",
            "interop_pressure_test", "interop_datagrams_test"]
STREAM_WAYS = ["Tcp", "Unix", "Abstract", "Tls", "MutualTls", "InProcess"]
TITLES = {"Tcp": "tcp", "Ipv6": "tcp [::1]", "Unix": "unix://", "Abstract": "unix:@", "Tls": "tls",
          "MutualTls": "mutual tls", "Udp": "udp", "InProcess": "in process"}
PASSED, FAILED, ABSENT = "ok", "FAILED", "-"


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def outcomes(binary):
    """Each (case, way) of a test program, with whether it passed."""
    report = os.path.join(tempfile.mkdtemp(dir=os.environ["TEST_TMPDIR"]), "report.json")
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith(("GTEST_", "TEST_", "XML_"))}
    done = subprocess.run([f"tests/end_to_end/{binary}", f"--gtest_output=json:{report}"],
                          env=environment, capture_output=True, text=True, check=False)
    try:
        with open(report, encoding="utf-8") as file:
            suites = json.load(file)["testsuites"]
    except OSError:
        sys.exit(f"{binary} ended with {done.returncode} and no report:\n{done.stdout[-5000:]}")
    for suite in suites:
        for test in suite["testsuite"]:
            case, parameter = test["name"].split("/")
            way = parameter.removesuffix("OneThread").removesuffix("TwoThreads")
            passed = test["status"] == "RUN" and "failures" not in test
            if not passed:
                print(json.dumps(test, indent=2))
            yield case, way, passed


def print_grid(grid, ways):
    width = max(len(case) for case in grid)
    print(" " * width, *(f"{TITLES[way]:>10}" for way in ways))
    for case, cells in grid.items():
        print(case.ljust(width), *(f"{cells.get(way, ABSENT):>10}" for way in ways))


def main():
    grid = collections.defaultdict(dict)
    for binary in BINARIES:
        for case, way, passed in outcomes(binary):
            if grid[case].get(way) != FAILED:
                grid[case][way] = PASSED if passed else FAILED
    ways = STREAM_WAYS + (["Ipv6"] if has_ipv6() else []) + ["Udp"]
    print_grid(grid, ways)

    only_udp = {case for case, cells in grid.items() if set(cells) == {"Udp"}}
    complaints = [f"{case} over {TITLES[way]}: {grid[case].get(way, 'was not run')}"
                  for case in grid for way in ways
                  if grid[case].get(way) != PASSED and way != "Udp" and case not in only_udp]
    complaints += [f"{case} over udp: {cells['Udp']}"
                   for case, cells in grid.items() if cells.get("Udp", PASSED) != PASSED]
    passed = sum(cell == PASSED for cells in grid.values() for cell in cells.values())
    print(f"{passed} cells passed, {len(complaints)} did not")
    if len(grid) < 50 or not any("Udp" in cells for cells in grid.values()):
        complaints.append(f"only {len(grid)} cases were found")
    sys.exit("\n".join(complaints) or 0)


if __name__ == "__main__":
    main()
