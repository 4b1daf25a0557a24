#!/usr/bin/env -S python3 -B
"""Each rule of tidy.py and build_deps.py complains about a bad sample, and not about a good one."""

import unittest

import build_deps
import tidy

HEADER = "// What it is for.\n#pragma once\n"


class TidyTest(unittest.TestCase):

    def assert_bad(self, path, text, complaint, line=1):
        found = tidy.check(tidy.File(path, text))
        self.assertEqual(len(found), 1, f"{text!r}: {found}")
        self.assertTrue(found[0].startswith(f"{path}:{line}: "), found)
        self.assertIn(complaint, found[0])

    def assert_good(self, path, text):
        self.assertEqual(tidy.check(tidy.File(path, text)), [])

    def test_lines_have_at_most_100_columns(self):
        for path in ("rpc/a.cc", "rpc/a.proto", "rpc/BUILD.bazel", "a.bzl", "a.py", "a.sh"):
            self.assert_good(path, "x" * 100 + "\n")
            self.assert_bad(path, "y\n" + "x" * 101 + "\n", "101 columns; at most 100", line=2)

    def test_columns_are_characters_and_not_bytes(self):
        self.assert_good("rpc/a.cc", "é" * 100 + "\n")

    def test_markdown_tables_code_and_links_may_be_longer(self):
        long = "x " * 60 + "x\n"
        self.assert_bad("a.md", long, "columns")
        for text in ("| " + long, "```\n" + long + "```\n", "    " + long, "x" * 101 + "\n"):
            self.assert_good("a.md", text)
        self.assert_bad("a.md", "```\n```\n" + long, "columns", line=3)

    def test_no_tabs_nor_trailing_blanks(self):
        self.assert_bad("rpc/a.cc", "int a;\n\tint b;\n", "a tab", line=2)
        self.assert_bad("a.md", "text \n", "blanks at the end")

    def test_a_file_ends_in_one_newline(self):
        self.assert_bad("rpc/a.cc", "int a;", "exactly one newline")
        self.assert_bad("rpc/a.cc", "int a;\n\n", "exactly one newline", line=2)

    def test_no_unfinished_work(self):
        for word in ("FIX" + "ME", "TO" + "DO", "XX" + "X"):
            self.assert_bad("rpc/a.cc", f"// {word}: later\n", word)
            self.assert_bad("a.md", f"{word}\n", word)
        self.assert_good("a.sh", "mktemp /tmp/XX" + "XXXX\n")

    def test_no_commented_out_code(self):
        for line in ("return x;", "Close(fd);", "if (a) {", "}", "};", "} else {", "int a;",
                     "a->b = c;", "const std::string name;", "break;", "#include <vector>",
                     "void F() const override {", "uint64_t size = 4;", "x += y;"):
            for text in (f"// {line}\n", f"  //{line}\n"):
                self.assert_bad("rpc/a.cc", text, "commented-out")
        for line in ("cc_library(name = 'a')", "x = 1", ")", "def f(x):", "import os"):
            self.assert_bad("a.py", f"# {line}\n", "commented-out")
        self.assert_bad("rpc/a.cc", "#if 0\n", "never compiled")

    def test_prose_and_indented_examples_are_not_code(self):
        for line in ("the frame is whole;", "at most one of them;", "   Decoder d;", "    F();",
                     "returns to the loop; then it stops", "see Close(fd)",
                     "and it is closed (late);", "a = b holds here.",
                     "the next one (if any); then"):
            self.assert_good("rpc/a.cc", f"// {line}\n")
        for line in ("this is so", "   x = 1", "a copy, because = is not enough", "run (if any)"):
            self.assert_good("a.py", f"# {line}\n")

    def test_a_header_begins_with_its_purpose_and_pragma_once(self):
        self.assert_good("rpc/wire/a.h", HEADER)
        self.assert_bad("rpc/wire/a.h", "#pragma once\n", "says what it is for")
        self.assert_bad("rpc/wire/a.h", "// Purpose.\nint a;\n", "#pragma once")
        self.assert_bad("rpc/wire/a.h", "// Purpose.\nint a;\n#pragma once\n", "#pragma once")

    def test_only_net_includes_uv(self):
        for include in ("<uv.h>", '"uv.h"', "<uv/unix.h>"):
            text = f"#include {include}\n"
            for path in ("rpc/net/loop.cc", "tests/net/loop_test.cc"):
                self.assert_good(path, text)
            for path in ("rpc/wire/a.cc", "rpc/session/a.cc", "rpc/server.cc", "examples/a.cc"):
                self.assert_bad(path, text, "rpc/net/")

    def test_includes_point_downward(self):
        chain = ["rpc/wire/", "rpc/session/", "rpc/net/"]
        for i, upper in enumerate(chain):
            for j, lower in enumerate(chain):
                text = f'#include "{lower}x.h"\n'
                if j <= i:
                    self.assert_good(upper + "a.cc", text)
                else:
                    self.assert_bad(upper + "a.cc", text, f"{lower}x.h is not below")
        for path, target in (("rpc/net/a.cc", "rpc/server.h"), ("rpc/a.cc", "services/a/a.h"),
                             ("services/a/a.cc", "rpc/net/loop.h"), ("codegen/a.cc", "rpc/a.h"),
                             ("services/a/a.cc", "examples/a.h"), ("rpc/a.cc", "tests/a.h"),
                             ("examples/a.cc", "rpc/wire/md5.h"), ("rpc/a.cc", "codegen/a.h")):
            self.assert_bad(path, f'#include "{target}"\n', "is not below")
        for path, target in (("rpc/a.cc", "rpc/net/loop.h"), ("services/a/a.cc", "rpc/server.h"),
                             ("examples/a.cc", "services/a/a.h"), ("tests/a.cc", "rpc/wire/md5.h"),
                             ("codegen/a.cc", "codegen/b.h")):
            self.assert_good(path, f'#include "{target}"\n')

    def test_project_headers_are_quoted_and_named_from_the_top(self):
        self.assert_bad("rpc/wire/a.cc", "#include <rpc/wire/md5.h>\n", 'as "rpc/wire/md5.h"')
        self.assert_bad("rpc/wire/a.cc", '#include "md5.h"\n', "from the top")
        self.assert_bad("rpc/wire/a.cc", '#include "../wire/md5.h"\n', "from the top")
        self.assert_good("rpc/wire/a.cc", '#include "absl/status/status.h"\n')


