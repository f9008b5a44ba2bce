#!/bin/bash -eu
# Builds every fuzz target with the image's toolchain, and puts each beside its seeds and the
# dictionary where ClusterFuzzLite looks for them.

cd "$SRC/upspec"
# The flags of the image are for what is fuzzed: macros that the compiler loads cannot be built with a sanitizer.
env -u RUSTFLAGS -u CFLAGS -u CXXFLAGS cargo xtask seeds

cargo fuzz build --release --debug-assertions --sanitizer "${SANITIZER:-address}"
binaries=fuzz/target/$(rustc --version --verbose | sed -n 's/^host: //p')/release

for source in fuzz/fuzz_targets/*.rs; do
    name=$(basename "$source" .rs)
    # The peer is only there to be measured against.
    [ "$name" != peer_httparse ] || continue
    cp "$binaries/$name" "$OUT/"
    cp fuzz/http.dict "$OUT/$name.dict"
    inputs=("fuzz/corpus/$name")
    [ ! -d "fuzz/regressions/$name" ] || inputs+=("fuzz/regressions/$name")
    zip --quiet --junk-paths --recurse-paths "$OUT/${name}_seed_corpus.zip" "${inputs[@]}"
    printf '[libfuzzer]\nmax_len = 4096\n' >"$OUT/$name.options"
done
