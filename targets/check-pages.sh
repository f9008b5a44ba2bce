#!/usr/bin/env bash
# Makes a matrix of servers, one of clients and one of proxies, and has each used in a headless chromium as a person
# does; has axe look at reports of clients and proxies, and at a page of the RFCs. The servers are those of check-servers.sh, as it left them; clients and proxies are the embedded ones, right
# and with faults.
# Usage: targets/check-pages.sh
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'pages: %s\n' "$*" >&2; exit 1; }

upspec=${UPSPEC:-target/release/upspec}
[ -x "$upspec" ] || die "$upspec is missing: cargo build --release"
modules=$PWD/target/servers/formats/node_modules
[ -d "$modules" ] || die "$modules is missing: targets/install.sh"
: "${UPSPEC_PORT:=19480}"

servers=()
for name in node-ws py-websockets nginx; do
    [ -s "target/servers/$name-first.json" ] || die "no report of $name: targets/check-servers.sh"
    servers+=("$name=target/servers/$name-first.json")
done

kept=target/servers/pages
rm -rf "$kept"
mkdir -p "$kept"

# play NAME COMMAND…: a report of a peer, whatever its verdicts are.
play() {
    local name=$1 status=0
    shift
    "$upspec" "$@" --seed 1 --quiet --name "$name" --report "json=$kept/$name.json" \
        --report "html=$kept/report-of-$name.html" || status=$?
    [ "$status" -le 1 ] || die "$name: upspec ended with $status"
}

play client client
play proxy proxy
for fault in success-opens port-cut key-constant; do
    play "$fault" client --cmd "$upspec connect {url} --fault $fault"
done
for fault in named-field-kept any-answer-opens; do
    play "$fault" proxy "ws://127.0.0.1:$UPSPEC_PORT/" \
        --proxy-cmd "$upspec serve --listen {listen} --proxy {origin} --fault $fault"
done

# matrix NAME REPORT…
matrix() {
    local name=$1
    shift
    "$upspec" report matrix "$@" --quiet --report "html=$kept/$name.html"
}
matrix servers "${servers[@]}"
matrix clients "$kept"/{client,success-opens,port-cut,key-constant}.json
matrix proxies "$kept"/{proxy,named-field-kept,any-answer-opens}.json
NODE_PATH=$modules node targets/formats/drive-matrix.cjs "$kept"/{servers,clients,proxies}.html
"$upspec" report living "$kept/proxy.json" --quiet --report "html=$kept/living.html"
NODE_PATH=$modules node targets/formats/look.cjs \
    "$kept"/report-of-{port-cut,named-field-kept}.html "$kept/living.html"
