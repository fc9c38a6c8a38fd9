"""The programs to compare with, how each is run, and how what it prints is read."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCES = ROOT / "bench" / "peers"
BUILD = pathlib.Path(os.environ.get("RAKKA_BENCH_BUILD", ROOT / "build" / "release"))
PROGRAMS = BUILD / "bench"
RELEASES = ("25", "29")
TIMEOUT = 1800  # seconds for one program; the longest take a few minutes

# Compiles a module from its text inside the BEAM, without the preprocessor: a release in a root file system of its
# own (scripts/otp) does not see our files.
LOADER = ("{ok,Ts,_}=erl_scan:string(S),F=fun F([],[],A)->lists:reverse(A);F([],C,A)->F([],[],A);"
          "F([{dot,_}=D|R],C,A)->{ok,Fm}=erl_parse:parse_form(lists:reverse([D|C])),F(R,[],[Fm|A]);"
          "F([T|R],C,A)->F(R,[T|C],A) end,{ok,M,B}=compile:forms(F(Ts,[],[])),"
          "{module,M}=code:load_binary(M,\"bench\",B)")


def otp_programs():
    """The folder in which scripts/otp keeps erl-25, erl-29, …"""
    cache = os.environ.get("RAKKA_OTP_CACHE") or \
        pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "rakka" / "otp"
    return pathlib.Path(cache) / "bin"


def root_of(version):
    """The folder that a release of scripts/otp takes for the root of the file system."""
    root = otp_programs().parent / f"rootfs-{version}"
    return root if root.exists() else pathlib.Path("/")


class Peers:
    """The peers of this machine. Each that is missing is said once."""

    def __init__(self):
        self.erl = {}
        for version in RELEASES:
            erl = otp_programs() / f"erl-{version}"
            if erl.exists():
                self.erl[version] = str(erl)
            elif version == "25" and shutil.which("erl"):
                self.erl[version] = shutil.which("erl")
            else:
                print(f"bench: SKIPPED peer beam-{version}: not installed (scripts/otp install {version})")
        self.caf = self.built("caf_bench", "caf", "libcaf-dev")
        self.ei = self.built("ei_codec", "ei", "erlang-dev")
        self.cnode = PROGRAMS / "cnode" if self.ei else None

    @staticmethod
    def built(program, peer, package):
        if (PROGRAMS / program).exists():
            return PROGRAMS / program
        print(f"bench: SKIPPED peer {peer}: not installed ({package})")
        return None

    def beam(self, version, schedulers, module, call, flags=()):
        """The command that runs bench/peers/<module>.erl: `call` is the function with its arguments."""
        source = (SOURCES / f"{module}.erl").read_text(encoding="utf-8").replace("?MODULE", module)
        return [self.erl[version], "+S", str(schedulers), "+P", "4000000", "-noinput", *flags,
                "-eval", f"S={json.dumps(source, ensure_ascii=False)},{LOADER},{module}:{call}."]


def strings(*values):
    """An Erlang list of strings."""
    return "[" + ",".join(json.dumps(str(value)) for value in values) + "]"


def run(command, **options):
    """What a program printed, also if it fails: then with a complaint."""
    command = [str(part) for part in command]
    # A BEAM that fails says so; it leaves no dump behind.
    options.setdefault("env", dict(os.environ, ERL_CRASH_DUMP_SECONDS="0"))
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL,
                              check=False, **options)
    except subprocess.TimeoutExpired as late:
        print(f"bench: {command[0]} was still running after {TIMEOUT} s and was ended")
        return (late.stdout or b"").decode(errors="replace")
    if done.returncode != 0:
        print(f"bench: {command[0]} failed ({done.returncode}):\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}")
    return done.stdout


def parse(output):
    """`what;case;median;…` lines as {(what, case): median}; a case's remark in parentheses is left out."""
    figures = {}
    for line in output.splitlines():
        parts = line.split(";")
        if len(parts) >= 6 and not line.startswith("#"):
            try:
                figures[parts[0], parts[1].split(" (")[0]] = float(parts[2])
            except ValueError:
                pass
    return figures


def medians(outputs):
    """The figures of several runs of a program that measures once."""
    seen = {}
    for output in outputs:
        for key, value in parse(output).items():
            seen.setdefault(key, []).append(value)
    return {key: statistics.median(values) for key, values in seen.items()}
