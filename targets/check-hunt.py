"""Hunts with `upspec fuzz` at the reference server: each of these faults is found in time, shrunk to a few
edits of a valid request, and its case file replays to the same finding; the conforming server gives none.

Usage: check-hunt.py [--quick] [UPSPEC]. Prints a line for each hunt; ends with 1 when one fails. With --quick
it is three faults, less time and a tenth of the exchanges. Everything runs on loopback, and only what is started
here is ended.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

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


def replays(upspec, url, folder, finding):
    """Whether the case file of a finding gives the same finding once more."""
    report = folder / "again.json"
    command = [upspec, "run", url, "--cases", folder / "found", "--only", finding["case"], "--quiet"]
    subprocess.run([*command, "--report", f"json={report}"], stdout=subprocess.DEVNULL, timeout=120)
    cases = json.loads(report.read_text())["cases"]
    own = [case for case in cases if case["id"] == finding["case"]]
    cited = [one["requirement"] for case in own for one in case["findings"] if one["verdict"] == "fail"]
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


def main():
    options = [option for option in sys.argv[1:] if option.startswith("-")]
    quick = "--quick" in options
    upspec = next((name for name in sys.argv[1:] if not name.startswith("-")), "target/release/upspec")
    table = subprocess.run([upspec, "serve", "--list-faults"], capture_output=True, text=True, check=True)
    rows = re.findall(r"^(\S+)\s+(rfc\S+)", table.stdout, re.MULTILINE)
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
