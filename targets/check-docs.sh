#!/usr/bin/env bash
# Writes the documentation and has pages of each kind checked by software of others: HTML by the Nu validator, and in a
# headless chromium by axe, wide and narrow, light and dark; nothing may be loaded from elsewhere.
# Usage: targets/check-docs.sh
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'docs: %s\n' "$*"; }
die() { printf 'docs: %s\n' "$*" >&2; exit 1; }

modules=$PWD/target/servers/formats/node_modules
[ -d "$modules" ] || die "$modules is missing: targets/install.sh"
site=target/docs
cargo xtask docs "$site"

java -jar "$modules/vnu-jar/build/dist/vnu.jar" "$site"/*.html "$site"/*/index.html "$site"/commands/*.html \
    "$site/cases/server/host.html" "$site/faults/client.html" "$site/formats/report-json.html" ||
    die "the Nu validator has something against a page"
say "the pages are valid HTML"
NODE_PATH=$modules node targets/formats/check-docs.cjs "$site"
