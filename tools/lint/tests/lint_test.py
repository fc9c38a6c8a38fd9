#!/usr/bin/env python3
"""What rakka-lint says about the files of this folder.

usage: lint_test.py RAKKA FILE… -- CXX_OPTION…      RAKKA is the `rakka` program; run by ctest

In findings/ each line that is warned of says so: `// expect: id` or `// expect: id@column`, one word for each warning,
or `// expect-next: …` on the line before. Nothing in clean/ is warned of.
"""
import collections
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
RAKKA = ""
FILES = []
OPTIONS = []
LINE = re.compile(r"^(?P<file>[^:\n]+):(?P<line>\d+):(?P<column>\d+): (?P<kind>warning|error|note): (?P<text>.*)$")


def lint(*arguments, options=True):
    command = [RAKKA, "lint", *map(str, arguments)] + (["--", *OPTIONS] if options else [])
    return subprocess.run(command, capture_output=True, text=True, cwd=HERE, timeout=600, check=False)


def expected(path):
    """{line: [(id, column or None), …]} of one file."""
    out = collections.defaultdict(list)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = re.search(r"// expect(-next)?: (.*)$", line)
        for word in found.group(2).split() if found else []:
            name, _, column = word.partition("@")
            out[number + (1 if found.group(1) else 0)].append((name, int(column) if column else None))
    return out


def reported(output):
    """{file: {line: [(id, column), …]}} of what was printed."""
    out = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in output.splitlines():
        found = LINE.match(line)
        if not found:
            raise AssertionError(f"not in the form of compilers: {line!r}")
        if found["kind"] != "note":
            name = re.search(r"\[rakka-([a-z-]+)\]$", found["text"]).group(1)
            out[found["file"]][int(found["line"])].append((name, int(found["column"])))
    return out


class findings(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.result = lint("--werror", *FILES)
        cls.reported = reported(cls.result.stdout)

    def test_every_file_compiles_and_the_status_says_that_there_are_findings(self):
        self.assertEqual(self.result.returncode, 1, self.result.stderr)

    def test_each_expected_line_is_warned_of_and_no_other(self):
        for path in sorted(HERE.glob("findings/*.[ch]pp")):
            want, got = expected(path), self.reported.get(f"findings/{path.name}", {})
            self.assertTrue(want, f"{path.name} expects nothing")
            for line in sorted(set(want) | set(got)):
                names = [name for name, _ in want.get(line, [])]
                self.assertEqual(sorted(names), sorted(name for name, _ in got.get(line, [])), f"{path.name}:{line}")
                for name, column in want[line]:
                    if column is not None:
                        self.assertIn((name, column), got[line], f"{path.name}:{line}")

    def test_what_is_right_or_allowed_is_not_warned_of(self):
        self.assertEqual({}, {file: lines for file, lines in self.reported.items() if file.startswith("clean/")})

    def test_each_kind_of_warning_is_met(self):
        kinds = re.findall(r"^([a-z-]+)$", lint("--list", options=False).stdout, re.M)
        met = {name for lines in self.reported.values() for line in lines.values() for name, _ in line}
        self.assertEqual(set(kinds), met)

    def test_the_notes_tell_the_way_and_how_to_silence(self):
        lines = self.result.stdout.splitlines()
        at = next(i for i, line in enumerate(lines) if "state.cpp" in line and "'hits' is used" in line)
        text = "\n".join(lines[at:at + 7])
        for words in ("'hits' is declared here", "'deeper' is reached from here", "'deep' is reached from here",
                      "it runs as a process",
                      "rakka-lint: allow(shared-state)"):
            self.assertIn(words, text)


class command(unittest.TestCase):
    def test_warnings_alone_are_no_failure(self):
        result = lint("findings/comments.cpp", "--no-notes")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(": warning: ", result.stdout)
        self.assertNotIn(": note: ", result.stdout)

    def test_disabled_kinds_are_not_warned_of(self):
        result = lint("findings/comments.cpp", "--werror", "--disable-warnings", "shared-state,bad-allowance")
        self.assertEqual((result.returncode, result.stdout), (0, ""), result.stderr)

    def test_an_unknown_kind_is_refused(self):
        self.assertEqual(lint("findings/comments.cpp", "--disable-warnings", "everything").returncode, 2)

    def test_a_file_that_does_not_compile_or_is_not_there_is_a_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            broken = pathlib.Path(folder, "broken.cpp")
            broken.write_text("int main() { return nothing_of_the_kind; }\n", encoding="utf-8")
            result = lint(broken)
            self.assertEqual(result.returncode, 2)
            self.assertIn("nothing_of_the_kind", result.stderr)
            self.assertEqual(lint(broken.with_name("absent.cpp")).returncode, 2)

    def test_without_a_database_it_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            result = lint("-p", folder, options=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn("compile_commands.json", result.stderr)

    def test_help_is_about_lint(self):
        result = lint("--help", options=False)
        self.assertEqual(result.returncode, 0)
        self.assertIn("--werror", result.stdout)


if __name__ == "__main__":
    dashes = sys.argv.index("--")
    RAKKA, OPTIONS = sys.argv[1], sys.argv[dashes + 1:]
    FILES = [HERE.parent / name for name in sys.argv[2:dashes]]
    unittest.main(argv=sys.argv[:1])
