#!/usr/bin/env bash
# Runs upspec twice against each real server and checks that it can judge every case, and judges
# it alike both times. What the servers do wrong is not an error here: it is theirs.
# Ends only the processes that it started.
set -euo pipefail
cd "$(dirname "$0")/.."

upspec=${UPSPEC:-target/release/upspec}
work=target/servers
: "${UPSPEC_PORT:=19470}"
node_port=$UPSPEC_PORT
python_port=$((UPSPEC_PORT + 1))
nginx_port=$((UPSPEC_PORT + 2))
h2_port=$((UPSPEC_PORT + 3))

say() { printf 'servers: %s\n' "$*"; }
die() { printf 'servers: %s\n' "$*" >&2; exit 1; }

[ -x "$upspec" ] || die "$upspec is missing: cargo build --release"
[ -d "$work/node-ws/node_modules/ws" ] || die "ws is missing: targets/install.sh"
[ -x "$work/py-websockets/bin/python" ] || die "websockets is missing: targets/install.sh"
nginx=$(command -v nginx || echo /usr/sbin/nginx)
[ -x "$nginx" ] || die "nginx is missing: targets/install.sh"

started=()
stop() {
    local pid
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}
trap stop EXIT
trap 'exit 130' INT TERM

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# start NAME PORT COMMAND...: starts a server and waits until its port answers, 20 s at most.
start() {
    local name=$1 port=$2 pid
    shift 2
    if answers "$port"; then
        die "port $port is taken; set UPSPEC_PORT to the first of four free ones"
    fi
    PORT=$port "$@" >"$work/$name.log" 2>&1 &
    pid=$!
    started+=("$pid")
    for _ in $(seq 200); do
        if ! kill -0 "$pid" 2>/dev/null; then
            cat "$work/$name.log" >&2
            die "$name ended before it listened"
        fi
        if answers "$port"; then
            return
        fi
        sleep 0.1
    done
    die "$name does not listen on port $port after 20 s"
}

# check NAME PORT OPTION...: two runs with one seed; 0 and 1 are verdicts, any other status is our
# trouble.
check() {
    local name=$1 port=$2 round status
    shift 2
    for round in first second; do
        status=0
        "$upspec" run "ws://127.0.0.1:$port/" --name "$name" --seed 1 --jobs 16 --quiet \
            --subprotocol chat --subprotocol superchat "$@" \
            --report "json=$work/$name-$round.json" || status=$?
        [ "$status" -le 1 ] || die "$name, $round run: upspec ended with $status"
    done
    python3 targets/compare.py "$name" "$work/$name-first.json" "$work/$name-second.json"
}

# check_http2 NAME PORT: the same for a port that speaks HTTP/2 alone.
check_http2() {
    local name=$1 port=$2 round status
    for round in first second; do
        status=0
        "$upspec" run "h2c://127.0.0.1:$port/" --name "$name" --seed 1 --jobs 16 --quiet \
            --report "json=$work/$name-$round.json" || status=$?
        [ "$status" -le 1 ] || die "$name, $round run: upspec ended with $status"
    done
    python3 targets/compare.py "$name" "$work/$name-first.json" "$work/$name-second.json" http2
}

start node-ws "$node_port" env "NODE_PATH=$PWD/$work/node-ws/node_modules" \
    node targets/node-ws/server.js
start py-websockets "$python_port" "$work/py-websockets/bin/python" targets/py-websockets/server.py

mkdir -p "$work/nginx"
sed -e "s|@PORT@|$nginx_port|" -e "s|@H2_PORT@|$h2_port|" -e "s|@ORIGIN@|$node_port|" -e "s|@DIR@|$PWD/$work/nginx|" \
    targets/nginx/nginx.conf.in >"$work/nginx/nginx.conf"
start nginx "$nginx_port" "$nginx" -e "$PWD/$work/nginx/error.log" -c "$PWD/$work/nginx/nginx.conf"

check node-ws "$node_port"
# A server of `websockets` that knows subprotocols refuses a client that offers none.
check py-websockets "$python_port" --require-subprotocol
check nginx "$nginx_port"
check_http2 nginx-http2 "$h2_port"
say "three servers judged, one of them in HTTP/2 as well, twice each, alike"
