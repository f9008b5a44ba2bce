#!/usr/bin/env bash
# Which lines of a crate the fuzz targets reach: with their seeds and regressions, and with what a run of a few seconds each
# adds to that. Prints a line for each file and one for the crate; ends with 1 when the crate is below the bound.
#
#   targets/coverage-fuzz.sh              of crates/handshake, each target for 20 s
#   UPSPEC_FUZZ_SECONDS=0 …               with seeds and regressions alone
#   UPSPEC_FUZZ_KEEP=DIR …                what was found is kept there, as NAME/…, and taken into account the next time
#   UPSPEC_COVERAGE_CRATE=judge …         of another crate
#   UPSPEC_COVERAGE_SHOW=1 …              also the lines that nothing reaches
#   UPSPEC_COVERAGE_OUT=FILE …            writes the same to a file, as reports/COVERAGE.md has it
#
# Needed: cargo-fuzz, and llvm-profdata and llvm-cov of the LLVM that rustc was built with (`rustc --version --verbose`):
# those of rustup's component llvm-tools, or of Debian's package llvm-N.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${UPSPEC_FUZZ_SECONDS:=20}" "${UPSPEC_COVERAGE_CRATE:=handshake}" "${UPSPEC_COVERAGE_LEAST:=95}"

die() { printf 'coverage-fuzz: %s\n' "$*" >&2; exit 1; }

host=$(rustc --version --verbose | sed -n 's/^host: //p')
major=$(rustc --version --verbose | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
tool() {
    local name=$1 path
    for path in "$(rustc --print sysroot)/lib/rustlib/$host/bin/$name" "/usr/lib/llvm-$major/bin/$name" "$(command -v "$name-$major" || true)"; do
        [ -x "$path" ] && { printf '%s' "$path"; return; }
    done
    die "$name of LLVM $major is missing: rustup component add llvm-tools, or apt-get install llvm-$major"
}
profdata=$(tool llvm-profdata) cov=$(tool llvm-cov)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=${UPSPEC_FUZZ_KEEP:-$work/found}
mkdir -p "$found"

cargo xtask seeds >"$work/seeds.log" || die "cargo xtask seeds failed"
if [ "$UPSPEC_FUZZ_SECONDS" -gt 0 ]; then
    UPSPEC_FUZZ_KEEP=$found targets/check-fuzz.sh
fi

# The inputs are played by a program without libFuzzer, so that one profile has them all.
# With --target the flag is not for build scripts.
RUSTFLAGS="-C instrument-coverage" cargo build --quiet --package upspec-promises --example replay \
    --target "$host" --target-dir target/coverage
binary=target/coverage/$host/debug/examples/replay
LLVM_PROFILE_FILE="$work/%p.profraw" "$binary" fuzz/corpus fuzz/regressions "$found"

"$profdata" merge --sparse "$work"/*.profraw --output "$work/all.profdata"
sources=crates/$UPSPEC_COVERAGE_CRATE/src
of=("$binary" "--instr-profile=$work/all.profdata" "--sources" "$sources")
if [ -n "${UPSPEC_COVERAGE_SHOW:-}" ]; then
    "$cov" show "${of[@]}" | grep --text --extended-regexp '^/|^ *[0-9]+\| +0\|' || true
fi
"$cov" export "${of[@]}" --summary-only | python3 targets/coverage.py "$sources" "$UPSPEC_COVERAGE_LEAST" \
    "${UPSPEC_COVERAGE_OUT:-}" "With their seeds and regressions, and $UPSPEC_FUZZ_SECONDS s of each from there."
