"""Processes and messages inside one node, beside the BEAM and CAF doing the same work."""
from . import peers as programs
from .peers import medians, parse, run, strings
from .table import best

WORKERS = (1, 2)
# row; unit; what and case in the output of local_bench and bl.erl; group of both programs
ROWS = [
    ("ping-pong", "msgs/s", ("pingpong", "1M round trips"), "pingpong"),
    ("thread ring", "hops/s", ("threadring_1000", "3M hops"), "ring"),
    ("2 producers to 1", "msgs/s", ("contention_Nto1", "2 producers, 2M msgs"), "contention"),
    ("10 producers to 1", "msgs/s", ("contention_Nto1", "10 producers, 2M msgs"), "contention"),
    ("100 producers to 1", "msgs/s", ("contention_Nto1", "100 producers, 2M msgs"), "contention"),
    ("1000 producers to 1", "msgs/s", ("contention_Nto1", "1000 producers, 2M msgs"), "contention"),
    ("fan-out 1 to 10,000", "msgs/s", ("fanout_1to10k", "100 rounds"), "fanout"),
    ("spawn and exit", "procs/s", ("spawn_exit_seq", "300000"), "spawn_exit"),
    ("spawn 1k idle", "procs/s", ("spawn_idle", "1000"), "spawn"),
    ("spawn 100k idle", "procs/s", ("spawn_idle", "100000"), "spawn"),
    ("spawn 1M idle", "procs/s", ("spawn_idle", "1000000"), "spawn"),
    ("spawn of blocking processes, warm pool", "procs/s", ("spawn_blocking", "10000"), "spawn_blocking"),
    ("skynet, 1M processes", "s", ("skynet_1M", "10-ary, depth 6"), "skynet"),
    ("gen_server call", "calls/s", ("gen_server_call", "300k"), "call"),
    ("timer start+cancel, one", "pairs/s", ("timer_start_cancel", "300k, one at a time"), "timer"),
    ("timer start+cancel, 300k pending", "pairs/s", ("timer_start_many", "300k pending, then cancel all"), "timer"),
    ("monitor+demonitor", "pairs/s", ("monitor_demonitor", "1M"), "monitor"),
    ("spawn_link+exit trapped", "procs/s", ("spawn_link_exit", "200k, EXIT trapped, one at a time"), "linkexit"),
    ("call with 10,000 messages waiting", "calls/s",
     ("call_full_mailbox", "gen_server:call, 10k in caller's mailbox"), "fullmailbox"),
    ("send a list of 1000 maps", "msgs/s", ("send_nested_copy", "list of 1000 maps, ping-pong copy"), "bigmsg"),
]
# One row for each number of workers, as two are more than one only where the work can be shared.
FLOODS = [("flood 1 to 1, 50k", ("flood_1to1", "50000")), ("flood 1 to 1, 5M", ("flood_1to1", "5000000"))]
# Measured in a program of their own; of the BEAM its own accounting counts, as its resident memory has a history.
MEMORY = [
    ("bytes per idle server", ("idle_gen_server_bytes", "200000"), ("idle_gen_server_bytes", "200000"), "memgs"),
    ("bytes per process blocked in receive", ("blocked_proc_bytes", "300000"), ("idle_proc_bytes", "500000"), "mem"),
]
CAF_NAMES = {("gen_server_call", "300k"): ("request_response", "300k")}
CAF_GROUPS = {"pingpong", "ring", "flood", "contention", "fanout", "spawn", "skynet", "call"}
# Seconds that the project's model was measured to take; the peer is a constant, not a program.
MODEL = [("the model's spawn of 1000", ("spawn_idle", "1000"), 1000, 0.002),
         ("the model's flood of 50,000", ("flood_1to1", "50000"), 50_000, 0.032)]


def wanted_groups(match):
    """The groups that hold a row with `match` in its name."""
    named = [(row, group) for row, _, _, group in ROWS] + [(row, "flood") for row, _ in FLOODS] + \
        [(row, group) for row, _, _, group in MEMORY] + [(MODEL[0][0], "spawn"), (MODEL[1][0], "flood")]
    return list(dict.fromkeys(group for row, group in named if match in row))


