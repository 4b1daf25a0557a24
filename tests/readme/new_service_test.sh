#!/bin/bash
# Does what README.md says, in a copy of the tree and with a Bazel of its own: runs the server and
# the client of the examples, then adds a service and runs that. Files, commands and what they print
# are taken from README.md; only the address is another one.
set -eu -o pipefail

itself=tests/readme/new_service_test.sh
real=$(realpath "$0")
root=${real%"/$itself"}
[[ -f $root/README.md ]] || { echo "the tree was not found: there is no $root/README.md"; exit 1; }

# Not below TEST_TMPDIR: the socket of Bazel's server would have too long a name.
scratch=$(mktemp -d /tmp/new_service.XXXXXX)
tree=$scratch/tree
bazel=$(command -v bazel)
server=

# What the README calls bazel keeps its outputs in the scratch place.
mkdir "$scratch/bin" "$tree"
cat >"$scratch/bin/bazel" <<END
#!/bin/sh
exec "$bazel" --output_user_root="$scratch/bazel" --max_idle_secs=60 "\$@"
END
chmod +x "$scratch/bin/bazel"
export PATH=$scratch/bin:$PATH HOME=$scratch
unset TEST_TMPDIR
# .ci/run lends what it has compiled already. An action with other inputs is not found there.
if [[ -n ${DISK_CACHE:-} ]]; then echo "build --disk_cache=$DISK_CACHE" >"$scratch/.bazelrc"; fi

clean_up() {
  if [[ -n $server ]]; then kill "$server" 2>/dev/null || true; fi
  if cd "$tree"; then bazel shutdown >/dev/null 2>&1 || true; fi
  chmod -R u+w "$scratch"
  rm -rf "$scratch"
}
trap clean_up EXIT

complain() {
  echo "$1"
  exit 1
}

readme() { python3 -B tests/readme/readme.py README.md "$@"; }

# start_server COMMAND ADDRESS: runs the command until it listens there.
start_server() {
  $1 >"$scratch/server.out" 2>"$scratch/server.err" </dev/null &
  server=$!
  until grep -qxF "listening on $2" "$scratch/server.out"; do
    kill -0 "$server" 2>/dev/null || complain "it does not serve: $(cat "$scratch/server.err")"
    sleep 0.1
  done
}

stop_server() {
  kill -TERM "$server"
  local status=0
  wait "$server" || status=$?
  server=
  [[ $status == 0 ]] || complain "the server ended with $status: $(cat "$scratch/server.err")"
}

# try_commands SECTION FLAG: runs the section's server, listening at an address given with FLAG, and
# its client, and compares what it prints with what the section says. Other commands are just run.
try_commands() {
  local address=unix:@uvrpc-readme-$$ command said=
  while read -r command; do
    echo "== $command"
    case $command in
      *:server) start_server "$command -- $2$address" "$address" ;;
      *:client) said=$($command -- "$address" 2>"$scratch/client.err" </dev/null) ||
        complain "$(cat "$scratch/client.err")" ;;
      *) complain "what is this command for?" ;;
    esac
  done < <(readme commands "$1" | grep -v '^mkdir ')
  stop_server
  echo "$said"
  [[ $said == "$(readme output "$1")" ]] || complain "README.md says: $(readme output "$1")"
}

(cd "$root" && tar --create --exclude=./.git --exclude='./bazel-*' --exclude=./user.bazelrc .) |
  tar --extract --directory="$tree"
cd "$tree"

try_commands "uvrpc" --listen=

$(readme commands "Add a service" | grep '^mkdir ')
readme write .
try_commands "Add a service" ""
complaints=$(python3 -B tests/tidy/tree_test.py || true)
if grep '^services/greeter' <<<"$complaints"; then
  complain "what README.md shows does not keep the rules of tests/tidy"
fi
