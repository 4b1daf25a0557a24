#!/usr/bin/env -S python3 -B
"""What a Markdown file shows, in pieces: readme.py FILE COMMAND

    write FOLDER        writes each file that it shows into FOLDER, into folders that exist
    commands SECTION    prints the shell commands of a section, a line each
    output SECTION      prints what the section says that the commands print

A fenced block is a file when the line before it ends with the file's path, as in "in `a/b.h`:".
The second word after a fence, which nobody sees, says more about a block ("cpp body").
"""

import dataclasses
import os
import re
import sys

FENCE = re.compile(r"^```(.*)$")
HEADING = re.compile(r"^#+ (.*)$")
FILE_NAMED = re.compile(r"`([\w./]+\.[a-z]+)`:$")


@dataclasses.dataclass
class Block:
    line: int  # of its first line, from 1
    section: str  # the heading above it
    language: str
    kind: str  # the second word after the fence
    path: str  # of the file that it is; else empty
    text: str


def blocks(text):
    """Each fenced block."""
    found, section, before, inside = [], "", "", None
    for number, line in enumerate(text.splitlines(), start=1):
        fence = FENCE.match(line)
        if inside:
            if fence:
                found.append(inside)
                inside, before = None, ""
            else:
                inside.text += line + "\n"
        elif fence:
            language, kind = (fence[1].split() + ["", ""])[:2]
            named = FILE_NAMED.search(before)
            inside = Block(number + 1, section, language, kind, named[1] if named else "", "")
        else:
            heading = HEADING.match(line)
            section = heading[1] if heading else section
            before = line.strip() or before
    return found


def without_blocks(text):
    """The prose alone, with as many lines."""
    lines = text.splitlines()
    for block in blocks(text):
        for i in range(block.line - 2, block.line + block.text.count("\n")):
            lines[i] = ""
    return lines


def main():
    readme, command, argument = sys.argv[1:]
    with open(readme, encoding="utf-8") as file:
        found = blocks(file.read())
    if command == "write":
        for block in (block for block in found if block.path):
            with open(os.path.join(argument, block.path), "x", encoding="utf-8") as file:
                file.write(block.text)
        return
    language = {"commands": "sh", "output": "text"}[command]
    shown = [b.text for b in found if b.section == argument and b.language == language]
    if not shown:
        sys.exit(f"{readme} has no block of {language} in the section \"{argument}\"")
    print("".join(shown), end="")


if __name__ == "__main__":
    main()
