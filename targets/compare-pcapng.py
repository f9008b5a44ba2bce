"""Compares the TCP streams of a capture, as tshark puts them together, with the octets of the JSON report.

Usage: compare-pcapng.py REPORT.json REPORT.pcapng
"""

import base64
import json
import subprocess
import sys


def of_report(path):
    """What each side said on each connection, in the order of the report."""
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    said = []
    for case in report["cases"]:
        for record in filter(None, (case.get("record"), case.get("twin"))):
            links = {}
            for io in record["io"]:
                ours, theirs = links.setdefault(io.get("link", 0), (bytearray(), bytearray()))
                octets = base64.b64decode(io.get("bytes", ""))
                if io["kind"] == "read":
                    theirs += octets
                elif io["kind"].startswith("wrote") and io["kind"] != "wrote-unkept":
                    ours += octets
            said += [links[number] for number in sorted(links)]
    return [tuple(map(bytes, both)) for both in said]


def of_capture(path):
    """The same, from the capture; the client is who sends the first segment of a stream."""
    fields = ["tcp.stream", "tcp.srcport", "tcp.payload"]
    command = ["tshark", "-r", path, "-T", "fields"] + [word for field in fields for word in ("-e", field)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    streams, clients = {}, {}
    for line in out.splitlines():
        stream, port, payload = (line.split("\t") + ["", ""])[:3]
        client = clients.setdefault(stream, port)
        both = streams.setdefault(stream, (bytearray(), bytearray()))
        both[0 if port == client else 1].extend(bytes.fromhex(payload.replace(":", "")))
    return [tuple(map(bytes, streams[number])) for number in sorted(streams, key=int)]


def malformed(path):
    """The packets in which tshark sees something that cannot be."""
    command = ["tshark", "-r", path, "-Y", "_ws.malformed && !http && !http2 && !websocket"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def main():
    report, capture = sys.argv[1:]
    wanted, got = of_report(report), of_capture(capture)
    if wanted != got:
        at = next((at for at, pair in enumerate(zip(wanted, got)) if pair[0] != pair[1]), min(len(wanted), len(got)))
        sys.exit(f"formats: {capture}: {len(got)} streams, {len(wanted)} connections; the first that differs is {at}")
    if malformed(capture):
        sys.exit(f"formats: {capture}: {malformed(capture)[0]}")
    print(f"formats: {len(got)} streams of {capture} are the connections of the report, octet for octet")


main()
