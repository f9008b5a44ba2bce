"""Hunts with `upspec fuzz` at the reference server: each of these faults is found in time, shrunk to a few
edits of a valid request, and its case file replays to the same finding; the conforming server gives none.

Usage: check-hunt.py [--quick] [UPSPEC]. Prints a line for each hunt; ends with 1 when one fails. With --quick
it is three faults, less time and a tenth of the exchanges. Everything runs on loopback, and only what is started
here is ended.

       check-hunt.py --table [--seconds N] [--at-once N] [--seed N] [--out FILE] [--guided] [UPSPEC [FAULT…]]

hunts at the server with each fault (or with those named) until something is found, so many seconds at the most, and
writes what was found after what time as a table: reports/HUNT.md unless --out says otherwise. It ends with 1 when fewer
than nine in ten of the faults were found that a recipe can reach.
"""

import argparse
import concurrent.futures
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import tomllib

# Each has many requests that show it, and no one sequence of octets that all of them hold.
FAULTS = [
    "accept-connection-substring",
    "accept-invalid-host",
    "accept-non-base64-key",
    "accept-version-list",
    "accept-missing-host",
    "accept-malformed-extensions",
    "refuse-empty-list-elements",
    "value-cut-at-nul",
    "fold-concatenated",
    "unknown-subprotocol",
]
SECONDS = 20
QUICK_SECONDS = 8
MOST_EDITS = 3
EXCHANGES = 200_000


