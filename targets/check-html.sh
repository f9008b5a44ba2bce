#!/usr/bin/env bash
# Opens an HTML report in a headless chromium, checks that its summary is there, and then that a
# report full of markup from a hostile server runs no script.
# Usage: targets/check-html.sh FILE
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'html: %s\n' "$*"; }
die() { printf 'html: %s\n' "$*" >&2; exit 1; }

[ $# = 1 ] || die "usage: targets/check-html.sh FILE"
file=$1
[ -s "$file" ] || die "$file is missing or empty: cargo run --release -- run"
command -v chromium >/dev/null || die "chromium is missing: targets/install.sh"

upspec=${UPSPEC:-target/release/upspec}
[ -x "$upspec" ] || die "$upspec is missing: cargo build --release"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
kept=target/servers/html
rm -rf "$kept"
mkdir -p "$kept"

# browse OPTION FILE: one start of the browser, with a profile of its own and without network.
browse() {
    local profile
    profile=$(mktemp -d -p "$scratch")
    timeout --kill-after=5 120 chromium --headless --no-sandbox --disable-gpu --disable-quic \
        --no-first-run --disable-background-networking --disable-component-update --disable-sync \
        --disable-extensions --hide-scrollbars --window-size=1280,1600 \
        --host-resolver-rules='MAP * ~NOTFOUND' --user-data-dir="$profile" \
        "$1" "file://$(realpath "$2")" 2>"$scratch/chromium.log" || {
        tail -n 20 "$scratch/chromium.log" >&2
        die "chromium cannot open $2"
    }
}

# 1. The report itself: it renders, and the page's own script has run (it shows the filter).
browse --screenshot="$kept/report.png" "$file" >/dev/null
[ "$(stat --format=%s "$kept/report.png")" -gt 10000 ] || die "the screenshot of $file is blank"
browse --dump-dom "$file" >"$kept/report.dom.html"
for wanted in '<main' 'id="results"' '</html>'; do
    grep --quiet --fixed-strings -- "$wanted" "$kept/report.dom.html" ||
        die "$file: the page holds no $wanted"
done
say "$file is shown; screenshot in $kept/report.png"

# 2. A report about a hostile server. The same markup in a bare page must run, or the check is blind.
python3 targets/hostile.py >"$scratch/port" &
hostile=$!
trap 'kill "$hostile" 2>/dev/null || true; rm -rf "$scratch"' EXIT
for _ in $(seq 100); do
    [ -s "$scratch/port" ] && break
    sleep 0.1
done
[ -s "$scratch/port" ] || die "the hostile server does not start"
markup="<script>document.documentElement.id='ow'+'ned'</script>"
url="ws://127.0.0.1:$(cat "$scratch/port")/"

# A report that says nothing would not take the place of an older one.
rm -f "$kept/hostile.html"
status=0
"$upspec" run "$url" --name "$markup" --seed 1 --quiet --only server/baseline \
    --report "html=$kept/hostile.html" 2>"$scratch/upspec.log" || status=$?
# It never switches: the run ends with 3, or with 1 where what it sent instead breaks a rule.
if [[ "$status" != [13] ]] || [ ! -s "$kept/hostile.html" ]; then
    cat "$scratch/upspec.log" >&2
    die "no report about the hostile server (upspec ended with $status)"
fi
grep --quiet --fixed-strings "'ow'+'ned'" "$kept/hostile.html" ||
    grep --quiet --fixed-strings "ow&#39;+&#39;ned" "$kept/hostile.html" ||
    die "the report about the hostile server does not show what it sent"

printf '<!DOCTYPE html><title>bare</title>%s' "$markup" >"$scratch/bare.html"
browse --dump-dom "$scratch/bare.html" | grep --quiet --fixed-strings 'id="owned"' ||
    die "the markup does not run in a bare page either; the check sees nothing"
# As it is read at first, and with the bodies of all cases, which are text until a case is opened.
sed 's,</\?noscript>,,g' "$kept/hostile.html" >"$kept/hostile.open.html"
for page in hostile hostile.open; do
    browse --dump-dom "$kept/$page.html" >"$kept/$page.dom.html"
    if grep --quiet --fixed-strings 'id="owned"' "$kept/$page.dom.html"; then
        die "a script from a target ran in the report: $kept/$page.html"
    fi
    if grep --quiet --ignore-case -E '<img[ >]|<[^>]* onload=' "$kept/$page.dom.html"; then
        die "markup from a target is an element of the report: $kept/$page.html"
    fi
done
grep --quiet 'class="body"' "$kept/hostile.open.dom.html" || die "the bodies of the cases are not read: $kept/hostile.open.html"
say "a hostile server's markup stays text"
