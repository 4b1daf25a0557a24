#!/usr/bin/env -S python3 -B
"""Applies tidy.py and build_deps.py to every file of the tree. Run without a sandbox, it finds the
tree by following its own link home."""

import os
import sys

import build_deps
import tidy

# Not ours, or bytes rather than text.
SKIPPED_FOLDERS = {".git", "corpus"}


def read_tree(root):
    files = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            f for f in folders
            if f not in SKIPPED_FOLDERS and not f.startswith("bazel-") and
            not os.path.islink(os.path.join(folder, f)))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if path.endswith(tidy.TEXT):
                with open(path, encoding="utf-8") as source:
                    files.append(tidy.File(os.path.relpath(path, root), source.read()))
    return files


def main():
    itself = "tests/tidy/tree_test.py"
    root = os.path.realpath(__file__)[:-len(itself)]
    files = read_tree(root)
    complaints = [complaint for file in files for complaint in tidy.check(file)]
    complaints += build_deps.check(files)
    if itself not in [file.path for file in files]:
        complaints.append(f"the tree was not found: {root} does not hold {itself}")
    print(*complaints, sep="\n")
    print(f"{len(files)} files, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
