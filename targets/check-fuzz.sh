#!/usr/bin/env bash
# A short run of each fuzz target over its seeds, on the stable toolchain. New inputs go to a
# folder that is thrown away; a crash is kept in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${UPSPEC_FUZZ_SECONDS:=20}"

say() { printf 'fuzz: %s\n' "$*"; }
die() { printf 'fuzz: %s\n' "$*" >&2; exit 1; }

PATH="$PATH:$PWD/target/servers/cargo/bin"
command -v cargo-fuzz >/dev/null || die "cargo-fuzz is missing: targets/install.sh"

corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT

for source in fuzz/fuzz_targets/*.rs; do
    name=$(basename "$source" .rs)
    seeds=$PWD/fuzz/seeds/$name
    [ -d "$seeds" ] || die "$name has no seeds in fuzz/seeds/$name"
    mkdir "$corpus/$name"
    log=$corpus/$name.log
    # libFuzzer writes to the first folder only. No sanitizer: the code is safe Rust, and the
    # stable toolchain has none; RUSTC_BOOTSTRAP lets cargo-fuzz pass its flags all the same.
    if ! (cd fuzz && RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none "$name" \
        "$corpus/$name" "$seeds" -- "-max_total_time=$UPSPEC_FUZZ_SECONDS" \
        -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1) >"$log" 2>&1; then
        tail -n 60 "$log" >&2
        die "$name failed"
    fi
    say "$name: $(grep --only-matching 'Done [0-9]* runs in [0-9]* second(s)' "$log" || echo done), no crash"
done