class Local:
    def __init__(self, peers, table, options):
        self.peers, self.table, self.runs, self.match = peers, table, options.runs, options.match
        groups = wanted_groups(options.match)
        self.memory = [group for group in groups if group in ("mem", "memgs")]
        self.groups = [group for group in groups if group not in self.memory]

    def rakka(self, workers, *groups, runs=None):
        return run([programs.PROGRAMS / "local_bench", workers, runs or self.runs, *groups])

    def add(self, row, unit, mine, peer, theirs):
        if self.match in row:
            self.table.add("local", row, unit, mine, peer, theirs)

    def all_rows(self, mine, peer, theirs, names=None):
        """`mine` and `theirs`: {workers: figures}. The better of one and two counts, on either side."""
        for row, unit, key, _ in ROWS:
            their_key = (names or {}).get(key, key)
            self.add(row, unit, best([side.get(key) for side in mine.values()], unit), peer,
                     best([side.get(their_key) for side in theirs.values()], unit))
        for row, key in FLOODS:
            for workers, figures in mine.items():
                self.add(f"{row}, {'one worker' if workers == 1 else 'two workers'}", "msgs/s", figures.get(key),
                         peer, best([side.get(key) for side in theirs.values()], "msgs/s"))

    def speed(self):
        if not self.groups:
            return
        mine = {workers: parse(self.rakka(workers, *self.groups)) for workers in WORKERS}
        for version in self.peers.erl:
            theirs = {workers: parse(run(self.peers.beam(version, workers, "bl",
                                                         f"main({strings(self.runs, *self.groups)})")))
                      for workers in WORKERS}
            self.all_rows(mine, f"beam-{version}", theirs)
        groups = [group for group in self.groups if group in CAF_GROUPS]
        if self.peers.caf and groups:
            theirs = {workers: parse(run([self.peers.caf, workers, self.runs, *groups])) for workers in WORKERS}
            self.all_rows(mine, "caf", theirs, CAF_NAMES)
        call = best([side.get(("gen_server_call", "300k")) for side in mine.values()], "calls/s")
        full = ROWS[[row for row, *_ in ROWS].index("call with 10,000 messages waiting")]
        self.add(full[0], full[1], best([side.get(full[2]) for side in mine.values()], full[1]), "none wait", call)
        for row, key, count, seconds in MODEL:
            rate = best([side.get(key) for side in mine.values()], "1/s")
            self.add(row, "ms", 1000 * count / rate if rate else None, "model", 1000 * seconds)

    def bytes_each(self):
        for row, key, their_key, group in MEMORY:
            if group not in self.memory:
                continue
            mine = medians(self.rakka(1, group, runs=1) for _ in range(self.runs))
            for version in self.peers.erl:
                theirs = medians(run(self.peers.beam(version, 1, "bl", f"main({strings(1, group)})"))
                                 for _ in range(self.runs))
                self.add(row, "bytes", mine.get(key), f"beam-{version}", theirs.get(their_key))
            if self.peers.caf and group == "memgs":
                theirs = medians(run([self.peers.caf, 1, 1, "mem"]) for _ in range(self.runs))
                self.add(row, "bytes", mine.get(key), "caf", theirs.get(("idle_actor_bytes", "500000")))

    def ten_million(self):
        """Once: it takes minutes, and memory does not scatter. The peer is the memory that it must fit into."""
        figures = parse(self.rakka(2, "tenmillion", runs=1))
        for when in ("idle", "after a call to each"):
            self.table.add("local", f"10,000,000 idle servers, {when}", "GiB",
                           figures.get(("idle_10M_memory", when)), "24 GiB", 24.0)
        for what, unit in (("start", "starts/s"), ("call", "calls/s")):
            if value := figures.get((f"idle_10M_{what}", "10000000")):
                print(f"bench: ten million servers: {value / 1e6:.2f} M {unit}")


def measure(peers, table, options):
    suite = Local(peers, table, options)
    suite.speed()
    suite.bytes_each()
    if options.ten_million:
        suite.ten_million()
