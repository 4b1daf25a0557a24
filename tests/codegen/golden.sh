#!/bin/bash
# golden.sh compare|rewrite PLUGIN: generates code from every tests/codegen/golden/*.proto and
# compares it with the .rpc.h and .rpc.cc that stand beside it, or replaces them.
#
#     bazel run //tests/codegen:update_golden      # then read the diff
set -eu

mode=$1
plugin=$PWD/$2
folder=tests/codegen/golden
if [[ $mode == rewrite ]]; then cd "$BUILD_WORKSPACE_DIRECTORY"; fi

out=$(mktemp -d "${TEST_TMPDIR:-${TMPDIR:-/tmp}}/golden.XXXXXX")
trap 'rm -rf "$out"' EXIT
protoc --plugin=protoc-gen-rpc="$plugin" --rpc_out="$out" -I. "$folder"/*.proto

if [[ $mode == rewrite ]]; then
  rm -f "$folder"/*.rpc.h "$folder"/*.rpc.cc
  cp "$out/$folder"/* "$folder/"
  echo "$folder: $(ls "$out/$folder" | wc -l) files written"
  exit
fi

failed=0
for name in $(cd "$folder" && ls ./*.rpc.* | sort) $(cd "$out/$folder" && ls ./*.rpc.* | sort); do
  diff -u --new-file "$folder/$name" "$out/$folder/$name" || failed=1
done
if ! ls "$out/$folder"/*.rpc.cc >/dev/null; then failed=1; fi
if [[ $failed != 0 ]]; then echo "meant so? bazel run //tests/codegen:update_golden"; fi
exit $failed
