"""Messages between two nodes, beside two BEAMs, two C nodes on ei, and the loopback itself.

Latencies are taken with both nodes on one core: waking a second core costs more than the work (docs/performance.md).
"""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from . import dist_global
from . import peers as programs
from .peers import parse, run, strings

COOKIE = "bench"
SERVER, CLIENT = "srv@127.0.0.1", "cli@127.0.0.1"
FLOOD = ("dist_flood_small", "1M {atom,int,pid} one way")
ECHO = ("dist_pingpong", "50k round trips")
# row; unit; what and case in the output of dist_bench and bd.erl; group of both programs; on one core
ROWS = [
    ("flood, small", "msgs/s", FLOOD, "flood", False),
    ("binaries 1 KiB", "MB/s", ("dist_bin_flood", "1024 B x 300000"), "bins", False),
    ("binaries 64 KiB", "MB/s", ("dist_bin_flood", "65536 B x 16000"), "bins", False),
    ("binaries 1 MiB", "MB/s", ("dist_bin_flood", "1048576 B x 1000"), "bins", False),
    ("calls, 16 callers", "calls/s", ("dist_gen_server_call", "16 callers"), "callc", False),
    ("calls, 64 callers", "calls/s", ("dist_gen_server_call", "64 callers"), "callc", False),
    ("echo, one core", "rt/s", ECHO, "pp", True),
    ("gen_server call, one core, p50", "ns", ("dist_gen_server_call", "p50"), "call", True),
    ("gen_server call, one core, p99", "ns", ("dist_gen_server_call", "p99"), "call", True),
]


# What many peers cost one node: row; unit; what and case in the output of many_peers.
MANY = 1000
MANY_ROWS = [
    (f"{MANY} nodes connected, idle: memory of each", "bytes", ("dist_connection_memory", f"{MANY} nodes, idle")),
    (f"{MANY} nodes connected, after calls: memory of each", "bytes",
     ("dist_connection_memory", f"{MANY} nodes, after calls")),
    (f"calls, {MANY} nodes to one", "calls/s", ("dist_gen_server_call", f"{MANY} nodes to one")),
]


