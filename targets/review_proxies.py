"""Writes reports/PROXIES.md: which proxy breaks which rule, the causes behind most of it, each failing case with what was
seen and why the verdict stands, and a section for each proxy.

Usage: review_proxies.py FOLDER REASONS. FOLDER holds one JSON report of `upspec proxy` for each proxy (made without
--slim), REASONS is a TOML file: a table for each requirement with `why` and `title`, `[case]` with a word on a single
case, `[recipe]` with those whose configuration is behind a finding, `[proxy.NAME]` with its version. Prints Markdown; ends
with 1 when a requirement that was broken has no reason, or a proxy no version.
"""

import collections
import fnmatch
import json
import pathlib
import re
import sys
import tomllib

from review import cell, order
from review_peers import list_of_telling, some, table_of_causes, table_of_rules

LONGEST_SAYING = 110
# What differs from run to run, or from proxy to proxy, in what a rule says.
VARIES = r'"[^"]*"|[A-Za-z0-9+/]{22}==|[0-9]+ (connections|cases)'


def saying(message):
    """What a finding says, without what differs between proxies."""
    outcome, colon, text = message.split(" (derived")[0].partition(": ")
    whole = text if colon and len(text) <= LONGEST_SAYING and outcome.startswith(OUTCOMES) else message
    return re.sub(VARIES, "…", re.sub(r"; so in [0-9]+ cases", "", whole.split(" (derived")[0]))


class Row:
    """One failing case under one requirement."""

    def __init__(self, title):
        self.peers = set()
        self.title = title
        self.saw = collections.Counter()


def gather(folder):
    rows, proxies = collections.defaultdict(dict), {}
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        name = report["target"]["name"]
        if "causes" not in report:
            print(f"{name}: nothing could be judged", file=sys.stderr)
            continue
        proxies[name] = report
        for case in report["cases"]:
            for finding in case["findings"]:
                if finding["verdict"] != "fail":
                    continue
                of_rule = rows[finding["requirement"]]
                row = of_rule.setdefault(case["id"].removeprefix("intermediary/"), Row(case["title"]))
                row.peers.add(name)
                row.saw[saying(finding["message"])] += 1
    return rows, proxies


class Reasons:
    """The file of reasons."""

    def __init__(self, path):
        self.read = tomllib.loads(pathlib.Path(path).read_text(encoding="utf-8"))

    def why(self, requirement):
        return self.read.get(requirement, {}).get("why", "").strip()

    def title(self, requirement):
        return self.read.get(requirement, {}).get("title", "").strip()

    def note(self, case):
        return self.read.get("case", {}).get(case)

    def proxy(self, name):
        return self.read.get("proxy", {}).get(name, {})

    def mark(self, case, name):
        """Whether the configuration is behind a finding."""
        found = (names for pattern, names in self.read.get("recipe", {}).items() if fnmatch.fnmatch(case, pattern))
        return " (recipe)" if any(name in names for names in found) else ""

    def missing(self, requirements, names):
        lacking = [one for one in requirements if not self.why(one) or not self.title(one)]
        return lacking + [one for one in names if "version" not in self.proxy(one)]


def main():
    folder, path = sys.argv[1:]
    reasons = Reasons(path)
    rows, proxies = gather(folder)
    cases = {case for of_rule in rows.values() for case in of_rule}
    print(HEAD.format(proxies=len(proxies), cases=len(cases), rules=len(rows)))
    table_of_proxies(proxies, reasons)
    table_of_rules(rows, proxies, "proxy")
    list_of_telling(reasons, OF_TELLING)
    table_of_causes(proxies, reasons, "proxy")
    table_of_tunnels(proxies)
    for requirement in sorted(rows, key=order):
        section(requirement, rows[requirement], reasons)
    print("\n# Proxy by proxy")
    for name, report in proxies.items():
        about(name, report, rows, reasons)
    if missing := reasons.missing(sorted(rows), proxies):
        sys.exit("no reason or version for: " + ", ".join(missing))


def counts(report):
    """The five verdicts, with what does not apply apart from what could not be judged."""
    summary = report["summary"]
    apart = sum(case.get("reason") == "not-applicable" for case in report["cases"])
    inconclusive = summary["inconclusive"] - apart
    return [summary["pass"], summary["warn"], summary["fail"], inconclusive, apart, summary["error"]]


