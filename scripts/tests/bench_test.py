"""The table of scripts/bench reads its programs' output right, and asks them for what they have."""
import contextlib
import io
import json
import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
from compare import dist, dist_global, local, peers, table  # noqa: E402

PRINTED = """# otp 29 S=1
pingpong;1M round trips;4.5e+6;1;9;msgs/s;5
etf_encode;small (18 B);41.5;40;50;ns/term = 1 MB/s;5
not a figure
"""


class reading(unittest.TestCase):
    def test_lines_of_figures_are_read_and_others_are_not(self):
        self.assertEqual(peers.parse(PRINTED), {("pingpong", "1M round trips"): 4.5e6, ("etf_encode", "small"): 41.5})

    def test_programs_that_measure_once_are_run_several_times(self):
        runs = [f"mem;1;{value};0;0;bytes;1" for value in (7, 1, 3)]
        self.assertEqual(peers.medians(runs), {("mem", "1"): 3})

    def test_the_better_of_one_and_two_workers_counts(self):
        self.assertEqual(table.best([None, 2.0, 3.0], "msgs/s"), 3.0)
        self.assertEqual(table.best([2.0, 3.0, None], "ns"), 2.0)
        self.assertIsNone(table.best([None], "s"))


class rows(unittest.TestCase):
    def added(self, *row):
        t = table.Table()
        with contextlib.redirect_stdout(io.StringIO()):
            t.add(*row)
        return t

    def test_a_ratio_above_one_is_better_whichever_way_the_unit_points(self):
        self.assertEqual(self.added("local", "x", "msgs/s", 30.0, "caf", 10.0).rows[0]["ratio"], 3.0)
        self.assertEqual(self.added("codec", "x", "ns", 10.0, "ei", 30.0).rows[0]["ratio"], 3.0)

    def test_a_side_without_a_figure_gives_no_row(self):
        self.assertEqual(self.added("local", "x", "ns", None, "ei", 3.0).rows, [])
        self.assertEqual(self.added("local", "x", "ns", 3.0, "ei", None).rows, [])

    def test_json_has_the_fields_that_readers_expect(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "rows.json")
            self.added("dist", "echo", "rt/s", 4.0, "beam-29", 2.0).write(file)
            self.assertEqual(json.loads(file.read_text(encoding="utf-8")),
                             [{"suite": "dist", "row": "echo", "unit": "rt/s", "rakka": 4.0, "peer": "beam-29",
                               "peer_value": 2.0, "ratio": 2.0}])

    def test_a_match_chooses_the_groups(self):
        self.assertEqual(local.wanted_groups("ping-pong"), ["pingpong"])
        self.assertEqual(local.wanted_groups("bytes per"), ["memgs", "mem"])
        self.assertIn("skynet", local.wanted_groups(""))


class programs(unittest.TestCase):
    """What is asked of a program by name is in its source."""

    def text(self, *names):
        return "".join((ROOT / "bench" / name).read_text(encoding="utf-8") for name in names)

    def test_every_group_of_local_is_in_both_programs(self):
        ours = self.text("local_messages.cpp", "local_processes.cpp", "local_memory.cpp")
        beam = self.text("peers/bl.erl")
        for group in local.wanted_groups(""):
            self.assertIn(f'{{"{group}",', ours)
            self.assertRegex(beam, rf"(?m)^run\({group}, ")
        for group in local.CAF_GROUPS:
            self.assertIn(f'on("{group}")', self.text("peers/caf.cpp"))

    def test_every_figure_of_local_is_printed_by_both_programs(self):
        ours = self.text("local_messages.cpp", "local_processes.cpp")
        for _, _, (what, _), _ in local.ROWS:
            self.assertIn(f'"{what}"', ours)
            self.assertIn(f'"{what}"', self.text("peers/bl.erl"))

    def test_every_group_of_dist_is_in_both_programs(self):
        for _, _, (what, _), group, _ in dist.ROWS:
            self.assertIn(f'group == "{group}"', self.text("dist_bench.cpp"))
            self.assertRegex(self.text("peers/bd.erl"), rf"(?m)^run\({group}, ")
            self.assertIn(f'"{what}"', self.text("dist_bench.cpp"))

    def test_every_row_of_many_nodes_is_printed(self):
        ours = self.text("many_peers.cpp")
        for _, _, (what, case) in dist.MANY_ROWS:
            self.assertIn(f'"{what}"', ours)
            self.assertIn('" nodes"', ours)
            self.assertIn(f'"{case.removeprefix(f"{dist.MANY} nodes")}"', ours)

    def test_every_row_of_global_is_printed(self):
        for row in dist_global.GLOBAL_ROWS:
            self.assertIn(f'"{row}"', self.text("peers/bg.erl"))

    def test_every_target_with_seeds_is_a_fuzz_target(self):
        sys.path.insert(0, str(ROOT / "scripts"))
        import make_fuzz_seeds
        lists = "".join(file.read_text(encoding="utf-8") for folder in ("*", "*/fuzz")
                        for file in ROOT.glob(f"{folder}/CMakeLists.txt"))
        self.assertLessEqual(set(make_fuzz_seeds.TARGETS), set(re.findall(r"rakka_add_fuzzer\((\w+)", lists)))


if __name__ == "__main__":
    unittest.main()
