#!/usr/bin/env python3
"""Writes the inputs that the fuzz targets start from: FOLDER/<target>/<name>.

usage: make_fuzz_seeds.py FOLDER

They are made of the samples that real BEAMs wrote (etf/tests/samples, node/tests/samples) and of well-formed
conversations, each behind the bytes by which its target chooses a mode (see the top of each <target>.cpp).
"""
import hashlib
import itertools
import pathlib
import struct
import sys
import zlib

import fuzz_otp_seeds
import fuzz_term_seeds

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLAGS = 0x0000000D07DF7FBD  # what a node of OTP 25 or later sends
CREATION = 0x12345678


def etf_terms():
    for sample in sorted((ROOT / "etf/tests/samples").glob("*.bin")):
        whole = sample.read_bytes()
        yield sample.stem, whole
        yield sample.stem + "_bare", whole[1:]  # as in a distribution payload: without the version byte


def etf_texts():
    lines = (ROOT / "etf/tests/samples/print_table.txt").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        text = line.split("\t")[1]
        if number % 16 == 0 and len(text) < 200:
            yield str(number), text.encode()


def frames():
    """A mode byte, then what one node said to another after the handshake."""
    for sample in sorted((ROOT / "node/tests/samples").glob("*.bin")):
        stream = sample.read_bytes()
        for mode in (0, 4, 12 + (6 << 4)):  # as it comes; with pids of ours resolved; the same in pieces of seven bytes
            yield f"{sample.stem}_{mode}", bytes([mode]) + stream
        at = 0
        for number in itertools.count():
            if at >= len(stream):
                break
            size = 4 + struct.unpack_from(">I", stream, at)[0]
            yield f"{sample.stem}_frame_{number}", b"\x04" + stream[at:at + size]
            at += size


def message(body, prefix):
    return struct.pack(">H" if prefix == 2 else ">I", len(body)) + body


def send_name(name):
    return struct.pack(">cQIH", b"N", FLAGS, CREATION, len(name)) + name


def old_send_name(name):
    return struct.pack(">cHI", b"n", 5, FLAGS & 0xFFFFFFFF) + name


def digest(cookie, challenge):
    return hashlib.md5(cookie + str(challenge).encode()).digest()


NO_DIGEST = bytes(range(16))


def handshake_modes():
    """(name, the three bytes in front, size of a message's length): with and without the cookie, whole or in pieces."""
    for prefix, cookie, piece in itertools.product((2, 4), (0, 1), (3, 255)):
        for choice in range(6):
            yield f"{prefix}_{cookie}_{piece}_{choice}", bytes([cookie | (prefix & 4) >> 1, choice, piece]), prefix


def diallers():
    """What a dialler says to our acceptor. No seed holds the right digest, or mutations of it would be let in without
    the flag by which the target puts it in."""
    complement = struct.pack(">cII", b"c", FLAGS >> 32, CREATION)
    reply = struct.pack(">cI", b"r", 99) + NO_DIGEST
    talks = {
        "new": [send_name(b"a@h"), reply],
        "old": [old_send_name(b"a@h"), complement, reply],
        "nameless": [send_name(b"h"), reply],
        "again": [send_name(b"a@h"), b"strue", reply],
        "not_again": [send_name(b"a@h"), b"sfalse"],
    }
    for (mode, head, prefix), (talk, bodies) in itertools.product(handshake_modes(), talks.items()):
        yield f"{talk}_{mode}", head + b"".join(message(body, prefix) for body in bodies)


def acceptors():
    """What an acceptor says to our dialler."""
    challenge = struct.pack(">cQIIH", b"N", FLAGS, 99, CREATION, 3) + b"a@h"
    ack = b"a" + digest(b"secret", 99)
    talks = {status: [b"s" + status.encode(), challenge, ack]
             for status in ("ok", "ok_simultaneous", "nok", "not_allowed", "alive")}
    talks["named"] = [b"snamed:" + struct.pack(">H", 3) + b"x@h" + struct.pack(">I", CREATION), challenge, ack]
    for (mode, head, prefix), (talk, bodies) in itertools.product(handshake_modes(), talks.items()):
        if talk == "named":
            head = bytes([head[0] | 4]) + head[1:]  # we asked for a name
        yield f"{talk}_{mode}", head + b"".join(message(body, prefix) for body in bodies)


