"""rpc_fuzz_test: one source, LLVMFuzzerTestOneInput, two uses."""

def rpc_fuzz_test(
        name,
        srcs,
        deps = [],
        corpus = None,
        dictionary = None,
        runs = 20000,
        max_len = 4096):
    """A test that replays a seed corpus, and a libFuzzer program under --config=fuzz.

    As a test in every other configuration, each file of the corpus is one input. Under
    --config=fuzz, `bazel test` starts from the corpus and tries `runs` more inputs with a fixed
    seed, for at most a minute.

    Args:
      name: the target.
      srcs: define extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size).
      deps: as in cc_test.
      corpus: the folder with the seed inputs, in this package; "corpus/" + name when not given.
      dictionary: a file with words that inputs are made of, for libFuzzer.
      runs: how many inputs one `bazel test --config=fuzz` tries.
      max_len: bytes, the longest input that is made up.
    """
    corpus = corpus or "corpus/" + name
    native.cc_test(
        name = name,
        srcs = srcs,
        args = ["%s/%s" % (native.package_name(), corpus)] + select({
            "//tests/fuzz/replay:fuzzing": [
                "-runs=%d" % runs,
                "-max_len=%d" % max_len,
                "-seed=1",
                "-max_total_time=60",
                "-timeout=10",
            ] + (["-dict=%s/%s" % (native.package_name(), dictionary)] if dictionary else []),
            "//conditions:default": [],
        }),
        data = native.glob([corpus + "/**"]) + ([dictionary] if dictionary else []),
        linkopts = select({
            "//tests/fuzz/replay:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        tags = ["fuzz"],
        deps = deps + select({
            "//tests/fuzz/replay:fuzzing": [],
            "//conditions:default": ["//tests/fuzz/replay:main"],
        }),
    )
