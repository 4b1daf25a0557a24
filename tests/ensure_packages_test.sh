#!/bin/bash
# third_party/ensure_packages against stand-ins for dpkg-query, apt-get, sudo and id: nothing is
# installed, and what it would have run is in the file `ran`.
set -u
readonly script=$PWD/third_party/ensure_packages
readonly real_list=$PWD/third_party/packages.txt
cd "$(mktemp -d "$TEST_TMPDIR/XXXXXX")" || exit 1
mkdir bin
ln -s /usr/bin/env bin
export FAKE_UID=0

stand_in() {
  { echo '#!/bin/bash'; cat; } >"bin/$1"
  chmod +x "bin/$1"
}

stand_in id <<<'echo "$FAKE_UID"'
stand_in sudo <<<'echo "sudo $*" >>ran; exec "$@"'
# The packages that are there are the files in installed/ (removed/ holds the other state).
stand_in dpkg-query <<'EOF'
shift 2
for package; do
  [[ -e installed/$package ]] && echo "$package installed"
  [[ -e removed/$package ]] && echo "$package config-files"
done
EOF
stand_in apt-get <<'EOF'
echo "apt-get $*" >>ran
[[ $2 == install ]] || exit "${UPDATE_STATUS:-0}"
for package; do
  [[ $package == b* || $package == c++ ]] && : >"installed/$package"
done
exit "${INSTALL_STATUS:-0}"
EOF

fails=0
# expect WHAT: the last command's status has to be 0.
expect() {
  local status=$?
  if [[ $status != 0 ]]; then
    echo "FAILED at $sentence: $1"
    printf '%s\n' "the script said:" "$said"
    fails=$((fails + 1))
  fi
}

# begin SENTENCE: starts a case with the packages a and b installed and b c++ in the list too.
begin() {
  sentence=$1
  rm -rf installed removed ran
  mkdir installed removed
  : >ran
  : >installed/a
  printf '%s\n' '# a comment' '' a b c++ >list
}

run() {
  said=$(PATH=$PWD/bin "$script" list 2>&1)
  status=$?
}

begin "silent and without apt-get when nothing is missing"
: >installed/b
: >installed/c++
run
[[ $status == 0 && -z $said && ! -s ran ]]
expect "no word, no command"

begin "what is missing is listed and installed"
run
[[ $status == 0 && $said == *"Missing packages: b c++"* ]]
expect "the list of b and c++"
[[ $(<ran) == *$'update\n'*"install --yes --no-install-recommends b c++" && $(<ran) != *sudo* ]]
expect "update, then install, as root without sudo"

begin "a package that was removed is missing"
: >installed/c++
: >removed/b
run
[[ $status == 0 && $said == *"Missing packages: b"* && $said != *c++* ]]
expect "b alone"

begin "another user goes through sudo"
FAKE_UID=1000 run
[[ $status == 0 && $(<ran) == *"sudo env DEBIAN_FRONTEND=noninteractive apt-get"* ]]
expect "sudo before apt-get"

begin "neither root nor sudo"
mv bin/sudo bin/hidden
FAKE_UID=1000 run
mv bin/hidden bin/sudo
[[ $status != 0 && $said == *"run as root: apt-get install --no-install-recommends b c++"* ]]
expect "the command to run"

begin "apt-get install fails"
INSTALL_STATUS=100 run
[[ $status != 0 && $said == *"apt-get could not install: b c++"* ]]
expect "a failure"

begin "old package lists do when apt-get update fails"
UPDATE_STATUS=100 run
[[ $status == 0 && $said == *"apt-get update failed"* ]]
expect "it goes on"

begin "apt-get says that all is well, and the package is not there"
echo unknown >>list
run
[[ $status != 0 && $said == *"still missing after apt-get install: unknown"* ]]
expect "a failure"

begin "another system is told what is needed"
rm bin/apt-get bin/dpkg-query
run
[[ $status != 0 && $said == *"not Debian 12"*"needs these packages of Debian 12: a b c++" ]]
expect "every package"

begin "a list that is not there"
rm list
run
[[ $status != 0 && $said == *"cannot read the package list list"* ]]
expect "a failure"

sentence="the project's own list" said=
! grep -qvE '^(#.*|[a-z0-9][a-z0-9+.-]+|)$' "$real_list"
expect "one package per line"

exit "$fails"
