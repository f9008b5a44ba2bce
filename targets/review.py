"""Writes reports/REVIEW.md: each distinct failing case of many servers, who fails it, what was sent
in one line, and why the verdict stands.

Usage: review.py FOLDER REASONS. FOLDER holds one JSON report a server (made without --slim), REASONS is
a TOML file: a table per requirement with `why`, and `[case]` with a word on a single case. Prints
Markdown; ends with 1 when a requirement that was broken has no reason.
"""

import base64
import collections
import json
import pathlib
import re
import sys
import tomllib

# What every valid handshake has; left out so that a line shows what is special about a request.
ORDINARY = [
    rb"^Host: [-a-z0-9.\[\]:]+$",
    rb"^Upgrade: websocket$",
    rb"^Connection: Upgrade$",
    rb"^Sec-WebSocket-Version: 13$",
    rb"^Sec-WebSocket-Key: [A-Za-z0-9+/]{22}==$",
]
ORDINARY_IN_HTTP2 = [
    rb"^:method: (GET|CONNECT)$",
    rb"^:scheme: https?$",
    rb"^:authority: ",
    rb"^:path: /(ws)?$",
    rb"^:protocol: websocket$",
    rb"^sec-websocket-version: 13$",
]
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAMES = dict(enumerate("DATA HEADERS PRIORITY RST_STREAM SETTINGS PUSH_PROMISE PING GOAWAY".split()))
FRAMES |= {8: "WINDOW_UPDATE", 9: "CONTINUATION"}
LONGEST = 150
EXPECTED = ". Expected: "
TLS = "-tls"


def spelled(octets):
    """One line of printable ASCII."""
    out = []
    for octet in octets:
        if octet in b"\r\n\t":
            out.append({13: "\\r", 10: "\\n", 9: "\\t"}[octet])
        elif 0x20 <= octet < 0x7F:
            out.append(chr(octet))
        else:
            out.append(f"\\x{octet:02x}")
    return "".join(out)


def strings(block):
    """The strings of a header block: our client writes literals, and neither indexes nor Huffman codes."""
    at = 0
    while at < len(block):
        at += 1
        for _ in range(2):
            length, at, shift = block[at] & 0x7F, at + 1, 0
            if length == 0x7F:
                more = True
                while more:
                    length += (block[at] & 0x7F) << shift
                    more, at, shift = block[at] & 0x80, at + 1, shift + 7
            yield block[at : at + length]
            at += length


def fields(block):
    """The fields of a header block, with the ordinary ones left out."""
    flat = list(strings(block))
    pairs = [name + b": " + value for name, value in zip(flat[::2], flat[1::2])]
    special = [pair for pair in pairs if not any(re.match(one, pair) for one in ORDINARY_IN_HTTP2)]
    return ", ".join(spelled(pair) for pair in special) + (" .." if len(special) < len(pairs) else "")


def frames(octets):
    """What frames of HTTP/2 say, a word or two for each."""
    said, block, at = [], b"", 0
    while at + 9 <= len(octets):
        length = int.from_bytes(octets[at : at + 3], "big")
        kind, flags = octets[at + 3], octets[at + 4]
        payload = octets[at + 9 : at + 9 + length]
        at += 9 + length
        name = FRAMES.get(kind, f"frame {kind}")
        if name in ("HEADERS", "CONTINUATION"):
            block += payload
            if flags & 4:
                said.append(f"HEADERS {fields(block)}".replace("  ", " "))
                block = b""
        elif name != "SETTINGS" or payload:
            said.append(f"{name} {spelled(payload)}".strip())
    return "; ".join(said)


def sent(record):
    """What was written on the first link, with the ordinary lines left out."""
    ours = (io for io in record["io"] if io.get("link", 0) == 0 and io["kind"] == "wrote")
    written = b"".join(base64.b64decode(io.get("bytes", "")) for io in ours)
    if record["links"][0]["over"] == "http2" and written.startswith(PREFACE):
        line = frames(written[len(PREFACE) :])
        return line if len(line) <= LONGEST else line[: LONGEST - 2] + " …"
    first, *rest = written.split(b"\r\n")
    parts = [spelled(first)]
    for line in rest:
        if any(re.match(pattern, line) for pattern in ORDINARY):
            if parts[-1] != "..":
                parts.append("..")
        else:
            parts.append(spelled(line))
    line = "\\r\\n".join(parts).replace("..\\r\\n", "..").replace("\\r\\n..", " ..")
    return line if len(line) <= LONGEST else line[: LONGEST - 2] + " …"


