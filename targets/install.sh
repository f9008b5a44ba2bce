#!/usr/bin/env bash
# Installs what CI needs beyond cargo and a C compiler: chromium, nginx, node with ws, python3 with
# websockets, what checks the formats (java, tshark, xmllint, packages of npm), cargo-fuzz. Does nothing for
# what is there already; everything but Debian's packages goes below target/servers.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'install: %s\n' "$*"; }
die() { printf 'install: %s\n' "$*" >&2; exit 1; }

logs=target/servers/log
mkdir -p "$logs"

# Runs a command with its output in a log that is shown only when the command fails.
quietly() {
    local name=$1
    shift
    if ! "$@" >"$logs/$name.log" 2>&1; then
        tail -n 40 "$logs/$name.log" >&2
        die "failed: $*"
    fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo --non-interactive "$@"
    else
        die "neither root nor sudo; install by hand: $*"
    fi
}

has_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx)
command -v python3 >/dev/null || missing+=(python3)
has_venv || missing+=(python3-venv)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
command -v java >/dev/null || missing+=(default-jre-headless)
command -v tshark >/dev/null || missing+=(tshark)
command -v xmllint >/dev/null || missing+=(libxml2-utils)

if [ ${#missing[@]} -gt 0 ]; then
    command -v apt-get >/dev/null ||
        die "missing: ${missing[*]} (Debian's names), and there is no apt-get; install them by hand"
    say "apt-get install ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    quietly apt-update as_root apt-get update --quiet
    quietly apt-install as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --quiet --yes --no-install-recommends "${missing[@]}"
fi

# The copy of what was installed last tells whether there is anything to do.
for name in node-ws formats; do
    node=target/servers/$name
    if ! cmp --silent "targets/$name/package.json" "$node/installed.json"; then
        say "npm install in $node"
        mkdir -p "$node"
        cp "targets/$name/package.json" "$node/package.json"
        # Scripts of packages would fetch what is there already, such as another Java.
        quietly "npm-$name" npm install --prefix "$node" --ignore-scripts --no-audit --no-fund --no-package-lock
        cp "targets/$name/package.json" "$node/installed.json"
    fi
done
chmod u+x target/servers/formats/node_modules/@microsoft/sarif-multitool-*/Sarif.Multitool

for name in py-websockets differ; do
    python=target/servers/$name
    if ! cmp --silent "targets/$name/requirements.txt" "$python/installed.txt"; then
        say "pip install in $python"
        rm -rf "$python"
        quietly "venv-$name" python3 -m venv "$python"
        quietly "pip-$name" "$python/bin/python" -m pip install --quiet --disable-pip-version-check \
            --requirement "targets/$name/requirements.txt"
        cp "targets/$name/requirements.txt" "$python/installed.txt"
    fi
done

if ! command -v cargo-fuzz >/dev/null && [ ! -x target/servers/cargo/bin/cargo-fuzz ]; then
    say "cargo install cargo-fuzz (some minutes)"
    quietly cargo-fuzz cargo install cargo-fuzz --locked --root target/servers/cargo
fi

say "everything is there"
