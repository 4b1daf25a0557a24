#!/usr/bin/env -S python3 -B
"""README.md shows nothing that is not so: its C++ compiles, its .proto is that of the service, its
files and commands are those that new_service_test.sh builds and runs, and its links, like those of
the other documents, lead somewhere.

It reads the tree that it stands in, which it finds by following its own link home."""

import os
import re
import subprocess
import sys
import unittest

import readme

ITSELF = "tests/readme/readme_test.py"
ROOT = os.path.realpath(__file__)[:-len(ITSELF)]
PLUGIN = os.path.abspath("codegen/protoc-gen-rpc")

# The sections whose commands new_service_test.sh runs, and that of tests/services/cli/look_test.py.
TRIED_SECTIONS = ["uvrpc", "Add a service", "Look into a server"]
TRIED_BY_EXAMPLES_TEST = "openssl req"

# What stands around the C++ of the README. A body is that of a coroutine with these parameters.
HEADERS = ["iostream", "memory", "rpc/rpc.h", "services/echo/echo.rpc.h"]
BODY = """rpc::Task<> Body(%s) {
%s
co_return absl::OkStatus();
}
"""
PARAMETERS = {
    "echo": "echo::Echo::Client echo",
    "request": "echo::SayRequest request",
    "context": "rpc::ServerContext& context",
    "server": "rpc::Server& server",
}

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|^\[\w+\]: (\S+)$")
# A command, and the targets in it; those with /... are none.
BAZEL = re.compile(r"\bbazelw? (?:run|test|build) ([^`]*)")
TARGET = re.compile(r"(?<!\S)//([\w/]+)(?::(\w+))?(?!\S)")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def documents():
    """Every Markdown file of the tree."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "bazel-")))
        for name in sorted(names):
            if name.endswith(".md"):
                yield os.path.relpath(os.path.join(folder, name), ROOT)


def anchors(text):
    """The names that the headings of a document have, as GitHub makes them."""
    headings = (readme.HEADING.match(line) for line in readme.without_blocks(text))
    return {
        re.sub(r"[^\w -]", "", heading[1].lower()).replace(" ", "-")
        for heading in headings if heading
    }


class ReadmeTest(unittest.TestCase):

    def setUp(self):
        self.blocks = readme.blocks(read("README.md"))

    def shown(self, language):
        return [b for b in self.blocks if b.language == language and not b.path]

    def test_every_block_is_looked_at(self):
        for block in self.blocks:
            with self.subTest(line=block.line):
                if block.path or block.language in ("sh", "text"):
                    self.assertTrue(block.section in TRIED_SECTIONS or
                                    block.text.startswith(TRIED_BY_EXAMPLES_TEST))
                else:
                    self.assertIn(block.language, ("cpp", "proto"))
        self.assertGreaterEqual(len(self.shown("cpp")), 6)
        self.assertGreaterEqual(len([b for b in self.blocks if b.path]), 6)

    def test_the_only_indented_block_is_the_layers(self):
        prose = readme.without_blocks(read("README.md"))
        contributing = read("CONTRIBUTING.md").splitlines()
        indented = [line for line in prose if line.startswith("    ")]
        self.assertEqual(len(indented), 1, indented)
        self.assertTrue(indented[0] in contributing, f"CONTRIBUTING.md has not: {indented[0]}")

    def test_the_proto_is_that_of_the_service(self):
        lines = [line.strip() for line in read("services/echo/echo.proto").splitlines()]
        for block in self.shown("proto"):
            for line in block.text.splitlines():
                self.assertTrue(line.strip() in lines, f"echo.proto has not: {line}")

    def test_the_cpp_compiles(self):
        scratch = os.environ["TEST_TMPDIR"]
        self.run_in(ROOT, "protoc", f"--plugin=protoc-gen-rpc={PLUGIN}", f"--cpp_out={scratch}",
                    f"--rpc_out={scratch}", "-I.", "services/echo/echo.proto")
        source = os.path.join(scratch, "readme.cc")
        with open(source, "w", encoding="utf-8") as file:
            file.writelines(f"#include <{header}>\n" for header in HEADERS)
            file.writelines(self.compilable(block) for block in self.shown("cpp"))
        self.run_in(scratch, "g++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                    "-Wno-unused", "-Wno-shadow", "-I.", f"-I{ROOT}", source)

    def compilable(self, block):
        text = block.text
        if block.kind == "body":
            given = [
                parameter for name, parameter in PARAMETERS.items()
                if re.search(rf"\b{name}\b", text) and not re.search(rf"\b{name}[(;]", text)
            ]
            text = BODY % (", ".join(given), text)
        return f'namespace at_line_{block.line} {{\n# {block.line} "README.md"\n{text}}}\n'

    def run_in(self, folder, *command):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class DocumentsTest(unittest.TestCase):

    def test_links_lead_somewhere(self):
        count = 0
        for document in documents():
            for number, line in enumerate(readme.without_blocks(read(document)), start=1):
                for link in (a or b for a, b in LINK.findall(line)):
                    count += 1
                    with self.subTest(at=f"{document}:{number}"):
                        self.check_link(document, link)
        self.assertGreater(count, 50)

    def check_link(self, document, link):
        self.assertNotIn("://", link)
        path, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(document), path)) if path \
            else document
        self.assertTrue(os.path.exists(os.path.join(ROOT, target)), f"there is no {target}")
        if anchor:
            self.assertTrue(anchor in anchors(read(target)), f"{target} has no #{anchor}")

    def test_targets_of_commands_exist(self):
        count = 0
        for document in documents():
            for number, line in enumerate(read(document).splitlines(), start=1):
                for command in BAZEL.findall(line):
                    for package, name in TARGET.findall(command):
                        count += 1
                        with self.subTest(at=f"{document}:{number}"):
                            self.check_target(package, name or os.path.basename(package))
        self.assertGreater(count, 10)

    def check_target(self, package, name):
        path = package + "/BUILD.bazel"
        shown = [b.text for b in readme.blocks(read("README.md")) if b.path == path]
        text = shown[0] if shown else read(path)
        self.assertTrue(name == "all" or re.search(rf'name = "{name}"', text),
                        f"{path} has no target {name}")


if __name__ == "__main__":
    if not os.path.exists(os.path.join(ROOT, ITSELF)):
        sys.exit(f"the tree was not found: {ROOT} does not hold {ITSELF}")
    unittest.main()
