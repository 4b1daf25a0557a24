#!/bin/bash
# The compiler refuses every .cc beside this script whose first line is `// error: WORDS`, and says
# those words; one without such a line, the control, it takes.
set -u
export LC_ALL=C
export FLAGS="-std=c++20 -Wall -Wextra -Werror -I$TEST_TMPDIR -I."

# check FILE: prints what is wrong, nothing when all is as it should be.
check() {
  local expected errors
  expected=$(sed -n '1s|^// error: ||p' "$1")
  # shellcheck disable=SC2086
  if errors=$(g++ $FLAGS -fsyntax-only "$1" 2>&1); then
    if [[ -n $expected ]]; then echo "$1: compiles, but is to fail with: $expected"; fi
  elif [[ -z $expected || $errors != *"$expected"* ]]; then
    echo "$1: ${expected:-is to compile} -- instead of:"
    echo "$errors"
  fi
}
export -f check

# What all of them include, compiled once. Not for its warnings: one is that it is a main file.
folder=tests/codegen/must_not_compile
mkdir -p "$TEST_TMPDIR/$folder"
# shellcheck disable=SC2086
g++ $FLAGS -w -x c++-header -o "$TEST_TMPDIR/$folder/four.h.gch" $folder/four.h || exit

count=$(ls $folder/*.cc | wc -l)
complaints=$(printf '%s\n' $folder/*.cc | xargs -P 2 -I{} bash -c 'check {}')
echo "$complaints"
echo "$count files"
[[ -z $complaints && $count -gt 1 ]]
