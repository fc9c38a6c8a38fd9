"""The closing count of scripts/test counts what ctest reported, and finds processes left behind."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import test_report  # noqa: E402

REPORT = """<testsuite>
<testcase name="a" status="run"/>
<testcase name="b" status="fail"><failure message=""/></testcase>
<testcase name="c" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/></testcase>
<testcase name="d" status="notrun"><skipped message="Unable to find executable"/></testcase>
<testcase name="e" status="disabled"><skipped message="Disabled"/></testcase>
</testsuite>"""


class counting(unittest.TestCase):
    def test_only_a_test_that_skipped_itself_is_skipped(self):
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder, "tests.xml")
            report.write_text(REPORT, encoding="utf-8")
            found = dict(test_report.outcomes(report))
        self.assertEqual(found, {"a": "passed", "b": "failed", "c": "skipped", "d": "failed", "e": "failed"})

    def test_rows_are_kinds_and_releases(self):
        self.assertEqual(test_report.kind_of(["interop", "otp27"]), "interop otp27")
        self.assertEqual(test_report.kind_of(["unit", "otp"]), "unit")
        self.assertEqual(test_report.kind_of([]), "other")


class strays(unittest.TestCase):
    def running(self, environment):
        """A process that has echoed a line, so it is past its exec and its environment can be read."""
        process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        process.stdin.write(b"up\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"up\n")
        return process

    def test_a_marked_process_is_found_and_ended_and_others_are_not(self):
        mark = f"RAKKA_STRAY_TEST=of-{os.getpid()}"
        marked = self.running({**os.environ, "RAKKA_STRAY_TEST": mark.split("=")[1]})
        other = self.running(os.environ)
        try:
            found = test_report.stray_processes(mark, patience=0.2)
            self.assertEqual(list(found), [marked.pid])
            self.assertEqual(marked.wait(timeout=10), -9)
            self.assertIsNone(other.poll())
        finally:
            for process in (marked, other):
                process.kill()
                process.communicate()


if __name__ == "__main__":
    unittest.main()