def table_of_proxies(proxies, reasons):
    print("| | proxy | version | " + " | ".join(VERDICTS) + " |\n|---|---|---|" + "---|" * len(VERDICTS))
    for number, (name, report) in enumerate(proxies.items(), 1):
        words = " | ".join(map(str, counts(report)))
        print(f"| {number} | {name} | {reasons.proxy(name).get('version', '')} | {words} |")


def table_of_tunnels(proxies):
    """Who believes in a tunnel that not all believe in."""
    split = collections.defaultdict(lambda: collections.defaultdict(list))
    for name, report in proxies.items():
        for one in report["agreement"]:
            sides = tuple({True: "yes", False: "no", None: "?"}[one[side]] for side in SIDES)
            if len(set(sides) - {"?"}) > 1:
                split[f"{one['asked']} → {one['answered']}"][sides].append(name)
    print(f"\n## Who believes that the tunnel is up?\n\n{OF_TUNNELS}")
    print("| request → answer of the origin | client | proxy | origin | proxies |\n|---|---|---|---|---|")
    for pair, of_pair in split.items():
        for sides, names in sorted(of_pair.items()):
            print(f"| {cell(pair)} | " + " | ".join(sides) + f" | {len(names)}: {', '.join(names)} |")


def section(requirement, cases, reasons):
    print(f"\n## {requirement}\n\n{reasons.why(requirement)}")
    print("\n| case | title | seen | proxies |\n|---|---|---|---|")
    for case, row in sorted(cases.items()):
        note = reasons.note(case)
        shown = case + (f": {cell(note)}" if note else "")
        names = ", ".join(name + reasons.mark(case, name) for name in sorted(row.peers))
        seen = cell(row.saw.most_common(1)[0][0])
        print(f"| {shown} | {cell(row.title)} | {seen} | {len(row.peers)}: {names} |")


def about(name, report, rows, reasons):
    """One proxy: what it is, how it fared, and what its maintainer would mend."""
    known = reasons.proxy(name)
    print(f"\n## {name}\n\n{known.get('product', name)} {known.get('version', '')}, {len(report['cases'])} cases: ", end="")
    print(", ".join(f"{count} {word}" for count, word in zip(counts(report), VERDICTS)) + ".")
    if "note" in known:
        print(known["note"].strip())
    failing = {case for of_rule in rows.values() for case, row in of_rule.items() if name in row.peers}
    if marked := sum(bool(reasons.mark(case, name)) for case in failing):
        print(f"The configuration is behind {marked} of the failing cases.")
    print()
    for harm, requirement in causes(report):
        failed = sorted(case for case, row in rows[requirement].items() if name in row.peers)
        print(f"- {reasons.title(requirement)} ({harm}, {requirement}): {some(failed)}.")


def causes(report):
    """The harm and the requirement of each cause of what fails, each once."""
    failing = (cause for cause in report["causes"] if cause["verdict"] == "fail")
    return dict.fromkeys((cause["harm"], cause["requirement"]) for cause in failing)


VERDICTS = ["pass", "warn", "fail", "inconclusive", "not applicable", "error"]
SIDES = ["client", "proxy", "origin"]
# How the outcome at the client begins, which is said before the reason.
OUTCOMES = ("answered ", "sent ", "closed ", "did not ")
HEAD = """\
# Every failing verdict of the proxies, looked at by hand

{proxies} gateways, each played by `upspec proxy` in the set-up that its documentation gives for WebSocket, with upspec as the
client in front and the origin behind; {cases} cases fail on at least one of them, and {rules} requirements are broken. For each
requirement: why the verdict stands, then the cases, what was seen on most of the proxies, and who they are. `(recipe)` marks
what comes of the configuration, a recipe of the vendor's documentation or an experiment that is switched on, so that it says
nothing about the product in another one. Not applicable are cases whose needs the proxy does not meet, such as HTTP/2. A relay of
octets beside them was told as such and not judged. `targets/review_proxies.py` writes this file from the reports and
`reports/proxy-reasons.toml`.
"""
OF_TELLING = """\
Chosen by hand: what gives one client what is another's comes first, what keeps a user out later.
"""
OF_TUNNELS = """\
Pairs on which the three did not agree in the run: the client by the answer that it got, the proxy by what became of the next
request, the origin by what it had answered. `?` where nothing shows it.
"""


if __name__ == "__main__":
    main()
