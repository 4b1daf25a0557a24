"""Text tables: columns as wide as what is in them, numbers to the right."""


def number(value):
    """Three or four digits that matter, and commas: 1,234,567  12.3  0.456; nothing for None."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def render(head, rows):
    """Text in the first column stands to the left, everything else to the right."""
    cells = [[cell if isinstance(cell, str) else number(cell) for cell in row]
             for row in [head] + rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                       for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
             for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
