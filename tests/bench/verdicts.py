"""Whether the bars hold."""

import stats


def holds(value, bar, at_most):
    return value <= bar if at_most else value >= bar


def of_bar(bar, ours, raw):
    """A word, and the bar as it is beside raw libuv on this machine."""
    moved = bar.value * raw / bar.raw if raw and bar.raw else None
    if ours is None:
        return "not measured", moved
    if holds(ours, bar.value, bar.at_most):
        return "holds", moved
    if moved is not None and holds(ours, moved, bar.at_most):
        return "holds beside raw libuv", moved
    return "MISSED", moved


def of_ratio(bar, results):
    """(ratio, a word)"""
    above, below = (results.get(place, {}).get(bar.metric) for place in (bar.above, bar.below))
    value = stats.ratio(above, below)
    if value is None:
        return None, "not measured"
    return value, "holds" if holds(value, bar.value, bar.at_most) else "MISSED"
