"""Where others read or decide a handshake request otherwise than our model, grouped by kind.

Usage: target/servers/differ/bin/python targets/differ.py [--recipes N] [--seed N] >reports/DISAGREEMENTS.md

Feeds the first octets of each case for servers, and of N generated recipes (2000 without it), to httparse, hyper and
tungstenite (crates/promises/examples/differ.rs), h11 and wsproto (in this process), and node's HTTP server, which reads with
the llhttp that node is built with (targets/differ/node.js; the npm package of that name ended with 1.0.1). What a peer
refuses without need is its right, and is counted only where it is the grammar that it does not know.
reports/disagreements.toml says of each kind who is right, by which section; a kind that is missing there is listed as not
looked at, and makes this end with 1.
"""

import argparse
import base64
import collections
import datetime
import json
import pathlib
import subprocess
import sys
import tomllib

import h11
import wsproto
from wsproto.events import AcceptConnection, RejectConnection, Request

ROOT = pathlib.Path(__file__).parent.parent
# What each of them is: a reader of HTTP, or a server of WebSocket.
READERS = ["httparse", "hyper", "h11", "llhttp"]
SERVERS = ["tungstenite", "wsproto"]


def text(octets):
    return bytes(octets).decode("latin-1")


def by_h11(octets):
    connection = h11.Connection(h11.SERVER)
    try:
        connection.receive_data(octets)
        event = connection.next_event()
    except h11.RemoteProtocolError as error:
        return {"said": "refused", "why": str(error), "status": error.error_status_hint}
    if not isinstance(event, h11.Request):
        return {"said": "waits"}
    fields = [[text(name), text(value)] for name, value in event.headers.raw_items()]
    return {"said": "taken", "method": text(event.method), "target": text(event.target), "fields": fields}


def by_wsproto(octets):
    connection = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
    try:
        connection.receive_data(octets)
        for event in connection.events():
            if isinstance(event, Request):
                answer = connection.send(AcceptConnection())
                lines = answer.decode("latin-1").split("\r\n")
                named = [line.partition(":") for line in lines]
                accept = [value.strip() for name, _, value in named if name.lower() == "sec-websocket-accept"]
                return {"said": "switches", "accept": accept[0] if accept else None}
            if isinstance(event, RejectConnection):
                return {"said": "refused", "status": event.status_code}
    except wsproto.utilities.RemoteProtocolError as error:
        return {"said": "refused", "why": str(error)}
    except Exception as error:  # Whatever else comes out is its own fault.
        return {"said": "breaks", "why": f"{type(error).__name__}: {error}"}
    return {"said": "waits"}


def asked(recipes, seed):
    """Each request with what all say to it."""
    command = ["cargo", "run", "--quiet", "--package", "upspec-promises", "--example", "differ"]
    run = subprocess.run([*command, str(recipes), str(seed)], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    lines = "".join(row["octets"] + "\n" for row in rows)
    node = subprocess.run(
        ["node", ROOT / "targets/differ/node.js"], input=lines, stdout=subprocess.PIPE, text=True, check=True
    )
    for row, line in zip(rows, node.stdout.rstrip("\n").split("\n"), strict=True):
        octets = base64.b64decode(row["octets"])
        row |= {"llhttp": json.loads(line), "h11": by_h11(octets), "wsproto": by_wsproto(octets)}
        fields = row["llhttp"].get("fields")
        if fields:
            row["llhttp"]["fields"] = [list(pair) for pair in zip(fields[::2], fields[1::2])]
        row["octets"] = octets
    return rows


def kinds(row, peer):
    """What a peer does otherwise: kinds by their keys."""
    ours, theirs = row["ours"], row[peer]
    if theirs["said"] == "breaks":
        yield "breaks"
    if ours["said"] == "waits":
        if theirs["said"] in ("taken", "switches"):
            yield "ends-early"
        # Before the end of a head nobody has to have seen what is wrong with it.
        return
    if theirs["said"] == "waits":
        yield "waits" if not ours["odd"] else "waits-odd"
    if peer in READERS:
        yield from as_reader(ours, theirs)
    else:
        yield from as_server(ours, theirs)


def as_reader(ours, theirs):
    must_refuse = [one for one in ours["defects"] if one["then"] == "BadRequest"]
    if theirs["said"] == "refused" and not ours["odd"] and not ours["defects"]:
        # A list of equal lengths may be refused (RFC 9110 8.6).
        if any(name.lower() == "content-length" and "," in value for name, value in ours["fields"]):
            return
        yield "refuses version" if is_later(ours) else "refuses grammatical"
    if theirs["said"] != "taken":
        return
    for defect in must_refuse:
        yield "takes " + defect["rule"]
    if must_refuse or ours["odd"]:
        return
    if theirs["method"] != ours["method"]:
        yield "reads-method"
    # Scheme and host may be written in either case, and an empty path as / (RFC 3986 6.2.2.1, 6.2.3).
    if normal(theirs["target"]) != normal(ours["target"]):
        yield "reads-target"
    if compared(theirs["fields"]) != compared(ours["fields"]):
        yield "reads-fields"


def normal(target):
    scheme, separator, rest = target.partition("://")
    if not separator or "/" in scheme:
        return target
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}".lower() + "/" + path