def serve(upspec, *options):
    """A reference server on a free port, and its URL."""
    command = [upspec, "serve", "--listen", "127.0.0.1:0", *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return server, server.stdout.readline().strip()


def edits(recipe):
    """How many edits of a valid request a recipe has: `handshake; drop host` has one."""
    return len(recipe.split("; ")) - 1


def hunt(upspec, url, folder, *options):
    state = folder / "state.json"
    command = [upspec, "fuzz", url, "--seed", "7", "--quiet", "--state", state, "--out", folder / "found"]
    begun = time.monotonic()
    code = subprocess.run([*command, *options], stdout=subprocess.DEVNULL, timeout=600).returncode
    return code, time.monotonic() - begun, json.loads(state.read_text())


def replays(upspec, url, folder, finding, verdicts=("fail",)):
    """Whether the case file of a finding gives the same finding once more."""
    report = folder / "again.json"
    command = [upspec, "run", url, "--cases", folder / "found", "--only", finding["case"], "--quiet"]
    subprocess.run([*command, "--report", f"json={report}"], stdout=subprocess.DEVNULL, timeout=120)
    cases = json.loads(report.read_text())["cases"]
    own = [case for case in cases if case["id"] == finding["case"]]
    cited = [one["requirement"] for case in own for one in case["findings"] if one["verdict"] in verdicts]
    return finding["requirement"] in cited


def check(upspec, fault, requirement, seconds):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server, url = serve(upspec, "--fault", fault)
        try:
            code, _, state = hunt(upspec, url, folder, "--time", f"{seconds}s")
            own = [one for one in state["findings"] if one["requirement"] == requirement] or state["findings"]
            if code != 1 or not own:
                return f"not found in {seconds} s (exit {code})"
            best = min(own, key=lambda one: edits(one["recipe"]))
            if edits(best["recipe"]) > MOST_EDITS:
                return f"shrunk to {best['recipe']} only"
            if not replays(upspec, url, folder, best):
                return f"{best['case']} does not replay"
            print(f"{fault:32} {len(state['findings'])} findings, {best['requirement']}: {best['recipe']}")
        finally:
            server.kill()
            server.wait()
    return None


def conforming(upspec, runs):
    with tempfile.TemporaryDirectory() as name:
        server, url = serve(upspec)
        try:
            code, seconds, state = hunt(upspec, url, pathlib.Path(name), "--runs", str(runs))
        finally:
            server.kill()
            server.wait()
    if code != 0 or state["findings"]:
        return f"exit {code}, findings {[one['recipe'] for one in state['findings']]}"
    print(f"conforming: {runs} exchanges in {seconds:.0f} s, no finding")
    return None


# What no recipe does, by the cases that show it: a fault that shows in no other case is counted apart unless it is
# found all the same.
KINDS = {
    "TLS and ALPN: the hunt speaks inside TLS and does not vary it": [r"tls/", r"h2c/inside-tls"],
    "cost: a request has to grow from one exchange to the next": [r"cost/"],
    "requests without an end": [r"endless/"],
    "resets, and the end of our side while something is under way": [r"resets/"],
    "compressed messages in the tunnel": [r"compression/", r"permessage-deflate/(rsv1|uncompressed)"],
    "windows of HTTP/2 that fill up": [r"flow-control/"],
    "which origins are allowed: the hunt is not told": [r"origin/", r"one-connection/.*origin"],
    "content that waits for a 100": [r"expect/(before-switch|on-|other-case)", r"http-version/http10-expect", r"h2c/expect"],
    "the control itself: without a 101 there is no hunt": [r"control/", r"resets/half-close-before-101"],
}
COMPARED = "lawful alone: wrong only beside the answer to another request"
ROOT = pathlib.Path(__file__).resolve().parent.parent


def catching():
    """The cases for servers that each fault makes fail or warn."""
    caught = tomllib.loads((ROOT / "crates/cli/caught.toml").read_text())
    cases = {}
    for case, words in caught["cases"].items():
        if case.startswith("server/"):
            for word in words:
                for fault in caught["sets"].get(word, [word]):
                    cases.setdefault(fault, []).append(case.removeprefix("server/"))
    return cases


def compared():
    """The cases whose outcome is compared with that of another one."""
    found = set()
    for path in (ROOT / "cases/server").glob("*.toml"):
        for case in tomllib.loads(path.read_text())["case"]:
            if "same-as" in case:
                found.add(f"{path.stem}/{case['name']}")
    return found


def kind(cases, twins):
    """Why no recipe reaches a fault that these cases show, or nothing."""
    if cases and all(case in twins for case in cases):
        return COMPARED
    rows = KINDS.items()
    named = [name for name, parts in rows if cases and all(any(re.match(p, c) for p in parts) for c in cases)]
    return named[0] if named else None


def search(upspec, fault, lawful, options):
    """Hunts at the server with a fault until something is found: the finding or nothing, seconds, exchanges. What the
    conforming server does as well is no finding."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server, url = serve(upspec, "--fault", fault)
        # A name has letters, which some faults are about.
        url = url.replace("127.0.0.1", "localhost")
        state = folder / "state.json"
        command = [upspec, "fuzz", url, "--quiet", "--until-found", "--fail-on", "warn", "--jobs", "8"]
        command += ["--seed", str(options.seed), "--time", f"{options.seconds}s"]
        command += ["--state", state, "--out", folder / "found", *(["--guided"] if options.guided else [])]
        begun = time.monotonic()
        try:
            hush = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.run(command, timeout=options.seconds + 60, **hush)
        except subprocess.TimeoutExpired:
            pass
        finally:
            seconds = time.monotonic() - begun
            server.kill()
            server.wait()
        if not state.exists():
            return None, seconds, 0
        left = json.loads(state.read_text())
        found = [one for one in left["findings"] if one["kind"] != "slower"]
        if found and replays(upspec, lawful, folder, found[0], ("fail", "warn")):
            print(f"{fault}: the conforming server does the same: {found[0]['recipe']}")
            found = []
        return (found[0] if found else None), seconds, left["next"]


def shown(recipe):
    """A recipe in a cell of a table."""
    short = recipe if len(recipe) < 90 else recipe[:87] + "…"
    return "`" + short.replace("|", "\\|") + "`"


def table(options):
    upspec = options.upspec
    listed = subprocess.run([upspec, "serve", "--list-faults"], capture_output=True, text=True, check=True)
    faults = [line.split()[0] for line in listed.stdout.splitlines() if line.strip()]
    faults = [fault for fault in faults if not options.faults or fault in options.faults]
    server, lawful = serve(upspec)
    lawful = lawful.replace("127.0.0.1", "localhost")
    try:
        with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
            results = list(pool.map(lambda fault: search(upspec, fault, lawful, options), faults))
    finally:
        server.kill()
        server.wait()
    cases, twins = catching(), compared()
    rows = list(zip(faults, results, strict=True))
    found = [(fault, *one) for fault, one in rows if one[0]]
    lost = [(fault, kind(cases.get(fault, []), twins)) for fault, one in rows if not one[0]]
    missed = [fault for fault, reason in lost if reason is None]
    reach = len(found) + len(missed)
    times = sorted(seconds for _, _, seconds, _ in found)
    version = subprocess.run([upspec, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    said = " --guided" if options.guided else ""
    lines = [
        "# What the hunt finds",
        "",
        f"Of {len(faults)} faults of the reference server a recipe can reach {reach}, and the hunt finds {len(found)} of",
        f"these ({100 * len(found) / max(reach, 1):.0f} %) within {options.seconds} s each"
        + (f", half of them within {times[len(times) // 2]:.1f} s." if times else "."),
        "",
        f"Written by `targets/check-hunt.py --table --seconds {options.seconds} --at-once {options.at_once} "
        f"--seed {options.seed}{said}` with {version} on {datetime.date.today()}. "
        f"{options.at_once} hunts share the machine, with 8 exchanges each at a time; a hunt ends with its first "
        "violation (`--until-found --fail-on warn`), and its time holds what confirms and shrinks that. What was found was "
        "played once more at the conforming server, which does not do it.",
        "",
        "| fault | s | exchanges | what is broken, as found | recipe |",
        "|---|---|---|---|---|",
    ]
    for fault, one, seconds, exchanges in found:
        lines.append(f"| `{fault}` | {seconds:.1f} | {exchanges} | {one['requirement']} | {shown(one['recipe'])} |")
    lines += ["", f"## Not found ({len(missed)})", ""]
    lines += [f"- `{fault}`: shows in {', '.join(cases.get(fault, [])[:3])}" for fault in missed] or ["None."]
    lines += ["", f"## Out of the reach of recipes ({len(lost) - len(missed)})", ""]
    for reason in [*KINDS, COMPARED]:
        named = [f"`{fault}`" for fault, why in lost if why == reason]
        if named:
            lines += [f"- {reason}: {', '.join(named)}"]
    options.out.write_text("\n".join(lines) + "\n")
    print(f"{len(found)} of {reach} found, {len(lost) - len(missed)} out of reach: {options.out}")
    sys.exit(0 if len(found) >= 0.9 * reach else 1)


def table_options(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--guided", action="store_true")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "reports/HUNT.md")
    parser.add_argument("upspec", nargs="?", default="target/release/upspec")
    parser.add_argument("faults", nargs="*")
    return parser.parse_args(arguments)


def main():
    if "--table" in sys.argv:
        table(table_options(sys.argv[1:]))
    options = [option for option in sys.argv[1:] if option.startswith("-")]
    quick = "--quick" in options
    upspec = next((name for name in sys.argv[1:] if not name.startswith("-")), "target/release/upspec")
    listed = subprocess.run([upspec, "serve", "--list-faults"], capture_output=True, text=True, check=True)
    rows = re.findall(r"^(\S+)\s+(rfc\S+)", listed.stdout, re.MULTILINE)
    requirement = dict(rows)
    problems = []
    for fault in FAULTS[:3] if quick else FAULTS:
        wrong = check(upspec, fault, requirement[fault], QUICK_SECONDS if quick else SECONDS)
        problems += [f"{fault}: {wrong}"] if wrong else []
    wrong = conforming(upspec, EXCHANGES // 10 if quick else EXCHANGES)
    problems += [f"conforming: {wrong}"] if wrong else []
    print("\n".join(problems) or "check-hunt: in order")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
