#!/usr/bin/python3
"""Turns compare.sh's measurements into Markdown tables: report.py RESULTS"""
import collections
import json
import statistics
import sys

MIB = 1048576
STEPS = ("full", "incremental", "restore")
# What the product promises: (text, limit, numerator, denominator); each a (tool, step, quantity).
PROMISES = (
    ("full, wall, of restic", 0.25, ("vprotect", "full", "wall"), ("restic", "full", "wall")),
    ("full, wall, of restic from stdin", 0.25, ("vprotect", "full", "wall"), ("restic-stdin", "full", "wall")),
    ("full, wall, of qemu-img zstd", 0.6, ("vprotect", "full", "wall"), ("qemu-img", "full", "wall")),
    ("stored after both, of restic", 1.05, ("vprotect", "incremental", "repositoryBytes"), ("restic", "incremental", "repositoryBytes")),
    ("incremental by dirty bitmap, wall, of restic's second run", 0.05, ("vprotect", "incremental", "wall"), ("restic", "incremental", "wall")),
    ("the same change, 64 TiB disk of 64 GiB disk, wall", 1.2, ("vprotect, sparse 64T", "incremental", "wall"), ("vprotect, sparse 64G", "incremental", "wall")),
    ("restore, wall, of restic", 0.33, ("vprotect", "restore", "wall"), ("restic", "restore", "wall")),
    ("restore, wall, of qemu-img from zstd qcow2", 0.7, ("vprotect", "restore", "wall"), ("qemu-img", "restore", "wall")),
)
MEMORY_LIMIT_MIB = 400


def load(path):
    """(tool, step, quantity) → the values of all runs; and the tools in the order they ran."""
    figures, tools = collections.defaultdict(list), {}
    with open(path, encoding="utf-8") as file:
        for row in map(json.loads, file):
            tool, step = row.pop("tool"), row.pop("step")
            tools[tool] = None
            for quantity, value in row.items():
                figures[tool, step, quantity].append(value)
    return figures, list(tools)


def seconds(values):
    """The median, with the least and the most when there were several runs."""
    if not values:
        return ""
    middle = statistics.median(values)
    return f"{middle:.2f}" if len(values) == 1 else f"{middle:.2f} ({min(values):.2f}–{max(values):.2f})"


def table(headings, rows):
    print("| " + " | ".join(headings) + " |")
    print("|---" * len(headings) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def main(path):
    figures, tools = load(path)

    def median(tool, step, quantity):
        values = figures.get((tool, step, quantity))
        return statistics.median(values) if values else None

    def one_row(tool, step):
        version = figures.get((tool, "version", "value"), [""])[0]
        stored = median(tool, step, "repositoryBytes")
        identical = figures.get((tool, "identical", "value")) and step == "restore"
        return [f"{tool} {version}".strip(), step + (", identical" if identical else ""),
                seconds(figures[tool, step, "wall"]), seconds(figures[tool, step, "cpu"]),
                seconds(figures.get((tool, step, "serverCpu"))), f"{max(figures[tool, step, 'rss']) / MIB:.0f}",
                f"{stored / MIB:.0f}" if stored else ""]

    for step in STEPS:
        table(("tool", "step", "wall s", "CPU s", "NBD server's CPU s", "peak RSS MiB", "repository MiB"),
              [one_row(tool, step) for tool in tools if (tool, step, "wall") in figures])

    rows = []
    for text, limit, above, below in PROMISES:
        if (a := median(*above)) is not None and (b := median(*below)):
            rows.append((text, f"{a / b:.3f}", f"≤ {limit}", "yes" if a / b <= limit else "**no**"))
    for step in STEPS:
        if rss := figures.get(("vprotect", step, "rss")):
            peak = max(rss) / MIB
            rows.append((f"peak memory, {step}", f"{peak:.0f} MiB", f"≤ {MEMORY_LIMIT_MIB} MiB", "yes" if peak <= MEMORY_LIMIT_MIB else "**no**"))
    if rows:
        table(("promise", "measured", "limit", "kept"), rows)


main(sys.argv[1])