def compared(fields):
    """The fields by name: equal lengths may be put together (RFC 9110 8.6), and codings written in either case (RFC 9112 7)."""
    named = [(name.lower(), value) for name, value in fields if name.lower() != "content-length"]
    return sorted((name, value.lower() if name == "transfer-encoding" else value) for name, value in named)


def is_later(ours):
    return ours["version"].startswith("HTTP/1.") and ours["version"] > "HTTP/1.1"


def as_server(ours, theirs):
    if theirs["said"] == "switches":
        if ours["no-switch"]:
            for defect in ours["defects"]:
                if defect["then"] in ("BadRequest", "Refuse", "RefuseVersion", "IgnoreUpgrade"):
                    yield "switches " + defect["rule"]
        elif ours["accept"] != theirs["accept"]:
            yield "accept"
    elif theirs["said"] == "refused" and ours["valid"] and not ours["odd"]:
        yield from why_refused(ours)


def why_refused(ours):
    """The first thing in a valid handshake that is unusual."""
    values = lambda wanted: [value for name, value in ours["fields"] if name.lower() == wanted]
    key = values("sec-websocket-key")[0]
    if is_later(ours):
        yield "refuses version"
    elif base64.b64encode(base64.b64decode(key)).decode() != key:
        # Bits that no octet needs may be refused (RFC 4648 3.5).
        return
    elif [value.lower() for value in values("upgrade")] != ["websocket"]:
        yield "refuses upgrade-list"
    elif len(values("connection")) > 1:
        yield "refuses connection-lines"
    else:
        yield "refuses valid"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--recipes", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows = asked(options.recipes, options.seed)
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for row in rows:
        for peer in READERS + SERVERS:
            for kind in sorted(set(kinds(row, peer))):
                found[kind][peer].append(row)
    notes = tomllib.loads((ROOT / "reports/disagreements.toml").read_text(encoding="utf-8"))
    unknown = write(rows, found, notes, options)
    if unknown:
        sys.exit(f"not looked at: {', '.join(unknown)}")


def versions():
    """Each peer with its version."""
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    own = {package["name"]: package["version"] for package in lock["package"]}
    command = ["node", "-p", "`${process.versions.llhttp} (of node ${process.versions.node})`"]
    llhttp = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    own |= {"h11": h11.__version__, "wsproto": wsproto.__version__, "llhttp": llhttp}
    return {peer: f"{peer} {own[peer]}" for peer in READERS + SERVERS}


def write(rows, found, notes, options):
    named = versions()
    cases = sum("/" in row["name"] and ";" not in row["name"] for row in rows)
    print(
        "# Where others disagree with our model\n\n"
        f"Written by `targets/differ.py --recipes {options.recipes} --seed {options.seed}` on {datetime.date.today()}: "
        f"{cases} requests of cases and {len(rows) - cases} generated ones, as {', '.join(named[one] for one in READERS)} "
        f"read them, and as {', '.join(named[one] for one in SERVERS)} decide about "
        "them. `taken` by a reader means that it hands the request on; a server on top of it may still refuse. What the RFCs "
        "leave open is no disagreement, and no peer is blamed for refusing. `reports/disagreements.toml` has the words on "
        "each kind.\n"
    )
    unknown = [kind for kind in sorted(found) if kind not in notes]
    order = {"ours": 0, "theirs": 1, "both": 2}
    right = lambda kind: notes.get(kind, {}).get("right", "")
    print("| kind | who is right | by | " + " | ".join(READERS + SERVERS) + " |")
    print("|---|---|---|" + "---|" * len(READERS + SERVERS))
    listed = sorted(found, key=lambda kind: (order.get(right(kind), -1), kind))
    for kind in listed:
        note = notes.get(kind, {})
        counts = [str(len(found[kind][peer]) or "") for peer in READERS + SERVERS]
        print(f"| {kind} | {note.get('right', 'not looked at')} | {note.get('by', '')} | {' | '.join(counts)} |")
    for kind in listed:
        note = notes.get(kind, {})
        print(f"\n## {kind}\n\n{note.get('why', 'Not looked at.')}\n")
        for peer, all_rows in found[kind].items():
            if all_rows:
                shortest = min(all_rows, key=lambda row: (len(row["octets"]), row["name"]))
                said = shortest[peer]
                told = said.get("why") or said.get("status") or said["said"]
                print(f"- {peer}, {len(all_rows)} requests, such as `{shown(shortest['name'])}`: {shown(str(told))}")
    return unknown


def shown(told, most=160):
    clean = "".join(one if one.isprintable() and one != "`" else "?" for one in told)
    return clean if len(clean) <= most else clean[: most - 1] + "…"


main()
