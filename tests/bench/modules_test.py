#!/usr/bin/env -S python3 -B
"""What tests/bench/run computes, parses and draws; nothing is measured here."""

import unittest
import xml.etree.ElementTree

import chart
import charts
import figures
import instructions
import machine
import report
import scaling
import stats
import table
import verdicts
import workloads


class StatsTest(unittest.TestCase):

    def test_the_median_is_that_of_the_values_that_are_there(self):
        self.assertEqual(stats.median([3, None, 1, 2]), 2)
        self.assertIsNone(stats.median([None]))

    def test_a_ratio_to_nothing_is_none(self):
        self.assertEqual(stats.ratio(3, 2), 1.5)
        self.assertIsNone(stats.ratio(3, 0))
        self.assertIsNone(stats.ratio(None, 2))

    def test_the_spread_is_relative_to_the_median(self):
        self.assertEqual(stats.spread([9, 10, 12]), 0.3)

    def test_medians_of_results_keep_their_texts(self):
        merged = stats.medians([{"peer": "x", "calls": 1}, {"peer": "x", "calls": 5},
                                {"peer": "x", "calls": 2}])
        self.assertEqual(merged, {"peer": "x", "calls": 2})


class TableTest(unittest.TestCase):

    def test_numbers_have_the_digits_that_matter(self):
        for value, text in ((1234567.8, "1,234,568"), (123.4, "123"), (12.34, "12.3"),
                            (1.234, "1.23"), (0.1234, "0.123"), (None, "-"), (0, "0.000")):
            self.assertEqual(table.number(value), text)

    def test_columns_are_as_wide_as_what_is_in_them(self):
        self.assertEqual(table.render(["what", "a"], [["long name", 1000], ["b", None]]),
                         "what           a\n"
                         "---------  -----\n"
                         "long name  1,000\n"
                         "b              -")


class MachineTest(unittest.TestCase):

    def test_busy_time_leaves_out_what_is_idle_and_interrupts(self):
        hertz = figures.os.sysconf("SC_CLK_TCK")
        text = f"cpu {hertz} {hertz} {hertz} 999 999 999 999 {hertz} 0 0"
        self.assertEqual(machine.busy_s(text), 4)

    def test_noise_is_what_others_used(self):
        cores = figures.os.cpu_count()
        self.assertAlmostEqual(machine.noise(3.0 + cores * 0.1, 3.0, 1), 0.1)
        self.assertEqual(machine.noise(1.0, 2.0, 1), 0)


class VerdictTest(unittest.TestCase):
    BAR = workloads.Bar("w", "p50_us", 9, True, raw=7.5)

    def test_a_bar_holds_by_itself(self):
        self.assertEqual(verdicts.of_bar(self.BAR, 9, 7.5)[0], "holds")

    def test_a_bar_moves_with_raw_libuv_on_a_slower_machine(self):
        self.assertEqual(verdicts.of_bar(self.BAR, 17, 15), ("holds beside raw libuv", 18))
        self.assertEqual(verdicts.of_bar(self.BAR, 19, 15)[0], "MISSED")

    def test_what_was_not_measured_is_said_so(self):
        self.assertEqual(verdicts.of_bar(self.BAR, None, 15)[0], "not measured")

    def test_at_least_is_the_other_way_round(self):
        bar = workloads.Bar("w", "calls_per_s", 100, False)
        self.assertEqual(verdicts.of_bar(bar, 100, None)[0], "holds")
        self.assertEqual(verdicts.of_bar(bar, 99, None)[0], "MISSED")

    def test_ratios_are_of_two_results(self):
        bar = workloads.RatioBar("t", "p50_us", ("a", "x"), ("b", "x"), 1.5, True)
        results = {("a", "x"): {"p50_us": 3}, ("b", "x"): {"p50_us": 2}}
        self.assertEqual(verdicts.of_ratio(bar, results), (1.5, "holds"))
        self.assertEqual(verdicts.of_ratio(bar, {}), (None, "not measured"))

    def test_every_bar_is_of_a_workload_and_a_metric_that_are_shown(self):
        for bar in workloads.BARS:
            self.assertIn(bar.metric, workloads.METRICS[bar.workload])


class FiguresTest(unittest.TestCase):

    def test_reads_the_table_of_idle_connections(self):
        text = ("5000 connections, bytes of each:\n"
                "                               private dirty     heap in use\n"
                "connected                                412             400\n"
                "after three calls                        500             480\n")
        self.assertEqual(figures.parse_idle(text), {"connected": 412, "after three calls": 500})

    def test_reads_the_total_of_strace(self):
        text = ("% time     seconds  usecs/call     calls    errors syscall\n"
                "------ ----------- ----------- --------- --------- ----------------\n"
                " 60.00    0.000003           3         1           read\n"
                "------ ----------- ----------- --------- --------- ----------------\n")
        for total in ("100.00    0.000005           0      1234         2 total\n",
                      "100.00    0.000005           0      1234           total\n",
                      "100.00    0.000005                  1234         2 total\n"):
            self.assertEqual(figures.count_syscalls(text + total), 1234, total)


