"""uvrpc_dependencies: the repositories that uvrpc needs, for the WORKSPACE of who uses it.

    local_repository(
        name = "uvrpc",
        path = "/path/to/uvrpc",
    )

    load("@uvrpc//third_party:dependencies.bzl", "uvrpc_dependencies")

    uvrpc_dependencies()

and in .bazelrc, the last two lines only if the workspace has no toolchain for C++20 of its own:

    build --proto_compiler=@uvrpc//third_party:protoc
    build --proto_toolchain_for_cc=@uvrpc//third_party:cc_proto_toolchain
    build --crosstool_top=@uvrpc//third_party/toolchain
    build --per_file_copt=\\.pb\\.cc$@-w
"""

load(":repositories.bzl", "empty_coverage_tools", "native_rules_cc")

# Parts of Bazel's own that Debian packages.
_DEBIAN = {
    "bazel_skylib": "/usr/share/bazel/tools/skylib",
    "platforms": "/usr/share/bazel/tools/platforms",
    "rules_java": "/usr/share/bazel/rules/java",
    "rules_proto": "/usr/share/bazel/rules/proto",
}

def uvrpc_dependencies():
    """Declares each repository that the workspace has not declared itself."""
    for name, path in _DEBIAN.items():
        if not native.existing_rule(name):
            native.local_repository(
                name = name,
                path = path,
            )
    if not native.existing_rule("rules_cc"):
        native_rules_cc(name = "rules_cc")
    if not native.existing_rule("remote_coverage_tools"):
        empty_coverage_tools(name = "remote_coverage_tools")
    if not native.existing_rule("system"):
        # The system's headers, .proto files and protoc, seen through system.BUILD.
        native.new_local_repository(
            name = "system",
            build_file = "@uvrpc//third_party:system.BUILD",
            path = "/usr",
        )
