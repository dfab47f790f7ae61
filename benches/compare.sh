#!/usr/bin/env bash
# Runs us and a PyTorch implementation of the same method in turn and prints the ratios.
#
#   benches/compare.sh PYTHON PEER_SCRIPT [THREADS]
#
# PYTHON is an interpreter with torch, tensorly and numpy. PEER_SCRIPT takes a configuration
# (har4, har5, cnn, prune), --iterations and --threads and ends with
# "NAME seconds_per_iteration SECONDS".
set -euo pipefail
python=$1 peer=$2 threads=${3:-2}
cd "$(dirname "$0")/.."
cargo build --release --quiet --bench published
bench=$(cargo bench --bench published --no-run 2>&1 | sed -n 's/.*(\(.*published-[^)]*\)).*/\1/p')
seconds() { awk '/seconds_per_iteration/ { print $NF }'; }
printf '%-12s %10s %10s %8s\n' configuration ours peer ratio
for run in har4:5 har5:5 cnn:3 prune:30; do
  configuration=${run%:*} iterations=${run#*:}
  for precision in single double; do
    [ "$precision" = double ] && [ "$configuration" != prune ] && continue
    option=$([ "$precision" = double ] && echo --double || true)
    ours=() theirs=()
    for _ in 1 2 3; do
      ours+=("$("$bench" "$configuration" --iterations "$iterations" --threads "$threads" $option | seconds)")
      theirs+=("$("$python" "$peer" "$configuration" --iterations "$iterations" --threads "$threads" | seconds)")
    done
    a=$(printf '%s\n' "${ours[@]}" | sort -g | sed -n 2p)
    b=$(printf '%s\n' "${theirs[@]}" | sort -g | sed -n 2p)
    printf '%-12s %10s %10s %8s\n' "$configuration-${precision:0:1}" "$a" "$b" "$(awk "BEGIN { printf \"%.2f\", $b / $a }")"
  done
done
