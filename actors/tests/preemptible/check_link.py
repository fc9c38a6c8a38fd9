#!/usr/bin/env python3
"""Checks that Rakka's own code in a program with preemptible code is free of hooks (cmake/rakka_preemptible.cmake).

usage: check_link.py NM OBJDUMP PROGRAM LIBRARY…
An inline function or template that both a library of Rakka's and preemptible code contain is one function in the
program; it has to be the library's. Prints those that are not and exits 1 if there are any.
"""
import re
import subprocess
import sys

HOOK = re.compile(r"\b(?:rakka_count_call|__sanitizer_cov_trace_pc)\b")
FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def main(nm, objdump, program, *libraries):
    shared = {line.split()[-1] for line in run(nm, *libraries) if " W " in line}
    hooked, function = set(), ""
    for line in run(objdump, "-d", "--no-show-raw-insn", program):
        if found := FUNCTION.match(line):
            function = found.group(1)
        elif "call" in line and HOOK.search(line):
            hooked.add(function)
    if not hooked or not shared:
        sys.exit("no hooks or no shared functions found: this check looks at the wrong thing")
    wrong = sorted(hooked & shared)
    print("\n".join(wrong))
    sys.exit(bool(wrong))


main(*sys.argv[1:])
