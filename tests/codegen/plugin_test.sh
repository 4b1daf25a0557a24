#!/bin/bash
# plugin_test.sh PLUGIN: the plugin in the hands of protoc alone, without Bazel.
set -eu

plugin=$PWD/$1
cd "$TEST_TMPDIR"
mkdir -p in/below out
cat >in/below/greeter.proto <<'END'
syntax = "proto3";
package below;
message Hello {
  optional string name = 1;
}
service Greeter {
  rpc Greet(Hello) returns (Hello);
}
END

generate() {
  (cd in && protoc --plugin=protoc-gen-rpc="$plugin" --cpp_out=../out --rpc_out="$1" -I. \
    below/greeter.proto)
}

complain() {
  echo "$1"
  exit 1
}

generate ../out
for file in greeter.pb.h greeter.pb.cc greeter.rpc.h greeter.rpc.cc; do
  [[ -s out/below/$file ]] || complain "$file was not written"
done
grep -q '^#include "below/greeter.rpc.h"$' out/below/greeter.rpc.cc ||
  complain "greeter.rpc.cc does not include its header"

if refusal=$(generate "fast,style=new:../out" 2>&1); then complain "unknown options were taken"; fi
[[ $refusal == "--rpc_out: unknown option 'fast': protoc-gen-rpc takes no options
unknown option 'style': protoc-gen-rpc takes no options" ]] || complain "$refusal"
