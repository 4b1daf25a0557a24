#!/usr/bin/env -S python3 -B
"""No call takes more instructions than it did: the last figures are in instructions.json.

    ./bazelw run -c opt //tests/bench:instructions_test -- --update

writes what is measured now as the figures to compare with.
"""

import json
import os
import sys

import binaries
import instructions

HERE = os.path.dirname(os.path.abspath(__file__))
FIGURES = os.path.join(HERE, "instructions.json")
UPDATE = "./bazelw run -c opt //tests/bench:instructions_test -- --update"


def main():
    programs = binaries.Binaries(HERE.removesuffix("/tests/bench"))
    measured = instructions.measure_all(programs)
    for name, count in measured.items():
        print(f"{count:8,}  {name}")
    if sys.argv[1:] == ["--update"]:
        with open(os.path.realpath(FIGURES), "w", encoding="utf-8") as file:
            json.dump(measured, file, indent=1)
            file.write("\n")
        return 0
    with open(FIGURES, encoding="utf-8") as file:
        grown, shrunk = instructions.compare(measured, json.load(file))
    for sentence in shrunk:
        print(f"shrunk: {sentence}")
    for sentence in grown:
        print(f"GROWN: {sentence}")
    if grown or shrunk:
        print(f"If that is as it should be: {UPDATE}")
    return 1 if grown else 0


sys.exit(main())
