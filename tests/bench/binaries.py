"""The programs that are measured, built with -c opt."""

import os
import shutil
import subprocess

PACKAGE = "//tests/bench"


def root():
    return os.path.realpath(__file__)[:-len("tests/bench/binaries.py")]


class Binaries:

    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, "tests/bench", name)

    def server(self, peer):
        return self.path("server" if peer == "uvrpc" else f"peers/{peer}/server")

    def load(self, peer):
        if peer == "uvrpc":
            return self.path("load")
        return self.path(f"peers/{'raw_uv' if peer == 'reference' else peer}/load")


def targets(peers):
    yield from (f"{PACKAGE}:{name}" for name in ("server", "load", "idle_connections",
                                                 "first_answer"))
    for peer in peers:
        if peer == "uvrpc":
            continue
        yield f"{PACKAGE}/peers/{peer}:server"
        if peer != "reference":
            yield f"{PACKAGE}/peers/{peer}:load"
    if "reference" in peers and "raw_uv" not in peers:
        yield f"{PACKAGE}/peers/raw_uv:load"


def install_packages():
    subprocess.run(
        [os.path.join(root(), "third_party/ensure_packages")] +
        [os.path.join(root(), f"third_party/{name}.txt") for name in ("packages",
                                                                      "packages_bench")],
        check=True)


def build(peers, flags=()):
    """The programs of these peers."""
    bazel = os.path.join(root(), "bazelw")
    subprocess.run([bazel, "build", "-c", "opt", *flags, *targets(peers)], check=True, cwd=root())
    return built()


def copy_static_server(to):
    """Our server with the system's libraries in it. Bazel links it over the other, which is then
    made anew."""
    bazel = os.path.join(root(), "bazelw")
    server = f"{PACKAGE}:server"
    subprocess.run([bazel, "build", "-c", "opt", "--config=static", server], check=True, cwd=root())
    shutil.copyfile(built().server("uvrpc"), to)
    os.chmod(to, 0o755)
    subprocess.run([bazel, "build", "-c", "opt", server], check=True, cwd=root())


def built():
    """As they were built last."""
    bazel = os.path.join(root(), "bazelw")
    folder = subprocess.run([bazel, "info", "-c", "opt", "bazel-bin"], check=True, cwd=root(),
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return Binaries(folder.strip())
