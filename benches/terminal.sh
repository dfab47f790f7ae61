#!/usr/bin/env bash
# What the dashboard costs: bytes that it sends to the terminal and its share of a core, with 16 trials running and with
# all of them paused (nothing changes but the clock), at two sizes.
#
#   benches/terminal.sh [SECONDS]      how long each figure is measured; 20 by default
#
# Needs Linux and script(1) of util-linux, which plays the terminal.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-20}
cargo build --release
program=$PWD/target/release/nnbcd-tui
place=$(mktemp -d)
cd "$place"

finish() {
    "$program" stop results/g >/dev/null 2>&1 || true
    wait
    rm -rf "$place"
}
trap finish EXIT

cat >g.yaml <<'GRID'
name: g
data: {source: digits, train: 400, test: 100}
model: {hidden: [128, 64], init: {scheme: kaiming-normal, scale: 0.5}}
solver: {iterations: 5000000, tau: 50}
grid:
  compression:
    - {method: tensor-train, rank: 4}
    - {method: prune, sparsity: 0.5}
seeds: 8
GRID
"$program" g.yaml --jobs 16 --no-tui >output 2>&1 &
until [ "$(grep -c ',running,' results/g/trials.csv 2>/dev/null)" = 16 ]; do sleep 0.2; done

# Nobody types: the other end of the terminal is open and silent.
mkfifo silence
exec 3<>silence

# Hundredths of a second that a process has used: the 14th and 15th field, counted behind its name.
used() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

# measure COLUMNS ROWS WORDS
measure() {
    rm -f viewer typescript
    script -qfec "echo \$\$ >viewer; stty cols $1 rows $2; TERM=xterm-256color LANG=C.UTF-8 exec '$program' watch results/g" typescript <&3 >/dev/null &
    until [ -s viewer ] && grep -q overview typescript; do sleep 0.2; done
    sleep 5
    local viewer bytes time
    viewer=$(cat viewer)
    bytes=$(stat -c %s typescript)
    time=$(used "$viewer")
    sleep "$seconds"
    bytes=$(($(stat -c %s typescript) - bytes))
    time=$(($(used "$viewer") - time))
    awk -v size="$1 x $2" -v words="$3" -v bytes="$bytes" -v time="$time" -v seconds="$seconds" \
        'BEGIN { printf "%-8s %-19s %6.0f bytes/s  %5.2f %% of a core\n", size, words, bytes / seconds, time / seconds }'
    kill "$viewer"
    wait "$!" || true
}

echo "load before: $(cut -d ' ' -f 1-3 /proc/loadavg), $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)"
measure 80 24 "16 trials running"
measure 200 50 "16 trials running"
"$program" pause results/g >/dev/null
sleep 2
measure 80 24 "only the clock"
measure 200 50 "only the clock"
