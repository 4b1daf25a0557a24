"""What several rounds say together."""

import statistics


def median(values):
    """The median of those that are there; None when none is."""
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def spread(values):
    """(largest - smallest) / median: how far the rounds are apart."""
    values = [value for value in values if value is not None]
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else None


def ratio(value, base):
    """None where one of them is missing or there is nothing to divide by."""
    return value / base if value is not None and base else None


def medians(results):
    """One result out of several of the same kind: the median of each of their numbers."""
    merged = dict(results[0])
    for name, value in merged.items():
        if not isinstance(value, str):
            merged[name] = median([result.get(name) for result in results])
    return merged
