"""Plays many machines on this one, against the reference server: hunts and runs in 1, 10 and 100 parts, and puts them
together at the end. Writes what more machines shorten, and what they do not, as reports/MANY.md.

Usage: many.py [--quick] [--parts 1,10,100] [--exchanges N] [--seed N] [--at-once N] [--out FILE] [--fuzz BINARY SEEDS]
               [UPSPEC]

A worker is a process of its own with a server of its own. All workers of a hunt share --exchanges, so that each has the
fewer the more there are. With --fuzz as many workers run a target of libFuzzer from the seeds in a folder, and one merges their
corpora. It ends with 1 when a number of the stream was played twice or not at all, when parts find none of what a
whole hunt finds, or when the merged verdicts of a run are not those of the whole. --quick is one fault, 1 and 5 parts and few
exchanges, and writes nothing. Everything runs on loopback, and only what is started here is ended.
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# From those that nearly every request shows to those that one in thousands does (reports/HUNT.md).
FAULTS = [
    "accept-any-method",
    "refuse-tab-ows",
    "accept-missing-host",
    "space-led-line-as-field",
    "fold-concatenated",
    "refuse-leading-empty-line",
    "refuse-obs-text",
    "accept-control-in-target",
    "accept-http10-upgrade",
    "value-cut-at-nul",
    "accept-post",
    "refuse-http12",
]
# One that breaks nothing, one with a habit, which counts once in a whole run, and one that fails in some cases.
TARGETS = [None, "no-date", "accept-short-key"]
# What depends on how fast the target is differs from run to run.
STEADY = ["--skip", "server/cost", "--skip", "server/endless"]
# Of libFuzzer, by all workers together.
EXECUTIONS = 1_000_000
DICTIONARY = ROOT / "fuzz/http.dict"


class Server:
    """A reference server on a free port."""

    def __init__(self, upspec, fault):
        command = [upspec, "serve", "--listen", "127.0.0.1:0", *(["--fault", fault] if fault else [])]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def call(*command):
    """How a command ended, and after how many seconds."""
    begun = time.monotonic()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600)
    return done, time.monotonic() - begun


def at_once(options, count, work):
    with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
        return list(pool.map(work, range(1, count + 1)))


def hunt(options, fault, parts):
    """Hunts in so many parts and gathers: what was found by how many exchanges of a worker, and what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)

        def worker(part):
            out = folder / f"part-{part}"
            command = [options.upspec, "fuzz", None, "--seed", options.seed, "--jobs", 8, "--quiet", "--fail-on", "warn"]
            command += ["--runs", options.exchanges // parts, "--partition", f"{part}/{parts}", "--out", out]
            with Server(options.upspec, fault) as server:
                # A name has letters, which some faults are about.
                command[2] = server.url.replace("127.0.0.1", "localhost")
                done, seconds = call(*command)
            if done.returncode not in (0, 1):
                sys.exit(f"{fault}, part {part} of {parts}: {done.stderr}")
            return seconds

        seconds = at_once(options, parts, worker)
        folders = sorted(folder.glob("part-*"))
        more = ["--out", folder / "all", "--state", folder / "all.json"]
        done, merge = call(options.upspec, "report", "gather", *folders, *more)
        if done.returncode not in (0, 1):
            sys.exit(f"{fault}, {parts} parts: {done.stderr}")
        findings = json.loads((folder / "all.json").read_text())["findings"]
        files = len(list((folder / "all").glob("*/*.toml")))
        next_numbers = [json.loads(path.read_text())["next"] for path in folder.glob("part-*/part-*.json")]
    # The numbers are those of the stream; a worker's own are every so manieth of them.
    first = {}
    for one in findings:
        kind = (one["requirement"], one["label"])
        if "number" in one:
            first[kind] = min(first.get(kind, one["number"]), one["number"])
    whole = sorted(next_numbers) == list(range(options.exchanges, options.exchanges + parts))
    return {
        "first": {kind: number // parts + 1 for kind, number in first.items()},
        "findings": len(findings),
        "files": files,
        "merge": merge,
        "slowest": max(seconds),
        "whole": whole,
    }


def hunts(options, problems):
    """A row for each fault: exchanges of a worker until the first finding, and until all kinds that a whole hunt finds."""
    rows = []
    for fault in options.faults:
        by_parts = {parts: hunt(options, fault, parts) for parts in options.parts}
        alone = by_parts[options.parts[0]]["first"]
        for parts, one in by_parts.items():
            if not one["whole"]:
                problems.append(f"{fault}, {parts} parts: not each number of the stream was played once")
            if one["files"] != one["findings"]:
                problems.append(f"{fault}, {parts} parts: {one['findings']} findings, {one['files']} case files")
            if alone and not set(alone) & set(one["first"]):
                problems.append(f"{fault}, {parts} parts: nothing of what a whole hunt finds")
        rows.append((fault, by_parts))
        told = [f"{parts}: {one['findings']} after {min(one['first'].values(), default='-')}" for parts, one in by_parts.items()]
        print(f"{fault}: {', '.join(told)}")
    return rows


def corpora(options):
    """Workers with a target of libFuzzer, as many executions in all, and the merge of their corpora: a row for each count."""
    binary, seeds = options.fuzz
    rows = []
    for parts in options.parts:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)

            def worker(part):
                own = folder / str(part)
                own.mkdir()
                share = f"-runs={EXECUTIONS // parts}"
                done, seconds = call(binary, f"-seed={part}", share, "-max_len=4096", f"-dict={DICTIONARY}", own, seeds)
                if done.returncode != 0:
                    sys.exit(f"{binary}: {done.stderr[-2000:]}")
                return seconds

            seconds = at_once(options, parts, worker)
            found = [one for one in folder.iterdir() if one.is_dir()]
            inputs = sum(len(list(one.iterdir())) for one in found)
            merged = folder / "merged"
            merged.mkdir()
            done, merge = call(binary, "-merge=1", "-max_len=4096", merged, seeds, *found)
            counted = re.search(r"(\d+) new files with (\d+) new features added; (\d+) new coverage edges", done.stderr)
            if done.returncode != 0 or not counted:
                sys.exit(f"{binary} -merge=1: {done.stderr[-2000:]}")
            rows.append((parts, EXECUTIONS // parts, max(seconds), inputs, *counted.groups(), merge))
            print(f"libFuzzer, {parts} workers: {inputs} inputs, merged to {counted[1]} with {counted[2]} features")
    return rows


def verdicts(report):
    told = {}
    for case in report["cases"]:
        told[case["id"]] = (case["verdict"], [(one["requirement"], one["verdict"]) for one in case["findings"]])
    return told


def play(options, fault, parts, folder):
    """A run in so many parts, merged: its report, the seconds of the slowest part and of the merge."""
    folder.mkdir()
    words = ["--seed", options.seed, "--quiet", *STEADY, "--name", fault or "conforming"]

    def worker(part):
        out = folder / f"{part}.json"
        with Server(options.upspec, fault) as server:
            url = server.url.replace("127.0.0.1", "localhost")
            more = ["--partition", f"{part}/{parts}", "--report", f"json={out}"]
            done, seconds = call(options.upspec, "run", url, *words, *more)
        if done.returncode not in (0, 1):
            sys.exit(f"{fault}, part {part} of {parts}: {done.stderr}")
        return seconds

    seconds = at_once(options, parts, worker)
    merged = folder / "merged.json"
    reports = [folder / f"{part}.json" for part in range(1, parts + 1)]
    done, merge = call(options.upspec, "report", "merge", *reports, "--quiet", "--report", f"json={merged}")
    if done.returncode not in (0, 1):
        sys.exit(f"{fault}, {parts} parts: {done.stderr}")
    return merged, max(seconds), merge


def runs(options, problems):
    """For each count of parts the slowest part and the merge, and whether verdicts and matrix are those of the whole."""
    rows, matrices = [], {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        whole = {}
        for fault in options.targets:
            with Server(options.upspec, fault) as server:
                out = folder / f"{fault}.json"
                words = ["--seed", options.seed, "--quiet", *STEADY, "--name", fault or "conforming", "--report", f"json={out}"]
                _, seconds = call(options.upspec, "run", server.url.replace("127.0.0.1", "localhost"), *words)
            whole[fault] = (out, seconds)
        matrices[0] = matrix(options, [out for out, _ in whole.values()], folder / "matrix-0.json")
        for parts in options.parts:
            merged = []
            for fault in options.targets:
                report, slowest, merge = play(options, fault, parts, folder / f"{fault}-{parts}")
                merged.append(report)
                ours, theirs = (json.loads(path.read_text()) for path in (report, whole[fault][0]))
                differing = [id for id, told in verdicts(theirs).items() if verdicts(ours).get(id) != told]
                differing += sorted(set(verdicts(ours)) - set(verdicts(theirs)))
                if differing or ours["summary"] != theirs["summary"] or not ours["complete"]:
                    problems.append(f"run of {fault} in {parts} parts: {len(differing)} verdicts differ: {differing[:5]}")
                peer, count = fault or "conforming", len(verdicts(ours))
                rows.append((peer, parts, whole[fault][1], slowest, merge, count, len(differing)))
                print(f"run of {peer} in {parts} parts: {len(differing)} verdicts differ")
            matrices[parts] = matrix(options, merged, folder / f"matrix-{parts}.json")
            if matrices[parts] != matrices[0]:
                problems.append(f"the matrix of runs in {parts} parts is not that of whole runs")
    return rows


def matrix(options, reports, path):
    """Which peer breaks which rule, as `report matrix` has it."""
    done, _ = call(options.upspec, "report", "matrix", *reports, "--quiet", "--report", f"json={path}")
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(path.read_text())["rules"]


def table(options, hunted, played, merged):
    parts = options.parts
    version, _ = call(options.upspec, "--version")
    fuzzed = f" --fuzz {pathlib.Path(options.fuzz[0]).name} SEEDS" if options.fuzz else ""
    heads = " | ".join(f"in {one} parts" if one > 1 else "whole" for one in parts)
    lines = [
        "# Many machines",
        "",
        f"Written by `targets/many.py --parts {','.join(map(str, parts))} --exchanges {options.exchanges} --seed {options.seed}"
        f"{fuzzed}` with {version.stdout.strip()} on {datetime.date.today()}, on one machine "
        f"({os.cpu_count()} cores, {platform.machine()}, {platform.system()}, load {os.getloadavg()[2]:.0f}), {options.at_once} workers "
        "at a time. Each worker is a process with a reference server of its own; the exchanges are shared among all workers of a hunt.",
        "",
        "## Hunts",
        "",
        f"{options.exchanges} exchanges in all. A cell has the exchanges of a worker until the first finding of any kind, then those "
        "until all kinds (requirement and outcome) are met that all of the hunts of the row found: the way that more machines "
        "shorten. In brackets: how many findings were gathered. What confirms and shrinks a finding is not counted; it takes each "
        "worker the same, and up to 300 exchanges.",
        "",
        f"| fault | {heads} |",
        "|---" * (len(parts) + 1) + "|",
    ]
    ratios = {one: [] for one in parts[1:]}
    for fault, by_parts in hunted:
        common = set.intersection(*(set(one["first"]) for one in by_parts.values()))
        cells = []
        for one in by_parts.values():
            if not one["first"]:
                cells.append("–")
                continue
            until_all = max((one["first"][kind] for kind in common), default="–")
            cells.append(f"{min(one['first'].values())} / {until_all} ({one['findings']})")
        lines.append(f"| `{fault}` | {' | '.join(cells)} |")
        for count in ratios:
            if by_parts[count]["first"] and by_parts[parts[0]]["first"]:
                ratios[count].append(min(by_parts[parts[0]]["first"].values()) / min(by_parts[count]["first"].values()))
    lines += ["", "The first finding comes, in exchanges of a worker (median over the faults):", ""]
    for count, ratio in ratios.items():
        lines += [f"- with {count} workers {statistics.median(ratio):.0f} times as soon as with one"] if ratio else []
    lines += ["", "| parts | slowest worker, s (median) | `report gather`, s (median, most) |", "|---|---|---|"]
    for count in parts:
        slowest = statistics.median(by_parts[count]["slowest"] for _, by_parts in hunted)
        merges = [by_parts[count]["merge"] for _, by_parts in hunted]
        lines.append(f"| {count} | {slowest:.1f} | {statistics.median(merges):.2f}, {max(merges):.2f} |")
    lines += [
        "",
        "In each hunt the parts played each number of the stream once, and as many case files were gathered as there are findings. "
        "Their number differs by a few: each part examines what it meets first, and shrinks it from there.",
        "",
        "## Runs and the matrix",
        "",
        f"The corpus without `{STEADY[1]}` and `{STEADY[3]}`, whose verdicts depend on how fast a server is. Merged by "
        "`report merge`, the verdict and the findings of each case, and the summary, have to be those of one whole run; so has "
        "`report matrix` of all servers.",
        "",
        "| server | parts | whole run, s | slowest part, s | `report merge`, s | cases | verdicts that differ |",
        "|---|---|---|---|---|---|---|",
    ]
    for fault, count, whole, slowest, merge, cases, differing in played:
        lines.append(f"| `{fault}` | {count} | {whole:.1f} | {slowest:.1f} | {merge:.2f} | {cases} | {differing} |")
    stays = "Each part plays the control and discovery again, and waits for the slowest of its own cases: "
    lines += ["", f"{stays}that is what stays of a run, however many parts."]
    if merged:
        lines += [
            "",
            "## Corpora of libFuzzer",
            "",
            f"`{pathlib.Path(options.fuzz[0]).name}`, {EXECUTIONS} executions in all, with those of the seeds, which each worker "
            "plays first; the workers differ by `-seed`. `-merge=1` keeps of the seeds and of what all have found what reaches something more. "
            "libFuzzer builds on what it has found: many short runs reach less than one long one, unlike parts of a hunt.",
            "",
            "| workers | executions of each | slowest, s | inputs found | inputs kept | features | edges | merge, s |",
            "|---|---|---|---|---|---|---|---|",
        ]
        lines += ["| {} | {} | {:.1f} | {} | {} | {} | {} | {:.1f} |".format(*row) for row in merged]
    options.out.write_text("\n".join(lines) + "\n")
    print(f"wrote {options.out}")


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--parts", type=lambda text: [int(one) for one in text.split(",")], default=[1, 10, 100])
    parser.add_argument("--exchanges", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "reports/MANY.md")
    parser.add_argument("--fuzz", nargs=2, metavar=("BINARY", "SEEDS"))
    parser.add_argument("upspec", nargs="?", default="target/release/upspec")
    given = parser.parse_args()
    given.faults, given.targets = FAULTS, TARGETS
    if given.quick:
        given.faults, given.targets = FAULTS[:1], TARGETS[2:]
        given.parts, given.exchanges, given.at_once = [1, 5], 2000, 5
    return given


def main():
    given = options()
    problems = []
    hunted = hunts(given, problems)
    played = runs(given, problems)
    if not given.quick:
        table(given, hunted, played, corpora(given) if given.fuzz else [])
    print("\n".join(problems) or "many: in order")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
