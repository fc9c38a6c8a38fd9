"""The external term format, beside the BEAM's term_to_binary and the C library ei."""
import pathlib
import shutil
import tempfile

from . import peers as programs
from .peers import parse, run, strings

SHAPES = ("small", "call", "nested", "ints", "floats", "bin", "tree")
# Ours alone: a large binary as a slice of what was received, and gathered into what is sent. The peers copy.
UNCOPIED = {"bin, not copied": "bin"}


def measure(peers, table, options):
    if "25" not in peers.erl:
        print("bench: SKIPPED codec: needs Erlang 25 to write the terms")
        return
    work = pathlib.Path(tempfile.mkdtemp(prefix="rakka-bench-"))
    try:
        beam = {}
        for version in peers.erl:
            # 29 runs in a root file system of its own and writes its terms there; those of 25 are the ones compared.
            folder = work if version == "25" else "/tmp"
            beam[version] = parse(run(peers.beam(version, 1, "codec", f"main({strings(folder, options.runs)})")))
        mine = parse(run([programs.PROGRAMS / "codec_bench", work, options.runs]))
        ei = parse(run([peers.ei, work, options.runs])) if peers.ei else {}
    finally:
        shutil.rmtree(work, ignore_errors=True)

    def add(row, mine_key, peer, theirs):
        if options.match in row:
            table.add("codec", row, "ns", mine.get(mine_key), peer, theirs)

    for direction in ("encode", "decode"):
        for shape in (*SHAPES, *UNCOPIED):
            key, theirs = (f"etf_{direction}", shape), UNCOPIED.get(shape, shape)
            for version, figures in beam.items():
                add(f"{direction} {shape}", key, f"beam-{version}", figures.get((f"etf_{direction}", theirs)))
            add(f"{direction} {shape}", key, "ei", ei.get((f"ei_{direction}", theirs)))
    for shape in SHAPES:
        add(f"validated skip {shape}", ("etf_skip", shape), "ei", ei.get(("ei_skip", shape)))
