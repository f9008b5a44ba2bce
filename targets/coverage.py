"""Prints what llvm-cov exports as JSON: a line for each file below FOLDER, worst first, and one for all of them.

Usage: llvm-cov export --summary-only … | coverage.py FOLDER LEAST [FILE HOW]. Ends with 1 when fewer than LEAST of a hundred
lines are reached. Writes the same to FILE as Markdown, with HOW it was come by.
"""

import datetime
import json
import pathlib
import sys


def main():
    folder, least = sys.argv[1], float(sys.argv[2])
    out, how = (sys.argv[3:] + ["", ""])[:2]
    rows = []
    for file in json.load(sys.stdin)["data"][0]["files"]:
        name = file["filename"]
        if folder in name and "/tests" not in name.split(folder)[1]:
            lines = file["summary"]["lines"]
            rows.append((lines["covered"], lines["count"], name.split(folder + "/")[1]))
    if not rows:
        sys.exit(f"nothing is known of {folder}")
    rows.sort(key=lambda row: row[0] / max(row[1], 1))
    for covered, count, name in rows:
        print(f"{100 * covered / max(count, 1):6.1f} % {covered:5} of {count:5}  {name}")
    covered, count = (sum(row[at] for row in rows) for at in (0, 1))
    percent = 100 * covered / count
    print(f"{percent:6.1f} % {covered:5} of {count:5}  {folder}")
    if out:
        table = [f"| `{name}` | {100 * one / max(all, 1):.1f} % | {one} | {all} |" for one, all, name in rows]
        lines = [
            "# What the fuzz targets reach",
            "",
            f"Of {count} lines of `{folder}` they reach {covered}, {percent:.1f} %. {how} Measured on "
            f"{datetime.date.today()}, by `targets/coverage-fuzz.sh`.",
            "",
            "| file | reached | lines | of |",
            "|---|---|---|---|",
            *table,
        ]
        pathlib.Path(out).write_text("\n".join(lines) + "\n", encoding="utf-8")
    if percent < least:
        sys.exit(f"fewer than {least:g} % of the lines are reached")


main()