class InstructionsTest(unittest.TestCase):

    def test_reads_the_sum_of_callgrind(self):
        self.assertEqual(instructions.total("version: 1\nsummary: 12345 0\nfn=x\n"), 12345)
        self.assertEqual(instructions.total("events: Ir\ntotals: 77\n"), 77)

    def test_three_percent_more_is_growth_and_less_is_told(self):
        recorded = {"a": 1000, "b": 1000, "c": 1000}
        grown, shrunk = instructions.compare({"a": 1031, "b": 1029, "c": 969}, recorded)
        self.assertEqual(grown, ["a: 1,000 -> 1,031 (+3.1%)"])
        self.assertEqual(shrunk, ["c: 1,000 -> 969 (-3.1%)"])

    def test_a_figure_that_is_not_recorded_fails(self):
        self.assertEqual(len(instructions.compare({"new": 1}, {})[0]), 1)


class ScalingTest(unittest.TestCase):

    def test_a_cost_that_grows_against_the_least_so_far_is_told(self):
        points = [{"x": x, "server_cpu_us": cost}
                  for x, cost in ((1, 5.0), (2, 1.0), (4, 1.05), (8, 1.2))]
        self.assertEqual(scaling.growing_costs(points), [(8, 1.2, 1.0)])
        self.assertEqual(scaling.growing_costs(points[:3]), [])


class ChartTest(unittest.TestCase):

    def parse(self, text):
        return xml.etree.ElementTree.fromstring(text)

    def tags(self, text, name):
        return [node for node in self.parse(text).iter() if node.tag.endswith("}" + name)]

    def test_a_bar_is_as_long_as_its_value(self):
        text = chart.page("t", [chart.bars("a < b & c", [("x", 1.0), ("y", 2.0), ("z", None)])])
        widths = [float(bar.get("width")) for bar in self.tags(text, "rect")[1:]]
        self.assertAlmostEqual(widths[0] * 2, widths[1], delta=0.2)
        self.assertEqual(widths[2], 0)

    def test_lines_rise_with_their_values_and_decades_are_even(self):
        text = chart.page("t", [chart.lines("a", "x", [("ours", [(1, 10), (10, 100),
                                                                (100, 1000)])])])
        line, = self.tags(text, "polyline")
        points = [tuple(map(float, point.split(","))) for point in line.get("points").split()]
        self.assertAlmostEqual(points[1][0] - points[0][0], points[2][0] - points[1][0], delta=0.2)
        self.assertGreater(points[0][1], points[1][1])

    def test_zero_has_a_place_on_a_logarithmic_axis(self):
        text = chart.page("t", [chart.lines("a", "x", [("ours", [(0, 1), (16, 2)])])])
        self.assertEqual(len(self.tags(text, "polyline")), 1)

    def test_numbers_are_short(self):
        self.assertEqual([chart.short(value) for value in (1234567, 1234, 12, 0.5)],
                         ["1.23M", "1.23k", "12", "0.5"])


class FakeRounds:
    """Two peers and one round."""

    results = {("one_core", "raw_uv"): [{"peer": "raw_uv", "p50_us": 10.0, "noise": 0.0}],
               ("one_core", "uvrpc"): [{"peer": "uvrpc", "p50_us": 11.0, "noise": 0.2}]}

    def medians(self):
        return {place: results[0] for place, results in self.results.items()}

    def noisy(self):
        return {("one_core", "uvrpc"): 0.2}


class ReportTest(unittest.TestCase):

    def make(self):
        description = {"cpu": "c", "cores": 2, "kernel": "k", "congestion": "bbr"}
        found = {"idle_bytes": {"connected": 900}, "static_first_answer_ms": 7.0,
                 "overload": {"goodput": 0.95}}
        points = [{"x": 1, "calls_per_s": 1.0, "p50_us": 1.0, "p99_us": 1.0, "server_cpu_us": 1.0,
                   "client_cpu_us": 1.0, "noise": 0.0}]
        sweeps = [{"sweep": "concurrency", "over": "calls", "peer": "uvrpc", "points": points}]
        return report.Report(description, (workloads.ONE_AT_A_TIME,), ("raw_uv", "uvrpc"),
                             FakeRounds(), found, sweeps)

    def test_tells_figures_bars_and_noise(self):
        text = self.make().text()
        for part in ("11.0", "0.909", "holds beside raw libuv", "bytes of an idle connection",
                     "MISSED", "falls or stays flat: holds", "NOT QUIET", "one_core/uvrpc 20%"):
            self.assertIn(part, text)

    def test_less_time_is_faster(self):
        self.assertEqual(report.speedup(2, 3, "p50_us"), 1.5)
        self.assertEqual(report.speedup(3, 2, "calls_per_s"), 1.5)
        self.assertIsNone(report.speedup(None, 2, "p50_us"))

    def test_every_result_of_every_round_is_recorded(self):
        record = self.make().record()
        self.assertEqual(len(record["rounds"]), 2)
        self.assertEqual(record["machine"]["congestion"], "bbr")

    def test_there_is_a_chart_of_the_peers_and_one_of_the_sweeps(self):
        made = self.make()
        peers = charts.peers_page(made.medians, made.chosen, made.peers)
        sweeps = charts.scaling_page(made.sweeps)
        self.assertIn("both on one core", peers)
        self.assertIn("concurrency", sweeps)
        xml.etree.ElementTree.fromstring(sweeps)


if __name__ == "__main__":
    unittest.main()