class BuildDepsTest(unittest.TestCase):

    BUILD = """
load("@x//:y.bzl", "macro")
proto_library(name = "p_proto", srcs = ["p.proto"])
cc_proto_library(name = "p_cc_proto", deps = [":p_proto"])
cc_library(name = "low", hdrs = ["low.h"])
cc_library(name = "mid", hdrs = ["mid.h"], deps = [":low"])
cc_library(
    name = "top",
    srcs = glob(["t*.cc"], exclude = ["*_test.cc"]),
    deps = [%s] + select({"a": [], "b": [":p_cc_proto"]}),
)
"""

    def check(self, deps, include):
        return build_deps.check([
            tidy.File("rpc/wire/BUILD.bazel", self.BUILD % deps),
            tidy.File("rpc/wire/top.cc", f'#include "{include}"\n'),
            tidy.File("rpc/wire/top_test.cc", '#include "rpc/wire/mid.h"\n'),
            tidy.File("rpc/wire/below/top.cc", '#include "rpc/wire/mid.h"\n'),
            tidy.File("rpc/wire/other.cc", '#include "rpc/wire/mid.h"\n'),
        ])

    def test_a_direct_dep_provides_each_header(self):
        self.assertEqual(self.check('":low"', "rpc/wire/low.h"), [])
        self.assertEqual(self.check('"//rpc/wire:low"', "rpc/wire/low.h"), [])
        self.assertEqual(self.check("", "rpc/wire/p.pb.h"), [])
        self.assertEqual(self.check("", "absl/status/status.h"), [])

    def test_a_dep_of_a_dep_does_not_count(self):
        self.assertEqual(
            self.check('":mid"', "rpc/wire/low.h"),
            ["rpc/wire/top.cc:1: no dep of //rpc/wire:top provides rpc/wire/low.h"])


if __name__ == "__main__":
    unittest.main()
