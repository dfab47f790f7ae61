#!/usr/bin/env bash
# Starts a small real Slurm on this machine, without systemd: munged, slurmctld and some slurmd, each "node" on a port.
#
#   start.sh DIRECTORY [NODES]
#
# DIRECTORY is new or empty, and readable for all up to the root (munged insists). Clients need
# SLURM_CONF=DIRECTORY/slurm.conf. Exit code 77: this machine cannot do it (not root, no packages).
set -euo pipefail

directory=${1:?usage: start.sh DIRECTORY [NODES]}
nodes=${2:-3}
port=${SLURM_TEST_PORT:-27817}
host=$(hostname -s)

cannot() { echo "start.sh: $1" >&2; exit 77; }

installed() {
    for program in /usr/sbin/{slurmctld,slurmd,munged} /usr/bin/sbatch; do
        [ -x "$program" ] || return 1
    done
}

install() {
    command -v apt-get >/dev/null || cannot "Slurm is not installed, and there is no apt-get"
    local policy=/usr/sbin/policy-rc.d
    # Debian would start the daemons at once; this file forbids it.
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge; } \
        >/dev/null 2>&1 || cannot "the packages of Slurm cannot be installed"
}

[ "$(id -u)" = 0 ] || cannot "needs root"
installed || install
mkdir -p "$directory"
[ -z "$(ls -A "$directory")" ] || { echo "start.sh: $directory is not empty" >&2; exit 2; }
directory=$(cd "$directory" && pwd)
mkdir "$directory"/{state,spool,log,run,munge}
chmod 755 "$directory" "$directory"/*

head -c 128 /dev/urandom >"$directory/munge/key"
chmod 400 "$directory/munge/key"
/usr/sbin/munged --num-threads=2 --key-file="$directory/munge/key" --seed-file="$directory/munge/seed" \
    --socket="$directory/munge/socket" --pid-file="$directory/run/munged.pid" --log-file="$directory/log/munged.log"

cat >"$directory/slurm.conf" <<CONF
ClusterName=nnbcd
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$directory/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$directory/state
SlurmdSpoolDir=$directory/spool/%n
SlurmctldPidFile=$directory/run/slurmctld.pid
SlurmdPidFile=$directory/run/slurmd.%n.pid
SlurmctldLogFile=$directory/log/slurmctld.log
SlurmdLogFile=$directory/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
SlurmctldTimeout=10
SlurmdTimeout=10
KillWait=5
MinJobAge=300
MaxArraySize=1001
PropagateResourceLimits=NONE
CONF
for node in $(seq "$nodes"); do
    echo "NodeName=n$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + node)) CPUs=2 RealMemory=4000"
done >>"$directory/slurm.conf"
echo "PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE State=UP" >>"$directory/slurm.conf"

export SLURM_CONF=$directory/slurm.conf
/usr/sbin/slurmctld -c
for node in $(seq "$nodes"); do /usr/sbin/slurmd -N "n$node"; done
for _ in $(seq 150); do
    idle=$(sinfo --noheader --Node --states=idle --format=%N 2>/dev/null | sort -u | wc -l)
    [ "$idle" = "$nodes" ] && exit 0
    sleep 0.2
done
echo "start.sh: Slurm did not come up; see $directory/log" >&2
tail -n 5 "$directory"/log/*.log >&2
exit 1
