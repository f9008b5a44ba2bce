"""Writes reports/CLIENTS.md: which client breaks which rule, the causes behind most of it, each failing case with
what was answered and why the verdict stands, and a section for each client.

Usage: review_clients.py FOLDER REASONS. FOLDER holds one JSON report of `upspec client` for each client (made
without --slim), REASONS is a TOML file: a table for each requirement with `why` and `title`, `[case]` with a word on a single
case, `[driver]` and `[user]` with those to whom a finding belongs that is not the library's, `[client.NAME]` with
its version. Prints Markdown; ends with 1 when a requirement that was broken has no reason, or a client no version.
"""

import base64
import collections
import fnmatch
import hashlib
import json
import pathlib
import re
import sys
import tomllib

from review import BUT, LONGEST, cell, code, frames, order, spelled
from review_peers import list_of_telling, some, table_of_causes, table_of_rules

# What every answer that switches has; each is left out once, so that a line shows what is special about this one.
ORDINARY = {
    "101": rb"HTTP/1\.1 101 Switching Protocols$",
    "Upgrade": rb"Upgrade: websocket$",
    "Connection": rb"Connection: Upgrade$",
    "Accept": rb"Sec-WebSocket-Accept: RIGHT$",
    "Protocol": rb"Sec-WebSocket-Protocol: chat$",
}
NEEDED = ["Upgrade", "Connection", "Accept"]
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# The Ping by which the runner asks whether a connection is open: eight octets at random.
ASKING = re.compile(rb"\x89\x08(?!and-then).{8}$", re.S)
AUTHORITY = re.compile(r"(\[?127\.0\.0\.1\]?|\[::1\]|localhost(\.localdomain)?)(:[0-9]{1,5}(?![0-9]))?")
LONGEST_SAYING = 75
# What differs from run to run, or from client to client, in what a rule says.
VARIES = r'"[^"]*"|[A-Za-z0-9+/]{22}==|\[[0-9a-f, ]+\]|[0-9]+'


def answered(case):
    """What was written on the first link before anybody waited in vain, or the URL where that is what counts."""
    record = case["record"]
    if case["id"].startswith("client/url/"):
        return plain(spelled(record["links"][0]["url"].encode()))
    written, asked, ended = b"", b"", ""
    for io in record["io"]:
        if io.get("link", 0) != 0:
            continue
        octets = base64.b64decode(io.get("bytes", ""))
        if io["kind"] == "deadline":
            break
        if io["kind"] == "read":
            asked += octets
        if io["kind"] == "wrote":
            written += b"" if ASKING.match(octets) else octets
        if io["kind"] in ("shut-write", "we-reset"):
            ended = " and the end" if written else "the end"
            break
    if right := accept_of(asked):
        written = written.replace(right, b"RIGHT")
    over_http2 = record["links"][0]["over"] == "http2"
    line = plain(frames(written) if over_http2 else unusual(written))
    return (line if len(line) <= LONGEST else line[: LONGEST - 2] + " …") + ended


def plain(line):
    """Without the address of the day."""
    return AUTHORITY.sub(lambda found: found[1].replace("127.0.0.1", "HOST") + (":PORT" if found[3] else ""), line)


def accept_of(request):
    """The right Sec-WebSocket-Accept for the first request (RFC 6455, section 4.2.2)."""
    key = re.search(rb"(?i)^sec-websocket-key:[ \t]*(\S+)", request, re.M)
    return key and base64.b64encode(hashlib.sha1(key[1] + GUID).digest())


def unusual(octets):
    """One line, with the ordinary lines of the head as two dots, and the names of those that are not there."""
    head, empty, rest = octets.partition(b"\r\n\r\n")
    if not re.match(rb"\S* 1\d", head) or not empty:
        return spelled(octets)
    parts, seen = [], set()
    for line in head.split(b"\r\n"):
        kind = next((kind for kind, pattern in ORDINARY.items() if re.match(pattern, line)), None)
        if kind is None or kind in seen:
            parts.append(spelled(line))
        elif parts[-1:] != [".."]:
            parts.append("..")
        seen.add(kind)
    named = re.findall(rb"(?m)^([^:\r\n]*):", head)
    lacking = [kind for kind in NEEDED if kind not in seen and not any(kind.encode() in name for name in named)]
    if "101" in seen and lacking:
        parts.append("(no " + " and no ".join(lacking) + ")")
    return " ".join(parts) + (f" | {spelled(rest)}" if rest else "")


def saying(message):
    """What a finding says, without what differs between clients."""
    outcome, colon, text = message.split(" (derived")[0].partition(": ")
    if not colon:
        return re.sub(VARIES, "…", outcome)
    return text if len(text) <= LONGEST_SAYING else outcome


class Row:
    """One failing case under one requirement."""

    def __init__(self):
        self.peers = set()
        self.answer = ""
        self.saw = collections.Counter()


