#!/usr/bin/env python3
"""Records what two real Erlang nodes say to each other, for wire/recorded_traffic_test.cpp.

usage: record.py ERL_A ERL_B PREFIX [--large]

Plays epmd for both nodes and hands out a relay's port in place of B's. Writes PREFIX_dialler.bin and
PREFIX_listener.bin: each direction from the first byte after the handshake.
"""
import os, socket, struct, subprocess, sys, threading, time

ports = {}


def take(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def epmd_client(s, relay_port):
    try:
        body = take(s, struct.unpack(">H", take(s, 2))[0])
        if body[0] == 120:
            name_size = struct.unpack(">H", body[9:11])[0]
            ports[body[11:11 + name_size]] = struct.unpack(">H", body[1:3])[0]
            s.sendall(struct.pack(">BBI", 118, 0, 0x12345678 + len(ports)))
            s.recv(1)  # until the node ends
        elif body[0] == 122 and body[1:] in ports:
            name = body[1:]
            s.sendall(struct.pack(">BBHBBHHH", 119, 0, relay_port, 77, 0, 6, 6, len(name)) + name + b"\0\0")
        else:
            s.sendall(b"\x77\1")
    except EOFError:
        pass
    s.close()


def serve(listener, handler):
    def loop():
        while True:
            s, _ = listener.accept()
            threading.Thread(target=handler, args=(s,), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()


def listen():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(16)
    return s, s.getsockname()[1]


def without_handshake(data, messages):
    for _ in range(messages):
        data = data[2 + struct.unpack(">H", data[:2])[0]:]
    return data


SCENE = """
B = 'b@127.0.0.1',
pong = net_adm:ping(B),
Echo = spawn(B, erlang, apply, [fun erlang:hd/1, [[x]]]),
true = is_pid(Echo),
3 = rpc:call(B, erlang, '+', [1, 2]),
{badrpc, _} = rpc:call(B, erlang, error, [oops]),
5 = length(erpc:call(B, lists, seq, [1, 5])),
{Q, QM} = spawn_monitor(B, timer, sleep, [infinity]),
true = link(Q), true = unlink(Q), process_flag(trap_exit, true), true = link(Q),
exit(Q, {shutdown, test}),
receive {'DOWN', QM, process, Q, {shutdown, test}} -> ok end,
receive {'EXIT', Q, {shutdown, test}} -> ok end,
R1 = monitor(process, {no_such_name, B}),
receive {'DOWN', R1, process, {no_such_name, B}, noproc} -> ok end,
R2 = monitor(process, {rex, B}), true = demonitor(R2, [flush]),
{no_such_name, B} ! {hello, [1, 2.5, <<"binary">>, #{key => "value"}, self()]},
try gen_server:call({no_such_name, B}, hi) catch exit:{noproc, _} -> ok end,
{status, _, _, _} = sys:get_status({kernel_sup, B}),
Alias = alias([reply]),
erpc:cast(B, erlang, send, [Alias, {large, binary:copy(<<"x">>, LARGE)}]),
receive {large, _} -> ok end,
group_leader(group_leader(), spawn(B, timer, sleep, [1])),
pong = net_adm:ping(B),
rpc:call(B, erlang, halt, [0]), halt().
"""


def main():
    erl_a, erl_b, prefix = sys.argv[1:4]
    large = "200000" if "--large" in sys.argv else "100"
    relay, relay_port = listen()
    epmd, epmd_port = listen()
    recorded = {"dialler": b"", "listener": b""}

    def pump(source, sink, who):
        while True:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            if not data:
                break
            recorded[who] += data
            sink.sendall(data)
        sink.close()

    def relay_client(s):
        to = socket.create_connection(("127.0.0.1", ports[b"b"]))
        threading.Thread(target=pump, args=(to, s, "listener"), daemon=True).start()
        pump(s, to, "dialler")

    serve(epmd, lambda s: epmd_client(s, relay_port))
    serve(relay, relay_client)
    env = dict(os.environ, ERL_EPMD_PORT=str(epmd_port), ERL_CRASH_DUMP_SECONDS="0")
    common = ["-noinput", "-setcookie", "secret", "-start_epmd", "false", "-hidden"]
    b = subprocess.Popen([erl_b, "-name", "b@127.0.0.1"] + common, env=env)
    while b"b" not in ports:
        time.sleep(0.01)
    scene = ["-eval", SCENE.replace("LARGE", large)]
    a = subprocess.run([erl_a, "-name", "a@127.0.0.1"] + common + scene, env=env)
    b.kill()
    if a.returncode != 0:
        sys.exit("the scene failed")
    for who, messages in (("dialler", 2), ("listener", 3)):
        with open(f"{prefix}_{who}.bin", "wb") as f:
            f.write(without_handshake(recorded[who], messages))


main()
