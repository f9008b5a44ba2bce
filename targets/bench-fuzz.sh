#!/usr/bin/env bash
# Measures the target request_head against the same loop around httparse, in executions per
# CPU-second. First what each checks, over the exported requests, in turns in one process; then both
# under libFuzzer: over the seeds without mutation, so that both see the same, and from the same seeds
# with mutation. There the inputs part soon, and httparse stops at the first error where we read on, so
# that the last ratio says more about the inputs than about the speed.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${UPSPEC_FUZZ_RUNS:=1000000}" "${UPSPEC_FUZZ_ROUNDS:=3}"

say() { printf 'bench-fuzz: %s\n' "$*"; }
die() { printf 'bench-fuzz: %s\n' "$*" >&2; exit 1; }

PATH="$PATH:$PWD/target/servers/cargo/bin"
command -v cargo-fuzz >/dev/null || die "cargo-fuzz is missing: targets/install.sh"

cargo run --quiet --release -p upspec-promises --example speed

cargo xtask seeds >/dev/null
(cd fuzz && RUSTC_BOOTSTRAP=1 cargo fuzz build --sanitizer none >/dev/null 2>&1) ||
    die "the targets do not build: cd fuzz && cargo fuzz build --sanitizer none"
binaries=fuzz/target/$(rustc --version --verbose | sed -n 's/^host: //p')/release

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Executions per CPU-second of one run from the seeds; libFuzzer's own inputs are thrown away.
measure() {
    local name=$1 corpus=$work/corpus seconds
    rm -rf "$corpus"
    cp -r fuzz/corpus/request_head "$corpus"
    TIMEFORMAT='%U %S'
    seconds=$({ time "$binaries/$name" "-runs=$UPSPEC_FUZZ_RUNS" -seed=1 -max_len=4096 \
        -dict=fuzz/http.dict "$corpus" >"$work/log" 2>&1; } 2>&1) || die "$name failed"
    awk -v runs="$UPSPEC_FUZZ_RUNS" '{ printf "%d\n", runs / ($1 + $2) }' <<<"$seconds"
}

# The same over the seeds as they are, without what the kernel takes to read them.
measure_same() {
    local name=$1 times=300 seconds seeds=(fuzz/corpus/request_head/*)
    TIMEFORMAT='%U'
    seconds=$({ time "$binaries/$name" "-runs=$times" -max_len=4096 "${seeds[@]}" \
        >"$work/log" 2>&1; } 2>&1) || die "$name failed"
    awk -v runs="$((times * ${#seeds[@]}))" '{ printf "%d\n", runs / $1 }' <<<"$seconds"
}

# The median of the rounds.
median() { printf '%s\n' "$@" | sort --numeric-sort | sed -n "$((($# + 1) / 2))p"; }

# compare HOW WHAT: both in turns, by one of the measures.
compare() {
    local ours=() theirs=() own peer
    for _ in $(seq "$UPSPEC_FUZZ_ROUNDS"); do
        ours+=("$("$1" request_head)")
        theirs+=("$("$1" peer_httparse)")
    done
    own=$(median "${ours[@]}") peer=$(median "${theirs[@]}")
    say "request_head, $2:  $own executions per CPU-second (${ours[*]})"
    say "peer_httparse, $2: $peer executions per CPU-second (${theirs[*]})"
    say "ratio under libFuzzer, $2: $((own * 100 / peer)) %"
}

compare measure_same "the same inputs"
compare measure "with mutation"
