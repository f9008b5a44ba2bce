"""Prints what llvm-cov exports as JSON: a line for each file below FOLDER, worst first, and one for all of them.

Usage: llvm-cov export --summary-only … | coverage.py FOLDER LEAST. Ends with 1 when fewer than LEAST of a hundred lines
are reached.
"""

import json
import sys


def main():
    folder, least = sys.argv[1], float(sys.argv[2])
    rows = []
    for file in json.load(sys.stdin)["data"][0]["files"]:
        name = file["filename"]
        if folder in name and "/tests" not in name.split(folder)[1]:
            lines = file["summary"]["lines"]
            rows.append((lines["covered"], lines["count"], name.split(folder + "/")[1]))
    if not rows:
        sys.exit(f"nothing is known of {folder}")
    for covered, count, name in sorted(rows, key=lambda row: row[0] / max(row[1], 1)):
        print(f"{100 * covered / max(count, 1):6.1f} % {covered:5} of {count:5}  {name}")
    covered, count = (sum(row[at] for row in rows) for at in (0, 1))
    percent = 100 * covered / count
    print(f"{percent:6.1f} % {covered:5} of {count:5}  {folder}")
    if percent < least:
        sys.exit(f"fewer than {least:g} % of the lines are reached")


main()