def epmd_talks():
    """Chunks: which connection and how it is treated, how long, the bytes."""
    def alive(name):
        return struct.pack(">cHBBHHH", b"x", 4370, 77, 0, 6, 6, len(name)) + name + struct.pack(">H", 0)

    def talk(*chunks):
        whole = b""
        for how, body in chunks:
            request = message(body, 2)
            whole += bytes([how, len(request)]) + request
        return whole

    yield "alive", talk((0, alive(b"a")), (1, alive(b"b")), (2, b"za"), (2 | 4, b"n"))
    yield "taken", talk((0, alive(b"a")), (1, alive(b"a")), (0 | 4, alive(b"a")), (2, b"d"))
    yield "stop", talk((0, alive(b"a")), (1 | 16, b"sa"), (1 | 20, b"k"))
    yield "remote", talk((8, alive(b"a")), (9, b"k"), (10, b"sa"), (11, b"zb"))
    yield "full", talk(*[(i & 3 | 4, alive(b"n%d" % i)) for i in range(8)])
    request = message(alive(b"pieces"), 2)
    yield "pieces", b"".join(bytes([0, 1, byte]) for byte in request)


def pg_talks():
    """One term: a list of messages that a scope of process groups hears."""
    def atom(name):
        return bytes([119, len(name)]) + name

    def tuple_of(*parts):
        return bytes([104, len(parts)]) + b"".join(parts)

    def list_of(*parts):
        return b"l" + struct.pack(">I", len(parts)) + b"".join(parts) + b"j"

    def pid(number):
        return b"X" + atom(b"a@localhost") + struct.pack(">III", number, 1, CREATION)

    def cast(body):
        return tuple_of(atom(b"$gen_cast"), body)

    peer, p, q, nothing = pid(1), pid(2), pid(3), b"j"
    group, other = bytes([97, 1]), bytes([97, 2])
    discover = tuple_of(atom(b"discover"), peer)
    sync = cast(tuple_of(atom(b"sync"), peer, list_of(tuple_of(group, list_of(p, q, p)), tuple_of(other, list_of(q)))))
    join = tuple_of(atom(b"join"), peer, group, list_of(p, q))
    join_one = tuple_of(atom(b"join"), peer, other, p)
    leave = tuple_of(atom(b"leave"), peer, p, list_of(group, group, other))
    empty = cast(tuple_of(atom(b"sync"), peer, nothing))
    later = tuple_of(atom(b"discover"), pid(9), bytes([97, 1]))
    calls = [tuple_of(atom(b"join_local"), group, list_of(p, p)), tuple_of(atom(b"leave_local"), group, p)]
    talks = {"meet": [discover, sync, join, join_one, leave], "again": [sync, discover, sync, empty, later],
             "calls": [discover, sync, *calls, leave], "unmet": [join, leave, calls[1]]}
    for name, messages in talks.items():
        yield name, b"\x83" + list_of(*messages)
    yield "full", b"\x83" + list_of(discover, *[join] * 20, leave, sync)


def gossip_packets():
    """How to take it (0: plain, 1: encrypted), and a packet."""
    node = b"a@10.0.0.1"
    new = b"\x83t\0\0\0\1w\4nodew" + bytes([len(node)]) + node
    old = b"\x83t\0\0\0\1d\0\4noded\0" + bytes([len(node)]) + node
    more = b"\x83t\0\0\0\2w\4moreh\2a\1jw\4nodew" + bytes([len(node)]) + node
    packed = zlib.compress(new[1:])
    yield "new", b"\0heartbeat::" + new
    yield "old", b"\0heartbeat::" + old
    yield "more", b"\0heartbeat::" + more
    yield "compressed", b"\0heartbeat::\x83P" + struct.pack(">I", len(new) - 1) + packed
    # Encrypted by libcluster's own functions, with the secret of the target.
    yield "secret", b"\1" + bytes.fromhex(
        "000102030405060708090a0b0c0d0e0f0293fcf646d248542d82eea283216c73"
        "32e79c8023f5cd815368ec6fb6144a3806eaf7d3f89a4568ddb1145c18bdd778")


