"""What behaviours, logging and counters cost, beside the BEAM doing the same work."""
from . import peers as programs
from .peers import parse, run, strings
from .table import best

WORKERS = (1, 2)
# row; unit; what and case in the output of the programs; group; the program, and the BEAM's module
ROWS = [
    ("gen_server call", "calls/s", ("gen_server_call", "300k"), "call", "local_bench", "bl"),
    ("gen_server cast", "casts/s", ("gen_server_cast", "1M"), "statem", "local_bench", "bl"),
    ("gen_statem cast, another state", "casts/s", ("gen_statem_cast", "1M, each changes the state"), "statem",
     "local_bench", "bl"),
    ("gen_statem state timeout set anew", "events/s", ("gen_statem_timeout", "300k, state timeout set anew"), "statem",
     "local_bench", "bl"),
    ("gen_statem inserted event", "events/s", ("gen_statem_insert", "1M inserted events"), "statem", "local_bench",
     "bl"),
    ("gen_statem call", "calls/s", ("gen_statem_call", "300k"), "statem", "local_bench", "bl"),
    ("supervised start", "procs/s", ("supervised_start", "100k, simple_one_for_one"), "start", "otp_bench", "bo"),
    ("restart of one child among 100,000", "restarts/s", ("restart_of_one", "among 100k"), "restart", "otp_bench",
     "bo"),
    ("1M supervised servers, start", "procs/s", ("million_supervised", "start"), "million", "otp_bench", "bo"),
    ("1M supervised servers, memory of each", "bytes", ("million_supervised", "memory of each"), "million", "otp_bench",
     "bo"),
    ("log call below the level", "events/s", ("log_disabled", "10M"), "log", "otp_bench", "bo"),
    ("log call to a handler that drops it", "events/s", ("log_to_nobody", "300k"), "log", "otp_bench", "bo"),
    ("counter", "adds/s", ("counter", "10M"), "metrics", "otp_bench", "bo"),
]


def figures(peers, runs, rows, version=None):
    """{workers: figures} of Rakka, or of a BEAM."""
    found = {workers: {} for workers in WORKERS}
    for program, module in dict.fromkeys(row[4:6] for row in rows):
        groups = list(dict.fromkeys(row[3] for row in rows if row[4] == program))
        for workers in WORKERS:
            # A million processes are started once, on one worker, by a program that has done nothing before: memory it
            # had taken already would not be counted.
            several = [group for group in groups if group != "million"]
            alone = ["million"] if "million" in groups and workers == 1 else []
            for mine in filter(None, (several, alone)):
                if version:
                    output = run(peers.beam(version, workers, module, f"main({strings(runs, *mine)})"))
                else:
                    output = run([programs.PROGRAMS / program, workers, runs, *mine])
                found[workers] |= parse(output)
    return found


def measure(peers, table, options):
    rows = [row for row in ROWS if options.match in row[0]]
    if not rows:
        return
    mine = figures(peers, options.runs, rows)
    for version in peers.erl:
        theirs = figures(peers, options.runs, rows, version)
        for row, unit, key, *_ in rows:
            # The better of one and two workers counts, on either side.
            table.add("otp", row, unit, best([side.get(key) for side in mine.values()], unit), f"beam-{version}",
                      best([side.get(key) for side in theirs.values()], unit))
