"""The machine that a measurement runs on: what it is, and whether others used it meanwhile."""

import os
import platform

NOISE_MAX = 0.05  # of all cores


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown"


def congestion():
    """The system's congestion control of TCP."""
    with open("/proc/sys/net/ipv4/tcp_congestion_control", encoding="utf-8") as value:
        return value.read().strip()


def description():
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "congestion": congestion(),
    }


def busy_s(text):
    """CPU seconds, of all cores, that are not idle in the text of /proc/stat. What interrupts took
    is left out: those of the loopback are the measurement's own."""
    user, nice, system, _, _, _, _, steal = (int(field) for field in text.split()[1:9])
    return (user + nice + system + steal) / os.sysconf("SC_CLK_TCK")


def process_s(pid):
    """CPU seconds that a process has used; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def read_busy_s():
    with open("/proc/stat", encoding="utf-8") as stat:
        return busy_s(stat.readline())


def noise(busy, own, wall):
    """The part of all cores that others used in so many seconds."""
    return max(0.0, busy - own) / (wall * os.cpu_count()) if wall > 0 else 0.0