def recordings():
    """What `rakka capture` records: happenings of two connections, of which the first is a whole one."""
    def happening(kind, side, data, connection=1, at=1000):
        return struct.pack(">BBIQI", kind, side, connection, at, len(data)) + data

    def recording(*happenings):
        return b"rakka capture 1\n" + b"".join(happenings)

    challenge = struct.pack(">cQIIH", b"N", FLAGS, 99, CREATION, 3) + b"b@h"
    asked = [message(send_name(b"a@h"), 2), message(struct.pack(">cI", b"r", 5) + digest(b"secret", 99), 2)]
    told = [message(b"sok", 2) + message(challenge, 2), message(b"a" + digest(b"secret", 5), 2)]
    opened = happening(1, 0, b"127.0.0.1:1 to 127.0.0.1:2")
    closed = happening(3, 1, b"closed", at=2000)
    begin = [opened, happening(2, 0, asked[0]), happening(2, 1, told[0]), happening(2, 0, asked[1]),
             happening(2, 1, told[1])]
    yield "handshake", recording(*begin, closed)
    yield "two", recording(*begin, happening(1, 0, b"", 2), happening(2, 0, b"\x16\x03\x01", 2), closed)
    yield "refused", recording(opened, happening(2, 0, asked[0]), happening(2, 1, message(b"snot_allowed", 2)), closed)
    yield "old", recording(opened, happening(2, 0, message(old_send_name(b"a@h"), 2)))
    yield "nothing", recording()
    for sample in sorted((ROOT / "node/tests/samples").glob("*.bin")):
        side = 0 if "dialler" in sample.stem else 1
        data = sample.read_bytes()
        pieces = [happening(2, side, data[i:i + 500]) for i in range(0, len(data), 500)]
        yield sample.stem, recording(*begin, *pieces)


def epmd_answers():
    """What was asked, how much arrives at once, and the answer."""
    port2 = struct.pack(">BBHBBHHH", 119, 0, 4370, 77, 0, 6, 6, 1) + b"a" + struct.pack(">H", 0)
    names = struct.pack(">I", 4369) + b"name a at port 4370\nname b at port 4371\n"
    registered = {"wide": struct.pack(">BBI", 118, 0, 7), "old": struct.pack(">BBH", 121, 0, 7),
                  "taken": struct.pack(">BBI", 118, 1, 0)}
    for piece in (1, 255):
        yield f"port2_{piece}", bytes([0, piece]) + port2
        yield f"unknown_{piece}", bytes([0, piece, 119, 1])
        yield f"names_{piece}", bytes([1, piece]) + names
        yield f"late_{piece}", bytes([1 | 8, piece]) + names
        for name, answer in registered.items():
            yield f"{name}_{piece}", bytes([2, piece]) + answer
    question = b"\1a\1b\0" + struct.pack(">HH", 33, 1)
    for kind, code, data in ((3, 1, bytes([10, 0, 0, 1])), (4, 28, bytes(16)),
                             (5, 33, struct.pack(">HHH", 10, 50, 0) + b"\1c\xc0\x0c")):
        record = struct.pack(">HHHIH", 0xC00C, code, 1, 1, len(data)) + data
        yield f"dns_{code}", bytes([kind, 255]) + struct.pack(">HHHHHH", 1, 0x8180, 1, 2, 0, 0) + question + 2 * record


TARGETS = {
    "fuzz_capture": recordings,
    "fuzz_epmd_client": epmd_answers,
    "fuzz_gen_event": fuzz_otp_seeds.gen_event_talks,
    "fuzz_gen_server": fuzz_otp_seeds.gen_server_talks,
    "fuzz_gen_statem": fuzz_otp_seeds.gen_statem_talks,
    "fuzz_global": fuzz_term_seeds.global_talks,
    "fuzz_messages": fuzz_term_seeds.messages,
    "fuzz_otp_services": fuzz_otp_seeds.otp_service_talks,
    "fuzz_services": fuzz_term_seeds.service_talks,
    "fuzz_supervisor": fuzz_otp_seeds.supervisor_talks,
    "fuzz_decode": etf_terms,
    "fuzz_parse": etf_texts,
    "fuzz_frames": frames,
    "fuzz_gossip": gossip_packets,
    "fuzz_handshake_acceptor": diallers,
    "fuzz_handshake_initiator": acceptors,
    "fuzz_epmd_server": epmd_talks,
    "fuzz_pg": pg_talks,
}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for target, seeds in TARGETS.items():
        folder = pathlib.Path(sys.argv[1], target)
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
