#!/usr/bin/env python3
"""Closes a run of scripts/test: counts by build, kind of test and OTP release, and what the run left behind.

usage: test_report.py --mark NAME=VALUE [--failed-step=TEXT]… PRESET…
Reads build/PRESET/tests.xml (ctest --output-junit) and the labels that ctest has for the same tests. The last line
is `N passed, N failed`, with `, N skipped` if there are any; exits 1 unless tests passed and nothing failed.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

KINDS = ("unit", "interop", "packaging", "lint", "style", "fuzz", "bench")


def kind_of(labels):
    """The row a test is counted in: `interop otp27`, `unit`, …"""
    release = next((label for label in labels if label.startswith("otp") and label[3:].isdigit()), None)
    kind = next((kind for kind in KINDS if kind in labels), "other")
    return f"{kind} {release}" if release else kind


def labels_of(build):
    """{test name: labels} as ctest knows them."""
    listing = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], capture_output=True, check=True)
    labels = {}
    for test in json.loads(listing.stdout)["tests"]:
        properties = {item["name"]: item["value"] for item in test.get("properties", [])}
        labels[test["name"]] = properties.get("LABELS", [])
    return labels


def outcomes(report):
    """(test name, "passed" | "failed" | "skipped") of each test in a JUnit file of ctest."""
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        status, skipped = case.get("status"), case.find("skipped")
        if status == "run":
            yield case.get("name"), "passed"
        elif status == "notrun" and skipped is not None and skipped.get("message", "").startswith("SKIP_"):
            yield case.get("name"), "skipped"  # it said so itself; any other test that did not run has failed
        else:
            yield case.get("name"), "failed"


def count(build):
    """{row: {"passed": n, "failed": n, "skipped": n}} and the failed tests of one build folder."""
    labels = labels_of(build)
    rows, failed = {}, []
    for name, outcome in outcomes(pathlib.Path(build, "tests.xml")):
        row = rows.setdefault(kind_of(labels.get(name, [])), {"passed": 0, "failed": 0, "skipped": 0})
        row[outcome] += 1
        if outcome == "failed":
            failed.append(name)
    return rows, failed


def marked_processes(mark):
    """{pid: command} of the live processes whose environment has `mark`, this one and its ancestors left out."""
    own = {os.getpid()}
    pid = os.getppid()
    while pid > 1:
        own.add(pid)
        pid = int(pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in own:
            continue
        try:
            if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(entry.name)] = command.strip()
        except OSError:
            continue  # gone meanwhile, or not ours to look at
    return found


def stray_processes(mark, patience=5.0):
    """Processes of the run that do not end by themselves within `patience` seconds; they are ended here."""
    deadline = time.monotonic() + patience
    while (found := marked_processes(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mark", required=True)
    parser.add_argument("--failed-step", action="append", default=[])
    parser.add_argument("presets", nargs="+")
    arguments = parser.parse_args()

    total = {"passed": 0, "failed": 0, "skipped": 0}
    complaints = [f"step: {text}" for text in arguments.failed_step]
    print(f"{'build':<8} {'tests':<16} {'passed':>7} {'failed':>7} {'skipped':>8}")
    for preset in arguments.presets:
        build = f"build/{preset}"
        if not pathlib.Path(build, "tests.xml").exists():
            if not any(preset in text for text in arguments.failed_step):
                complaints.append(f"step: no results of {preset}")
            continue
        rows, failed = count(build)
        complaints += [f"{preset}: {name}" for name in failed]
        for row in sorted(rows):
            print(f"{preset:<8} {row:<16} {rows[row]['passed']:>7} {rows[row]['failed']:>7} {rows[row]['skipped']:>8}")
            for outcome in total:
                total[outcome] += rows[row][outcome]
    for pid, command in stray_processes(arguments.mark).items():
        complaints.append(f"step: left behind: process {pid}: {command}")
    total["failed"] += sum(1 for text in complaints if text.startswith("step: "))
    for text in complaints:
        print(f"FAILED {text.removeprefix('step: ')}")
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"{total['passed']} passed, {total['failed']} failed{skipped}")
    return 0 if total["passed"] and not total["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())
