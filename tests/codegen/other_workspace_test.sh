#!/bin/bash
# Somebody else's workspace, other_workspace/, builds an rpc_library of its own with a Bazel of its
# own, and its program runs.
set -eu

itself=tests/codegen/other_workspace_test.sh
real=$(realpath "$0")
root=${real%"/$itself"}
parts=$root/tests/codegen/other_workspace
[[ -d $parts ]] || { echo "the tree was not found: there is no $parts"; exit 1; }

# Not below TEST_TMPDIR: the socket of Bazel's server would have too long a name.
scratch=$(mktemp -d /tmp/other_workspace.XXXXXX)
workspace=$scratch/workspace
mkdir -p "$workspace/hello"
sed "s|UVRPC|$root|" "$parts/other.WORKSPACE" >"$workspace/WORKSPACE"
cp "$parts/other.bazelrc" "$workspace/.bazelrc"
cp "$parts/hello.BUILD" "$workspace/hello/BUILD"
cp "$parts"/*.proto "$parts/main.cc" "$workspace/hello"
cd "$workspace"

run_bazel() {
  env -u TEST_TMPDIR timeout 800 bazel --output_user_root="$scratch/bazel" --max_idle_secs=60 "$@"
}

clean_up() {
  run_bazel shutdown >/dev/null 2>&1 || true
  chmod -R u+w "$scratch"
  rm -rf "$scratch"
}
trap clean_up EXIT

run_bazel build --noshow_progress //hello:main
said=$(timeout 60 bazel-bin/hello/main)
echo "it says: $said"
[[ $said == "Hello, world!" ]]