def gather(folder):
    rows, clients = collections.defaultdict(lambda: collections.defaultdict(Row)), {}
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        name = report["target"]["name"]
        clients[name] = report
        for case in report["cases"]:
            for finding in case["findings"]:
                if finding["verdict"] != "fail":
                    continue
                row = rows[finding["requirement"]][case["id"].removeprefix("client/")]
                row.peers.add(name)
                row.saw[saying(finding["message"])] += 1
                row.answer = row.answer or answered(case)
    return rows, clients


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

    def client(self, name):
        return self.read.get("client", {}).get(name, {})

    def mark(self, case, name):
        """Whose a finding is, where it is not the library's."""
        for owner in ("driver", "user"):
            for pattern, names in self.read.get(owner, {}).items():
                if name in names and fnmatch.fnmatch(case, pattern):
                    return f" ({owner})"
        return ""

    def missing(self, requirements, names):
        lacking = [one for one in requirements if not self.why(one) or not self.title(one)]
        return lacking + [one for one in names if "version" not in self.client(one)]


def main():
    folder, path = sys.argv[1:]
    reasons = Reasons(path)
    rows, clients = gather(folder)
    cases = {case for of_rule in rows.values() for case in of_rule}
    print(HEAD.format(clients=len(clients), cases=len(cases), rules=len(rows)))
    table_of_clients(clients, reasons)
    table_of_rules(rows, clients, "client")
    list_of_telling(reasons, OF_TELLING)
    table_of_causes(clients, reasons, "client")
    for requirement in sorted(rows, key=order):
        section(requirement, rows[requirement], reasons)
    print("\n# Client by client")
    for name, report in clients.items():
        about(name, report, rows, reasons)
    if missing := reasons.missing(sorted(rows), clients):
        sys.exit("no reason or version for: " + ", ".join(missing))


def table_of_clients(clients, reasons):
    print("| | client | version | pass | warn | fail | inconclusive | error |\n|---|---|---|---|---|---|---|---|")
    for number, (name, report) in enumerate(clients.items(), 1):
        words = ["pass", "warn", "fail", "inconclusive", "error"]
        counts = " | ".join(str(report["summary"][word]) for word in words)
        print(f"| {number} | {name} | {reasons.client(name).get('version', '')} | {counts} |")


def section(requirement, cases, reasons):
    print(f"\n## {requirement}\n\n{reasons.why(requirement)}")
    print("\n| case | answered | seen | clients |\n|---|---|---|---|")
    for case, row in sorted(cases.items()):
        note = reasons.note(case)
        shown = case + (f": {cell(note)}" if note else "")
        names = ", ".join(name + reasons.mark(case, name) for name in sorted(row.peers))
        seen = cell(row.saw.most_common(1)[0][0])
        print(f"| {shown} | {code(row.answer)} | {seen} | {len(row.peers)}: {names} |")


def about(name, report, rows, reasons):
    """One client: what it is, how it fared, and what its maintainer would mend."""
    known, counts = reasons.client(name), report["summary"]
    print(f"\n## {name}\n\n{known.get('library', name)} {known.get('version', '')}, {len(report['cases'])} cases: ", end="")
    print(", ".join(f"{counts[word]} {word}" for word in ("pass", "warn", "fail", "inconclusive", "error")) + ".")
    if "note" in known:
        print(known["note"].strip())
    failing = {case for of_rule in rows.values() for case, row in of_rule.items() if name in row.peers}
    marks = collections.Counter(reasons.mark(case, name) for case in failing)
    for mark, whose in OF_MARKS.items():
        if marks[mark]:
            print(f"{whose} {marks[mark]} of the failing cases.")
    print()
    for cause in report["causes"]:
        if cause["verdict"] == "fail":
            title = re.sub(BUT, "", cause["title"]) if "fault" in cause else reasons.title(cause["requirement"])
            print(f"- {title} ({cause['harm']}, {cause['requirement']}): {some([case.removeprefix('client/') for case in cause['cases']])}.")


HEAD = """\
# Every failing verdict of the clients, looked at by hand

{clients} clients, each played by `upspec client` in the set-up that its documentation gives; {cases} cases fail on at
least one of them, and {rules} requirements are broken. For each requirement: why the verdict stands, then the cases,
what was answered (`..` stands for the lines that every good 101 has, RIGHT for the right Accept, `|` for the end of the head), what most of the
clients did, and who they are. `(driver)` marks what the few lines do that bring a library to life here, such as taking
a URL apart, so that it says nothing about the library; `(user)` marks what a library hands over to its application
as it is: the octets of a text, a field that is set by hand. What fails there is the client as a whole. `targets/review_clients.py` writes this file from the reports
and `reports/client-reasons.toml`.
"""
OF_TELLING = """\
Chosen by hand: what lets a stranger in comes first, what keeps a user out later.
"""
OF_MARKS = {
    " (driver)": "The lines that bring it to life here are behind",
    " (user)": "The library leaves to its user what is behind",
}


if __name__ == "__main__":
    main()
