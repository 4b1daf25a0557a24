"""rpc_library: messages, stubs and dispatch of .proto files, as one C++ library.

    load("//codegen:rpc.bzl", "rpc_library")          # "@uvrpc//codegen:rpc.bzl" elsewhere

    rpc_library(
        name = "echo",
        srcs = ["echo.proto"],
    )

    cc_binary(
        name = "server",
        srcs = ["server.cc"],                         # includes "path/of/the/package/echo.rpc.h"
        deps = [":echo"],
    )
"""

# What the generated code includes; the only place that says so.
_RUNTIME = [
    Label("//rpc"),
    Label("//third_party:protobuf"),
]

# Known to every .proto file, as protoc itself knows them.
_WELL_KNOWN_PROTOS = Label("//third_party:well_known_protos")

def _proto_of(label):
    """The proto_library that the rpc_library of this label makes beside itself."""
    if ":" in label or not "//" in label:
        return label + "_proto"
    return "%s:%s_proto" % (label, label.split("/")[-1])

def _import_path(source, root):
    """The path by which other .proto files import the source."""
    return source.path[len(root) + 1:] if root != "." else source.path

def _rpc_sources_impl(ctx):
    proto = ctx.attr.proto[ProtoInfo]
    root = proto.proto_source_root
    arguments = ctx.actions.args()
    arguments.add("--plugin=protoc-gen-rpc=" + ctx.executable._plugin.path)
    arguments.add("--rpc_out", "/".join([
        part
        for part in [ctx.bin_dir.path, ctx.label.workspace_root]
        if part
    ]))
    headers = []
    sources = []
    package = ctx.label.package + "/" if ctx.label.package else ""
    for source in proto.direct_sources:
        path = _import_path(source, root)
        if not path.startswith(package) or not path.endswith(".proto"):
            fail("%s: a source is to be a .proto file of its own package" % path)
        base = path[len(package):-len(".proto")]
        headers.append(ctx.actions.declare_file(base + ".rpc.h"))
        sources.append(ctx.actions.declare_file(base + ".rpc.cc"))
        arguments.add("-I%s=%s" % (path, source.path))
    arguments.add_all(proto.transitive_proto_path, format_each = "-I%s")
    arguments.add_all(proto.direct_sources)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [arguments],
        inputs = proto.transitive_sources,
        tools = [ctx.executable._plugin],
        outputs = headers + sources,
        mnemonic = "RpcGenerate",
        progress_message = "Generating stubs of %s" % ctx.label,
    )
    return [
        DefaultInfo(files = depset(headers + sources)),
        OutputGroupInfo(
            hdrs = depset(headers),
            srcs = depset(sources),
        ),
    ]

_rpc_sources = rule(
    implementation = _rpc_sources_impl,
    attrs = {
        "proto": attr.label(
            mandatory = True,
            providers = [ProtoInfo],
        ),
        "_plugin": attr.label(
            default = Label("//codegen:protoc-gen-rpc"),
            cfg = "exec",
            executable = True,
        ),
        "_protoc": attr.label(
            default = Label("//third_party:protoc"),
            cfg = "exec",
            executable = True,
        ),
    },
    doc = "Runs protoc-gen-rpc over the sources of a proto_library.",
)

def rpc_library(name, srcs, deps = [], proto_deps = [], **kwargs):
    """A C++ library with x.pb.h and x.rpc.h of each x.proto.

    Makes `name`, a cc_library, and beside it `name`_proto, a proto_library, and `name`_cc_proto, a
    cc_proto_library, for those who want the messages only.

    Args:
      name: the target.
      srcs: .proto files of this package, with or without services.
      deps: rpc_library targets with the .proto files that srcs import. Their headers are seen by
        who depends on this library. The well-known ones of protobuf need no mention.
      proto_deps: proto_library targets that srcs import from: messages without stubs.
      **kwargs: visibility, testonly, tags and the like, for all of the targets.
    """
    native.proto_library(
        name = name + "_proto",
        srcs = srcs,
        deps = [_proto_of(dep) for dep in deps] + proto_deps + [_WELL_KNOWN_PROTOS],
        **kwargs
    )
    native.cc_proto_library(
        name = name + "_cc_proto",
        deps = [":%s_proto" % name],
        **kwargs
    )
    _rpc_sources(
        name = name + "_rpc",
        proto = ":%s_proto" % name,
        **kwargs
    )
    for group in ["hdrs", "srcs"]:
        native.filegroup(
            name = "%s_rpc_%s" % (name, group),
            srcs = [":%s_rpc" % name],
            output_group = group,
            **kwargs
        )
    native.cc_library(
        name = name,
        srcs = [":%s_rpc_srcs" % name],
        hdrs = [":%s_rpc_hdrs" % name],
        deps = [":%s_cc_proto" % name] + deps + _RUNTIME,
        **kwargs
    )
