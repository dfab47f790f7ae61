#!/usr/bin/env bash
# Ends what start.sh has started in DIRECTORY, and nothing else: jobs by scancel, daemons by their files of process ids.
directory=${1:?usage: stop.sh DIRECTORY}
[ -d "$directory/run" ] || exit 0
directory=$(cd "$directory" && pwd)
export SLURM_CONF=$directory/slurm.conf

# Whether the process is still this daemon: its number may have passed on to a stranger.
is() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ]; }

timeout 10 scancel --full --user="$(id -un)" >/dev/null 2>&1
for _ in $(seq 50); do
    [ -z "$(timeout 5 squeue --noheader 2>/dev/null)" ] && break
    sleep 0.2
done
# Steps whose controller has gone before them carry this cluster's configuration in their environment.
for step in $(pgrep -x slurmstepd); do
    if tr '\0' '\n' <"/proc/$step/environ" 2>/dev/null | grep -qxF "SLURM_CONF=$SLURM_CONF"; then
        pkill -KILL -P "$step"
        kill -KILL "$step"
    fi
done 2>/dev/null
for signal in TERM KILL; do
    for file in "$directory"/run/slurmctld.pid "$directory"/run/slurmd.*.pid "$directory"/run/munged.pid; do
        [ -s "$file" ] || continue
        name=$(basename "$file")
        process=$(tr -cd 0-9 <"$file")
        if [ -n "$process" ] && is "$process" "${name%%.*}"; then kill -"$signal" "$process"; fi
    done
    sleep 1
done
exit 0