def cell(text):
    """Text that neither ends a cell nor is taken for markup."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def code(text):
    fence = "``" if "`" in text else "`"
    pad = " " if fence == "``" else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")


class Row:
    """One failing case under one requirement."""

    def __init__(self):
        self.servers = collections.defaultdict(list)
        self.bytes = ""
        self.saw = collections.Counter()


def gather(folder):
    own, whole, servers = {}, {}, {}
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        name = report["target"]["name"]
        servers[name] = report
        for case in report["cases"]:
            for finding in case["findings"]:
                if finding["verdict"] != "fail":
                    continue
                requirement, message = finding["requirement"], finding["message"]
                if EXPECTED in message and requirement == case["requirement"]:
                    row = own.setdefault(requirement, {}).setdefault(case["id"], Row())
                    saw = message.split(EXPECTED)[0]
                    row.saw[re.sub(r'"[^"]*"', "…", saw)] += 1
                else:
                    row = whole.setdefault(requirement, Row())
                    row.saw[re.sub(r'"[^"]*"…?|[0-9]+', "…", message)] += 1
                row.servers[name].append(case["id"])
                if not row.bytes and "record" in case:
                    row.bytes = sent(case["record"])
    return own, whole, servers


def main():
    folder, reasons_path = sys.argv[1:]
    reasons = tomllib.loads(pathlib.Path(reasons_path).read_text(encoding="utf-8"))
    own, whole, servers = gather(folder)
    missing = sorted(name for name in own.keys() | whole.keys() if name not in reasons)
    rows = sum(len(cases) for cases in own.values())
    tls = sum(name.endswith(TLS) for name in servers)
    print(HEAD.format(servers=len(servers) - tls, tls=tls, cases=rows, rules=len(own.keys() | whole.keys())))
    table_of_servers(servers)
    table_of_causes(servers)
    for requirement in sorted(own.keys() | whole.keys(), key=order):
        section(requirement, own.get(requirement, {}), whole.get(requirement), reasons)
    if missing:
        sys.exit("no reason for: " + ", ".join(missing))


def order(requirement):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", requirement)]


def table_of_servers(servers):
    print("| server | pass | warn | fail | inconclusive | error |\n|---|---|---|---|---|---|")
    for name, report in servers.items():
        counts = report["summary"]
        words = ["pass", "warn", "fail", "inconclusive", "error"]
        print(f"| {name} | " + " | ".join(str(counts[word]) for word in words) + " |")


def table_of_causes(servers):
    """What is behind the failing cases of most servers, the worst first."""
    causes = collections.defaultdict(list)
    for name, report in servers.items():
        for cause in report["causes"]:
            if cause["verdict"] == "fail":
                causes[cause["requirement"]].append((name, cause))
    count = lambda found: len({name for name, _ in found})
    frequent = sorted(causes.items(), key=lambda item: (-count(item[1]), item[0]))[:MOST_CAUSES]
    frequent.sort(key=lambda item: (HARMS.index(item[1][0][1]["harm"]), -count(item[1])))
    print(f"\n## The {MOST_CAUSES} most frequent causes, in order of harm\n\n{OF_CAUSES}")
    print("| harm | requirement | most often seen as | servers | cases |\n|---|---|---|---|---|")
    for requirement, found in frequent:
        titles = collections.Counter(re.sub(BUT, "", cause["title"]) for _, cause in found)
        title, harm = titles.most_common(1)[0][0], found[0][1]["harm"]
        cases = sum(len(cause["cases"]) for _, cause in found)
        print(f"| {harm} | {requirement} | {cell(title)} | {count(found)} | {cases} |")


def section(requirement, cases, whole, reasons):
    reason = reasons.get(requirement, {})
    print(f"\n## {requirement}\n\n{reason.get('why', '').strip()}")
    if cases:
        print("\n| case | sent | seen | servers |\n|---|---|---|---|")
        for case, row in sorted(cases.items()):
            seen = row.saw.most_common(1)[0][0]
            note = reasons.get("case", {}).get(case)
            shown = f"{case.removeprefix('server/')}" + (f": {cell(note)}" if note else "")
            names = ", ".join(sorted(row.servers))
            print(f"| {shown} | {code(row.bytes)} | {cell(seen)} | {len(row.servers)}: {names} |")
    if whole:
        print("\nIn whichever case it shows: " + cell(whole.saw.most_common(1)[0][0]) + ".")
        counts = sorted(whole.servers.items(), key=lambda item: -len(set(item[1])))
        names = ", ".join(f"{name} ({len(set(ids))})" for name, ids in counts)
        example = sorted(counts[0][1])[0]
        print(f"Servers, with the number of cases: {names}. For example {example}.")


# The harms, the worst first, as reports order their causes.
HARMS = ["smuggling", "death", "lockout", "confusion", "cosmetic"]
MOST_CAUSES = 10
# An exception within a title, which differs from server to server.
BUT = r", but for [0-9]+ cases?"
OF_CAUSES = """\
What reports call a cause is what a maintainer has to mend; those of all servers are taken together by their
requirement.
"""

HEAD = """\
# Every distinct failing verdict, looked at by hand

{servers} servers and proxies on loopback, each in the set-up that its documentation gives, {tls} of them reached over
TLS as well (their names end in `-tls`; some speak HTTP/2 there alone); {cases} cases fail on at least one of
them, and {rules} requirements are broken. Below, for each requirement: why the verdict
stands, then the cases, what was sent (`..` stands for the lines that every handshake has), what most of the
servers answered, and who they are. A proxy is judged as the server that it is to its client, its backend
included. `targets/review.py` writes this file from the reports and `reports/reasons.toml`.
"""


if __name__ == "__main__":
    main()
