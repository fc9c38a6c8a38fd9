"""The rows of dist that two cores are for, over TLS: both ends with certificates, both checked."""
import pathlib
import shutil
import subprocess
import tempfile

from . import peers as programs
from .dist import CLIENT, COOKIE, ROWS, SERVER, serve_and_run
from .peers import strings

TLS_ROWS = [row for row in ROWS if not row[4]]


class Certificates:
    """An authority and a certificate of it in a folder below `root`, and an option file for -ssl_dist_optfile that
    names them as a program sees them whose root folder that is."""

    def __init__(self, root):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rakka-bench-", dir=root / "tmp"))
        authority, certificate, key = (self.folder / f"{name}.pem" for name in ("authority", "certificate", "key"))
        self.make("authority", authority, key)
        issuing = self.folder / "authority-key.pem"
        key.rename(issuing)
        self.make("bench", certificate, key, "-CA", authority, "-CAkey", issuing, "-addext",
                  "subjectAltName=IP:127.0.0.1,DNS:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE")
        self.file = self.folder / "options.conf"

        def seen(file):
            return "/" + str(file.relative_to(root))

        files = (f'{{cacertfile,"{seen(authority)}"}},{{certfile,"{seen(certificate)}"}},'
                 f'{{keyfile,"{seen(key)}"}},{{verify,verify_peer}}')
        self.file.write_text(f"[{{server,[{files},{{fail_if_no_peer_cert,true}}]}},\n {{client,[{files}]}}].\n",
                             encoding="utf-8")
        self.seen = seen(self.file)

    @staticmethod
    def make(name, certificate, key, *more):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", key, "-out", certificate, *more],
                       check=True, capture_output=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


def figures(epmd, options, server, client, groups, more_env):
    """As Dist.figures, on two cores."""
    epmd.env.update(more_env)
    try:
        return serve_and_run(epmd, server("server"), client("client", SERVER, options.runs, *groups))
    finally:
        for name in more_env:
            del epmd.env[name]


def rakka_command(role, *more):
    return [programs.PROGRAMS / "dist_bench", role, SERVER if role == "server" else CLIENT, COOKIE, *more]


def beam_command(peers, version, optfile):
    def command(role, *more):
        call = "server([])" if role == "server" else f"client({strings(*more)})"
        return peers.beam(version, 1, "bd", call,
                          ["-name", SERVER if role == "server" else CLIENT, "-setcookie", COOKIE,
                           "-start_epmd", "false", "-proto_dist", "inet_tls", "-ssl_dist_optfile", optfile])
    return command


def measure(peers, table, options, epmd):
    rows = [row for row in TLS_ROWS if options.match in f"{row[0]}, TLS"]
    groups = list(dict.fromkeys(row[3] for row in rows))
    if not groups:
        return
    if not shutil.which("openssl"):
        print("bench: SKIPPED dist over TLS: needs the program openssl")
        return
    with Certificates(pathlib.Path("/")) as own:
        mine = figures(epmd, options, rakka_command, rakka_command, groups, {"DIST_BENCH_OPTFILE": str(own.file)})
    for version in peers.erl:
        with Certificates(programs.root_of(version)) as theirs:
            beam = beam_command(peers, version, theirs.seen)
            found = figures(epmd, options, beam, beam, groups, {})
        for row, unit, key, *_ in rows:
            table.add("dist", f"Rakka to Rakka {row}, TLS", unit, mine.get(key), f"beam-{version}", found.get(key))
