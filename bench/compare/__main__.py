"""Benchmarks Rakka side by side with its peers, in one run on one machine.

    scripts/bench [local|codec|dist|otp ...] [--match TEXT] [--json FILE] [--runs N] [--ten-million]

Prints a table `what | rakka | peer | peer's figure | ratio`. A ratio above 1 means that Rakka is better,
whichever way the unit points. Every figure is the median of at least five runs. Peers that are not installed
are left out, with a line that says so. The peers' programs are in bench/peers, what runs them in bench/compare;
the versions of Erlang are those of scripts/otp. The whole of it takes about half an hour on an idle machine.
"""
import argparse
import os
import subprocess
import sys

from . import codec, dist, local, otp
from .peers import BUILD, ROOT, Peers
from .table import HEADER, Table

SUITES = {"local": local, "codec": codec, "dist": dist, "otp": otp}


def build():
    BUILD.mkdir(parents=True, exist_ok=True)
    log = BUILD / "bench-build.log"
    with open(log, "w", encoding="utf-8") as out:
        for command in (["cmake", "--preset", "release", "-B", BUILD], ["cmake", "--build", BUILD]):
            if subprocess.run(command, cwd=ROOT, stdout=out, stderr=out, check=False).returncode != 0:
                sys.exit(f"bench: the build failed:\n{log.read_text(encoding='utf-8')[-3000:]}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; all by default")
    parser.add_argument("--match", metavar="TEXT", default="", help="only rows with TEXT in their names")
    parser.add_argument("--json", metavar="FILE", help="also write the rows as JSON")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median counts (5); fewer for a look")
    parser.add_argument("--ten-million", action="store_true",
                        help="local: also ten million servers at once (takes minutes and some GiB)")
    options = parser.parse_args()
    if unknown := set(options.suites) - set(SUITES):
        parser.error(f"no suite {', '.join(unknown)}")
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"bench: the machine is busy (load {load:.1f}): these figures are for a look, not for a record")
    build()
    peers, table = Peers(), Table()
    print(HEADER)
    for name in options.suites or SUITES:
        SUITES[name].measure(peers, table, options)
    if options.json:
        table.write(options.json)


if __name__ == "__main__":
    main()
