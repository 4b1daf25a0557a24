#!/bin/bash
# errors.sh PLUGIN: protoc refuses each tests/codegen/errors/CASE.proto that has a CASE.expected
# beside it, with exactly the words of that file.
set -u

plugin=$PWD/$1
cd tests/codegen/errors || exit
failed=0
count=0
for expected in *.expected; do
  proto=${expected%.expected}.proto
  out=$(mktemp -d "$TEST_TMPDIR/errors.XXXXXX")
  protoc --plugin=protoc-gen-rpc="$plugin" --rpc_out="$out" -I. "$proto" 2>"$out.stderr"
  status=$?
  if [[ $status == 0 ]]; then
    failed=1
    echo "$proto: was not refused"
  fi
  diff -u "$expected" "$out.stderr" || failed=1
  if [[ -n $(ls "$out") ]]; then
    failed=1
    echo "$proto: refused, but files were written"
  fi
  count=$((count + 1))
done
echo "$count files refused"
[[ $failed == 0 && $count -gt 1 ]]
