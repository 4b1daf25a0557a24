"""The rules for source files that no compiler checks; tree_test.py applies them to the whole tree.

Each rule takes a file and yields (line number, complaint). RULES says which rule looks at which
files. build_deps.py holds the one rule that needs more than one file.
"""

import dataclasses
import re

COLUMNS_MAX = 100

# What the files of a folder may include, the first match counting. A name that ends in / is a whole
# folder; PUBLIC is the headers of rpc/ itself, without its folders.
PUBLIC = "rpc/*.h"
LAYERS = [
    ("rpc/wire/", ["rpc/wire/"]),
    ("rpc/session/", ["rpc/wire/", "rpc/session/"]),
    ("rpc/net/", ["rpc/wire/", "rpc/session/", "rpc/net/"]),
    ("rpc/", ["rpc/"]),
    ("codegen/", ["codegen/"]),
    # The `rpc` command shows what goes over the wire, so it may look there.
    ("services/cli/", [PUBLIC, "rpc/net/", "rpc/wire/", "services/"]),
    ("services/", [PUBLIC, "services/"]),
    ("examples/", [PUBLIC, "services/", "examples/"]),
    ("tests/", ["rpc/", "codegen/", "services/", "examples/", "tests/"]),
]
UV_PLACES = ("rpc/net/", "tests/", "examples/own_loop.cc")

CPP = (".h", ".cc")
HASH = (".py", ".sh", ".bzl", ".bazel", ".BUILD", "WORKSPACE", "bazelw", ".ci/format", ".ci/run",
        ".ci/tidy", "ensure_packages", ".bazelrc")
TEXT = CPP + HASH + (".proto", ".md", ".txt", ".clang-format", ".gitignore")

# Put together from halves, so that this file passes its own rule.
UNFINISHED = re.compile(r"\b(FIX" r"ME|TO" r"DO|XX" r"X)\b")

INCLUDE = re.compile(r'\s*#\s*include\s+([<"])([^>"]+)[>"]')

# Shapes that a line of prose does not have. Usage examples are welcome in comments: they are
# indented by three spaces or more.
COMMENT = {
    CPP: re.compile(r"^\s*//+ {0,2}(\S.*)$"),
    HASH: re.compile(r"^\s*# {0,2}(\S.*)$"),
}
CODE = {
    CPP: re.compile(
        r"""[{}]+;?$                                           # a brace alone
        |(if|for|while|switch|\}\s*else\s+if)\s*\(.*[;{]$      # a condition, a loop
        |[\w:.<>*&\[\]-]+\(.*\);$                              # a call
        |([\w:<>*&,]+\s+){1,3}[\w:]+\(.*\)(\s*(const|override|noexcept))*\s*[;{]$  # a function
        |[\w:<>*&,.\[\]()\s-]+\s[-+|&]?=\s.*;$                 # an assignment
        |(return|co_return|throw|delete)\b[^,]*;$              # a jump
        |(break|continue|else|do|try|\}\s*else)\s*[;{]$
        |(const\s+)?(\w+::[\w:]+(<.*>)?|auto|bool|int|char|double|u?int\d+_t|size_t)[\s*&]+\w+;$
        |\#\s*(include|if|ifdef|ifndef|define|endif)\b""", re.VERBOSE),
    HASH: re.compile(
        r"""[)\]}],?$                                          # a bracket alone
        |[\w.]+\(.*\)$                                         # a call
        |[\w.]+\s?=\s?\S+$                                     # an assignment
        |(def|class)\s\w+.*:$
        |import\s[\w.]+$""", re.VERBOSE),
}


@dataclasses.dataclass
class File:
    path: str  # from the top of the tree, with /
    text: str

    @property
    def lines(self):
        return self.text.splitlines()

    def numbered(self):
        return enumerate(self.lines, start=1)


def line_length(file):
    markdown, in_code = file.path.endswith(".md"), False
    for number, line in file.numbered():
        if markdown and line.lstrip().startswith("```"):
            in_code = not in_code
        # A table's row, code, a dump and a bare link cannot be broken.
        if markdown and (in_code or line.startswith(("|", "    ")) or " " not in line.strip()):
            continue
        if len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns; at most {COLUMNS_MAX}"


def blanks(file):
    for number, line in file.numbered():
        if "\t" in line:
            yield number, "a tab; indent with spaces"
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
    if file.text and not re.search(r"[^\n]\n\Z", file.text):
        yield len(file.lines), "the file has to end in exactly one newline"


def unfinished_work(file):
    for number, line in file.numbered():
        if match := UNFINISHED.search(line):
            yield number, f"{match[0]}: finish it, or write it down outside of the tree"


def commented_out_code(file):
    kind = CPP if file.path.endswith(CPP) else HASH
    for number, line in file.numbered():
        comment = COMMENT[kind].match(line)
        if comment and CODE[kind].match(comment[1]):
            yield number, "this looks like commented-out code (an example: indent by 3 or more)"
        if kind == CPP and re.match(r"\s*#\s*if\s+(0|false)\b", line):
            yield number, "code that is never compiled"


def header_opening(file):
    if not file.text.startswith("// "):
        yield 1, "a header begins with a comment that says what it is for"
    code = [line for line in file.lines if line and not line.startswith("//")]
    if not code or code[0] != "#pragma once":
        yield 1, "a header's first line after that comment is #pragma once"


def allowed_includes(path):
    return next((allowed for place, allowed in LAYERS if path.startswith(place)), [])


def may_include(path, target):
    return any(
        target.startswith("rpc/") and target.count("/") == 1
        if name == PUBLIC else target.startswith(name) for name in allowed_includes(path))


def includes(file):
    """Yields (line number, name, whether it is quoted) of each #include."""
    for number, line in file.numbered():
        if match := INCLUDE.match(line):
            yield number, match[2], match[1] == '"'


def layering(file):
    folders = tuple(place for place, _ in LAYERS)
    for number, name, quoted in includes(file):
        if name == "uv.h" or name.startswith("uv/"):
            if not file.path.startswith(UV_PLACES):
                yield number, f"only {' and '.join(UV_PLACES)} may include {name}"
        elif name.startswith(folders):
            if not quoted:
                yield number, f'a header of the project is included as "{name}"'
            if not may_include(file.path, name):
                yield number, f"{name} is not below this file (may be included here: " \
                    f"{', '.join(allowed_includes(file.path)) or 'nothing'})"
        elif quoted and ("/" not in name or name.startswith(".")):
            yield number, f'write the path of "{name}" from the top of the tree'


RULES = [
    (TEXT, line_length),
    (TEXT, blanks),
    (TEXT, unfinished_work),
    (CPP + HASH, commented_out_code),
    ((".h",), header_opening),
    (CPP, layering),
]


def check(file):
    """Returns what is wrong with a file, each as "path:line: complaint"."""
    return [
        f"{file.path}:{number}: {complaint}"
        for endings, rule in RULES
        if file.path.endswith(endings)
        for number, complaint in rule(file)
    ]
