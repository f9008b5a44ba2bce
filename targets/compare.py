"""Checks two JSON reports of one server: its abilities are seen, no case ends with `error`, and
every case has the same verdict in both.

Usage: compare.py NAME FIRST SECOND [ABILITY...]. Without abilities they are those that every server in
targets/ has. Prints one line; ends with 1 when something is wrong.
"""

import collections
import json
import sys


# What every server in targets/ can do. Two runs that both miss it would agree, and prove nothing.
ABLE = ["endpoint", "pong", "echo", "permessage-deflate", "subprotocol"]


def verdicts(path, able):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    if not report["complete"]:
        sys.exit(f"{path}: the run is not complete")
    facts = report["target"]["facts"]
    if missed := [name for name in able if name not in facts["capabilities"]]:
        sys.exit(f"{path}: the run did not see that the server has {', '.join(missed)}")
    return {case["id"]: case["verdict"] for case in report["cases"]}


def main():
    name, first_path, second_path, *able = sys.argv[1:]
    first, second = (verdicts(path, able or ABLE) for path in (first_path, second_path))
    wrong = [f"{case}: error" for case, verdict in first.items() if verdict == "error"]
    for case in sorted(first.keys() | second.keys()):
        if first.get(case) != second.get(case):
            wrong.append(f"{case}: {first.get(case)} in the first run, {second.get(case)} in the second")
    counts = collections.Counter(first.values())
    order = ["fail", "warn", "error", "inconclusive", "pass"]
    print(f"{name}: " + ", ".join(f"{counts[verdict]} {verdict}" for verdict in order))
    if wrong:
        sys.exit("\n".join([f"{name}: {len(wrong)} cases are wrong:"] + wrong[:40]))


main()
