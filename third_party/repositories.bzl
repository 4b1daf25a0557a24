"""Small stand-ins for two repositories that Bazel 4.2 asks for and would otherwise download."""

_CC_RULES = [
    "cc_binary",
    "cc_import",
    "cc_library",
    "cc_proto_library",
    "cc_test",
    "cc_toolchain",
    "cc_toolchain_suite",
]

def _native_rules_cc_impl(ctx):
    # Debian's rules_cc needs a newer Bazel than Debian's Bazel; the built-in rules are the same.
    lines = ["{0} = native.{0}".format(rule) for rule in _CC_RULES]
    ctx.file("WORKSPACE", "")
    ctx.file("BUILD", "")
    ctx.file("cc/BUILD", "")
    ctx.file("cc/defs.bzl", "\n".join(lines) + "\n")

native_rules_cc = repository_rule(implementation = _native_rules_cc_impl)

def _empty_coverage_tools_impl(ctx):
    # Every test depends on this label, also when no coverage is collected.
    ctx.file("WORKSPACE", "")
    ctx.file("BUILD", """filegroup(
    name = "coverage_report_generator",
    visibility = ["//visibility:public"],
)
""")

empty_coverage_tools = repository_rule(implementation = _empty_coverage_tools_impl)
