#!/usr/bin/env bash
# A short run of each fuzz target from the exported seeds, on the stable toolchain. New inputs go to
# a folder that is thrown away; a crash is kept in fuzz/artifacts.
#
#   targets/check-fuzz.sh                 every target
#   targets/check-fuzz.sh NAME…           these
#   targets/check-fuzz.sh --planted …     the same with one planted bug each, which must be found
#   targets/check-fuzz.sh --build         builds them, and runs none
#
# UPSPEC_FUZZ_SECONDS says how long each runs, UPSPEC_FUZZ_RUNS how many inputs it takes at most, UPSPEC_FUZZ_SEED what is
# drawn; 0 draws anew each time. With a seed, and fewer inputs than there is time for, each run is like the last. What is found
# is kept in the folder that UPSPEC_FUZZ_KEEP names, and taken into account the next time.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'fuzz: %s\n' "$*"; }
die() { printf 'fuzz: %s\n' "$*" >&2; exit 1; }

planted=no builds=no
case "${1:-}" in
    --planted) planted=yes; shift ;;
    --build) builds=yes; shift ;;
esac
if [ $# -gt 0 ]; then
    names=("$@")
else
    names=()
    for source in fuzz/fuzz_targets/*.rs; do
        name=$(basename "$source" .rs)
        # The peer is only there to be measured against.
        [ "$name" = peer_httparse ] || names+=("$name")
    done
fi

PATH="$PATH:$PWD/target/servers/cargo/bin"
command -v cargo-fuzz >/dev/null || die "cargo-fuzz is missing: targets/install.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p fuzz/artifacts

[ "$builds" = yes ] || cargo xtask seeds >"$work/seeds.log" || die "cargo xtask seeds failed"

# No sanitizer: the code is safe Rust, and the stable toolchain has none; RUSTC_BOOTSTRAP lets
# cargo-fuzz pass its flags all the same. The planted bugs are built beside the plain targets.
build=(--sanitizer none)
folder=fuzz/target
if [ "$planted" = yes ]; then
    folder=fuzz/target/planted
    build+=(--features planted --target-dir target/planted)
fi
(cd fuzz && RUSTC_BOOTSTRAP=1 cargo fuzz build "${build[@]}") >"$work/build.log" 2>&1 || {
    tail -n 40 "$work/build.log" >&2
    die "the targets do not build"
}
[ "$builds" = no ] || exit 0
binaries=$folder/$(rustc --version --verbose | sed -n 's/^host: //p')/release

# Runs a target for so many seconds; libFuzzer writes to the folder only. A folder of seeds would be read in the order in which
# the file system has it.
run() {
    local name=$1 seconds=$2 artifacts=$3 folders=("fuzz/corpus/$1") runs=${UPSPEC_FUZZ_RUNS:--1}
    [ ! -d "fuzz/regressions/$name" ] || folders+=("fuzz/regressions/$name")
    # These render reports, and read what they wrote.
    case $name in stored | written) [ "$runs" = -1 ] || runs=$((runs / 40)) ;; esac
    local found=${UPSPEC_FUZZ_KEEP:-$work}/$name
    mkdir -p "$found"
    # It takes a line end for a part of the last name.
    find "${folders[@]}" -type f | LC_ALL=C sort | paste -sd, - | tr -d '\n' >"$work/$name.seeds" || return 1
    "$binaries/$name" "-max_total_time=$seconds" "-runs=$runs" "-seed_inputs=@$work/$name.seeds" "-seed=${UPSPEC_FUZZ_SEED:-0}" \
        -max_len=4096 -timeout=10 -rss_limit_mb=2048 -dict=fuzz/http.dict -print_final_stats=1 \
        "-artifact_prefix=$artifacts" "$found" >"$work/$name.log" 2>&1
}

# One target: what is to be said of it, and whether it is as it should be.
check() {
    local name=$1 log=$work/$1.log
    if [ "$planted" = no ]; then
        if ! run "$name" "${UPSPEC_FUZZ_SECONDS:-20}" "fuzz/artifacts/$name-"; then
            tail -n 60 "$log" >&2
            say "$name failed"
            return 1
        fi
        say "$name: $(grep --text --only-matching 'Done [0-9]* runs in [0-9]* second(s)' "$log" || echo done), no crash"
        return
    fi
    local from=$SECONDS
    # libFuzzer ends with 77 when a target panics.
    if run "$name" "${UPSPEC_FUZZ_SECONDS:-60}" "$work/$name-" || ! grep --text --quiet 'panicked at' "$log"; then
        say "$name: did not find the planted bug"
        return 1
    fi
    say "$name: found the planted bug in $((SECONDS - from)) s"
}

# Each target has one thread.
at_once=$(nproc)
running=() failed=no
for name in "${names[@]}"; do
    if [ ${#running[@]} -ge "$at_once" ]; then
        wait "${running[0]}" || failed=yes
        running=("${running[@]:1}")
    fi
    check "$name" &
    running+=("$!")
done
for one in "${running[@]}"; do
    wait "$one" || failed=yes
done
[ "$failed" = no ] || die "not all is in order"
