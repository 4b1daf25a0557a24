"""One rule over all BUILD.bazel files: a target that includes a header of the project names, in its
own deps, a target that has this header. So what a target may see is what its BUILD file says, and
`visibility` is the layering.

A BUILD file is run as Python, for it is nearly that; every rule and macro becomes a record of its
arguments.
"""

import collections
import fnmatch
import os

import tidy


def _targets(package, text, paths):
    """Returns the (name, arguments) of each target of a BUILD file; paths is the whole tree."""
    found = []

    def rule(*unused_args, **arguments):
        if "name" in arguments:
            found.append((arguments["name"], arguments))

    def glob(patterns, exclude=(), **unused_arguments):
        beside = [os.path.basename(path) for path in paths if os.path.dirname(path) == package]
        return [
            name for name in beside
            if any(fnmatch.fnmatch(name, pattern) for pattern in patterns) and
            not any(fnmatch.fnmatch(name, pattern) for pattern in exclude)
        ]

    code = compile(text, package + "/BUILD.bazel", "exec")
    names = collections.defaultdict(lambda: rule)
    names["glob"] = glob
    names["select"] = lambda cases: [item for case in cases.values() for item in case]
    exec(code, names)
    return found


def _label(package, name):
    if name.startswith(":"):
        return f"//{package}{name}"
    if name.startswith("//"):
        return name if ":" in name else f"{name}:{os.path.basename(name)}"
    return f"//{package}:{name}"


def _provided(package, arguments):
    """The headers that a target has: its own, and those generated from its .proto files."""
    for source in arguments.get("hdrs", []) + arguments.get("srcs", []):
        if source.endswith(".proto"):
            yield from (f"{package}/{source[:-6]}{end}" for end in (".pb.h", ".rpc.h"))
        elif source.endswith(".h"):
            yield f"{package}/{source}"


def check(files):
    """Returns a complaint for each include that no direct dependency provides."""
    by_path = {file.path: file for file in files}
    targets = {}
    for file in files:
        package, name = os.path.split(file.path)
        if name == "BUILD.bazel" and not package.startswith("third_party"):
            for target, arguments in _targets(package, file.text, by_path):
                targets[_label(package, target)] = (package, arguments)

    headers = {label: set(_provided(*target)) for label, target in targets.items()}
    for label, (package, arguments) in targets.items():
        if "proto" in label:  # a cc_proto_library has what its proto_library generates
            for dep in arguments.get("deps", []):
                headers[label] |= headers.get(_label(package, dep), set())

    complaints = []
    for label, (package, arguments) in targets.items():
        seen = set(headers[label])
        for dep in arguments.get("deps", []):
            seen |= headers.get(_label(package, dep), set())
        for source in arguments.get("srcs", []) + arguments.get("hdrs", []):
            path = f"{package}/{source}"
            for number, name, quoted in tidy.includes(by_path.get(path, tidy.File(path, ""))):
                ours = quoted and tidy.allowed_includes(name)
                if ours and name not in seen:
                    complaints.append(f"{path}:{number}: no dep of {label} provides {name}")
    return complaints