class Epmd:
    """An epmd of our own on a free port, ended with us."""

    def __enter__(self):
        self.program = str(programs.otp_programs() / "epmd-25")
        if not pathlib.Path(self.program).exists():
            self.program = shutil.which("epmd")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen([self.program, "-port", str(self.port), "-address", "127.0.0.1"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.env = dict(os.environ, ERL_EPMD_PORT=str(self.port), ERL_CRASH_DUMP_SECONDS="0")
        wait_until(self.answers, 10)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def answers(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def names(self):
        """{node: port}, asked as `epmd -names` does, without a program for each question."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as s:
            s.sendall(b"\0\1n")
            answer = b""
            while chunk := s.recv(4096):
                answer += chunk
        lines = (line.split() for line in answer[4:].decode().splitlines())
        return {words[1]: int(words[4]) for words in lines if words[:1] == ["name"]}

    def knows(self, node):
        return node.partition("@")[0] in self.names()


def wait_until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextlib.contextmanager
def serving(epmd, server, name=SERVER):
    """The process of a node that runs meanwhile, or None with a complaint. It says when its names are registered: that
    the node is known to epmd comes much earlier, and a message that is too early is lost."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([str(part) for part in server], env=epmd.env, stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL, start_new_session=True)

        def said():  # without moving the place where the server writes
            return os.pread(log.fileno(), 1 << 20, 0).decode(errors="replace")

        try:
            wait_until(lambda: process.poll() is not None or "ready" in said(), 60)
            up = process.poll() is None and "ready" in said()
            if not up:
                print(f"bench: the server did not start: {' '.join(map(str, server))[:80]}\n{said()[-1500:]}")
            yield process if up else None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            wait_until(lambda: not epmd.knows(name), 20)


def serve_and_run(epmd, server, client):
    """The client's figures, with the server up meanwhile. A client may be a function of the server's process id."""
    with serving(epmd, server) as process:
        if process is None:
            return {}
        return parse(run(client(process.pid) if callable(client) else client, env=epmd.env))


class Dist:
    def __init__(self, peers, table, options, epmd):
        self.peers, self.table, self.options, self.epmd = peers, table, options, epmd
        rows = [row for row in ROWS if options.match in row[0]]
        self.groups = {core: list(dict.fromkeys(group for *_, group, one in rows if one == core))
                       for core in (False, True)}

    def rakka(self, role, _schedulers, *more):
        return [programs.PROGRAMS / "dist_bench", role, SERVER if role == "server" else CLIENT, COOKIE, *more]

    def beam(self, version):
        def command(role, schedulers, *more):
            call = "server([])" if role == "server" else f"client({strings(*more)})"
            name = SERVER if role == "server" else CLIENT
            return self.peers.beam(version, schedulers, "bd", call,
                                   ["-name", name, "-setcookie", COOKIE, "-start_epmd", "false"])
        return command

    def figures(self, server, client):
        """Every group between two kinds of node: first on two cores, then what belongs on one."""
        figures = {}
        for one_core, groups in self.groups.items():
            if not groups:
                continue
            pin = ["taskset", "-c", "0"] if one_core else []
            arguments = (SERVER, self.options.runs, *groups)
            figures |= serve_and_run(self.epmd, pin + server("server", 1), pin + client("client", 1, *arguments))
        return figures

    def add(self, direction, mine, peer, theirs, rows=ROWS):
        for row, unit, key, *_ in rows:
            if self.options.match in row:
                self.table.add("dist", f"{direction} {row}", unit, mine.get(key), peer, theirs.get(key))

    def beside_the_beam(self, mine):
        for version in self.peers.erl:
            beam = self.beam(version)
            theirs = self.figures(beam, beam)
            self.add("Rakka to Rakka", mine, f"beam-{version}", theirs)
            self.add(f"BEAM {version} to Rakka", self.figures(self.rakka, beam), f"beam-{version}", theirs)
            self.add(f"Rakka to BEAM {version}", self.figures(beam, self.rakka), f"beam-{version}", theirs)

    def many_peers(self, server):
        """The same peers for each kind of node."""
        if not any(self.options.match in row for row, *_ in MANY_ROWS):
            return {}

        def client(process):
            port = self.epmd.names()[SERVER.partition("@")[0]]
            return [programs.PROGRAMS / "many_peers", port, SERVER, COOKIE, process, MANY, self.options.runs]
        return serve_and_run(self.epmd, server("server", 1), client)

    def many_to_one(self):
        mine = self.many_peers(self.rakka)
        for version in self.peers.erl:
            theirs = self.many_peers(self.beam(version))
            for row, unit, key in MANY_ROWS:
                if self.options.match in row:
                    self.table.add("dist", row, unit, mine.get(key), f"beam-{version}", theirs.get(key))

    def beside_ei(self, mine):
        if not self.peers.cnode or not any(self.groups.values()):
            return
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        server = [self.peers.cnode, "server", SERVER, COOKIE, port]
        client = [self.peers.cnode, "client", CLIENT, COOKIE, SERVER, self.options.runs]
        for one_core, row, key in ((False, "flood, small", "ei_client_flood_small"),
                                   (True, "echo, one core", "ei_client_pingpong")):
            if self.options.match not in row:
                continue
            pin = ["taskset", "-c", "0"] if one_core else []
            found = serve_and_run(self.epmd, pin + server, pin + client)
            ours = FLOOD if not one_core else ECHO
            self.add("Rakka to Rakka", mine, "ei", {ours: found.get((key, ours[1]))},
                     [r for r in ROWS if r[0] == row])

    def beside_the_loopback(self, mine):
        echo, binaries = ROWS[6], ROWS[3]
        if self.options.match in echo[0]:
            bar = parse(run(["taskset", "-c", "0", programs.PROGRAMS / "tcp_bench", self.options.runs, "echo"]))
            self.add("Rakka to Rakka", mine, "raw tcp", {echo[2]: bar.get(("tcp_echo", "90 B"))}, [echo])
            self.add("Rakka to Rakka", mine, "epoll", {echo[2]: bar.get(("tcp_echo", "90 B, epoll"))}, [echo])
        if self.options.match in binaries[0]:
            bar = parse(run([programs.PROGRAMS / "tcp_bench", self.options.runs, "flood"]))
            self.add("Rakka to Rakka", mine, "raw tcp", {binaries[2]: bar.get(("tcp_flood", "1048576 B"))}, [binaries])


def measure(peers, table, options):
    if "25" not in peers.erl:
        print("bench: SKIPPED dist: needs Erlang 25 and its epmd")
        return
    with Epmd() as epmd:
        suite = Dist(peers, table, options, epmd)
        mine = suite.figures(suite.rakka, suite.rakka)
        suite.beside_the_beam(mine)
        suite.beside_ei(mine)
        suite.beside_the_loopback(mine)
        suite.many_to_one()
        dist_global.measure(peers, table, options, serving, epmd, COOKIE)
        from . import dist_tls  # which builds on this file
        dist_tls.measure(peers, table, options, epmd)
