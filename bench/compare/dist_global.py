"""What global's locks and names cost a cluster of three BEAMs, with two nodes of ours in it and without.

Measured on the oldest BEAM, each figure for one call (or pair of calls). Beside the three alone stand five BEAMs: a
lock is asked of every node, so that more of them take longer whoever they are. The clusters are measured in turns and
the medians taken over all turns: one turn alone differs from the next by more than the clusters do.
"""
import contextlib
import pathlib

from . import peers as programs
from .peers import medians, run, strings

GLOBAL_ROWS = ["sync", "set_lock, del_lock", "trans", "register_name, unregister_name", "re_register_name", "joining"]
RELEASES = ("25", "27", "29")
TURNS = 7


class Clusters:
    def __init__(self, peers, options, serving, epmd, cookie):
        self.peers, self.options, self.serving, self.epmd, self.cookie = peers, options, serving, epmd, cookie
        self.erl = {v: str(programs.otp_programs() / f"erl-{v}") for v in RELEASES} | dict(peers.erl)

    def missing(self):
        return [v for v, program in self.erl.items() if not pathlib.Path(program).exists()]

    def beam(self, version, name, call):
        command = self.peers.beam("25", 1, "bg", call,
                                  ["-name", name, "-setcookie", self.cookie, "-start_epmd", "false",
                                   "-kernel", "inet_dist_use_interface", "{127,0,0,1}"])
        return [self.erl[version], *command[1:]]

    def measured(self, more):
        """What the 25 prints, with 27 and 29 and then `more`, which are (name, command), around it."""
        members = [(f"m{v}@127.0.0.1", self.beam(v, f"m{v}@127.0.0.1", "server([])")) for v in RELEASES[1:]] + more
        with contextlib.ExitStack() as stack:
            if not all(stack.enter_context(self.serving(self.epmd, command, name)) for name, command in members):
                return ""
            names = [name for name, _ in members]
            # Whoever leaves and joins again finds the others connected.
            client = self.beam("25", "m25@127.0.0.1", f"client({strings(self.options.runs, *names)})")
            return run(client, env=self.epmd.env)


def measure(peers, table, options, serving, epmd, cookie):
    rows = [row for row in GLOBAL_ROWS if options.match in f"global: {row}"]
    if not rows:
        return
    clusters = Clusters(peers, options, serving, epmd, cookie)
    if missing := clusters.missing():
        print(f"bench: SKIPPED global: not installed: Erlang {', '.join(missing)} (scripts/otp install)")
        return
    ours = [(name, [programs.PROGRAMS / "dist_bench", "member", name, cookie])
            for name in ("r1@127.0.0.1", "r2@127.0.0.1")]
    beams = [(f"b{v}@127.0.0.1", clusters.beam(v, f"b{v}@127.0.0.1", "server([])")) for v in RELEASES[1:]]
    turns = [[clusters.measured(more) for more in (ours, [], beams)] for _ in range(TURNS)]
    mine, three, five = (medians(outputs) for outputs in zip(*turns))
    for row in rows:
        key = ("dist_global", row)
        table.add("dist", f"global: {row}", "us", mine.get(key), "3 beams", three.get(key))
        table.add("dist", f"global: {row}", "us", mine.get(key), "5 beams", five.get(key))
