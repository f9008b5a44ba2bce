"""What the reviews of clients and of proxies have in common: their tables, and how names are shortened.

A peer is what was played: a client or a proxy. `peers` has its name and its report; rows are those of failing cases,
by requirement and case, each with the names of the `peers` on which it fails.
"""

import collections

from review import HARMS, MOST_CAUSES, cell, order

MOST_NAMED = 3


def table_of_rules(rows, peers, kind):
    """Rules down, peers across by their numbers, and how many cases of a rule fail there."""
    numbers = [f"{number:2}" for number in range(1, len(peers) + 1)]
    width = max(map(len, rows))
    print(f"\n## Which {kind} breaks which rule\n\n{OF_RULES.format(peers=plural(kind))}\n```text")
    print(f"{'':{width}} " + " ".join(numbers))
    for requirement in sorted(rows, key=order):
        found = [sum(name in row.peers for row in rows[requirement].values()) for name in peers]
        print(f"{requirement:{width}} " + " ".join(f"{count or '.':>2}" for count in found))
    print("```")


def table_of_causes(peers, reasons, kind):
    """What is behind the failing cases of most peers, the worst first."""
    causes = collections.defaultdict(list)
    for name, report in peers.items():
        for cause in report["causes"]:
            if cause["verdict"] == "fail":
                causes[cause["requirement"]].append((name, cause))
    count = lambda found: len({name for name, _ in found})
    harm = lambda found: collections.Counter(cause["harm"] for _, cause in found).most_common(1)[0][0]
    frequent = sorted(causes.items(), key=lambda item: (-count(item[1]), item[0]))[:MOST_CAUSES]
    frequent.sort(key=lambda item: (HARMS.index(harm(item[1])), -count(item[1])))
    print(f"\n## The {MOST_CAUSES} most frequent causes, in order of harm\n\n{OF_CAUSES.format(peers=plural(kind))}")
    print(f"| harm | requirement | most often seen as | {plural(kind)} | cases |\n|---|---|---|---|---|")
    for requirement, found in frequent:
        cases = len({case for _, cause in found for case in cause["cases"]})
        print(f"| {harm(found)} | {requirement} | {cell(reasons.title(requirement))} | {count(found)} | {cases} |")


def list_of_telling(reasons, chosen):
    """What was chosen by hand, and how."""
    print(f"\n## The ten causes that tell most, in order of harm\n\n{chosen}")
    for number, one in enumerate(reasons.read.get("telling", {}).values(), 1):
        print(f"{number}. {one}")


def some(names):
    """The first few, and how many there are besides."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def plural(kind):
    return kind.removesuffix("y") + "ies" if kind == "proxy" else kind + "s"


OF_RULES = """\
The numbers across are those of the {peers} above; each cell counts the cases that fail under the rule.
"""
OF_CAUSES = """\
What reports call a cause is what a maintainer has to mend; those of all {peers} are taken together by their
requirement.
"""
