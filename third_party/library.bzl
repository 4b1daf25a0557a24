"""The system's libraries, linked as the build says."""

def library(name, libraries, archives, **kwargs):
    """One of the system's libraries.

    Args:
      name: its label's name.
      libraries: what the linker is told as a rule, and finds shared.
      archives: what it is told with --config=static: the names of the files without `lib` and `.a`,
        each before those that it needs; they may need each other.
      **kwargs: as of cc_library.
    """
    native.cc_library(
        name = name,
        linkopts = select({
            "//third_party:static": ["-Wl,--start-group"] +
                                    ["-l:lib%s.a" % archive for archive in archives] +
                                    ["-Wl,--end-group", "-lpthread", "-ldl"],
            "//conditions:default": ["-l" + library for library in libraries],
        }),
        **kwargs
    )
