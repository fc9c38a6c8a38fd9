"""Terms that peers send to the services of a node: what make_fuzz_seeds.py writes for their fuzz targets."""
import struct

CREATION = 0x12345678


class Atom(str):
    """An atom; a plain str is a list of characters, bytes are a binary."""


class Improper:
    """[Head | Tail]"""

    def __init__(self, head, tail):
        self.head, self.tail = head, tail


class Raw(bytes):
    """Bytes of the format itself."""


def a(name):
    return Atom(name)


def encode(t):
    """A term without the version byte."""
    if isinstance(t, Raw):
        return bytes(t)
    if isinstance(t, Atom):
        text = t.encode()
        return bytes([119, len(text)]) + text
    if isinstance(t, bool):
        return encode(Atom("true" if t else "false"))
    if isinstance(t, int):
        return bytes([97, t]) if 0 <= t < 256 else b"b" + struct.pack(">i", t)
    if isinstance(t, float):
        return b"F" + struct.pack(">d", t)
    if isinstance(t, bytes):
        return b"m" + struct.pack(">I", len(t)) + t
    if isinstance(t, str):
        return b"k" + struct.pack(">H", len(t)) + t.encode("latin-1") if t else b"j"
    if isinstance(t, tuple):
        return bytes([104, len(t)]) + b"".join(encode(x) for x in t)
    if isinstance(t, list):
        return b"l" + struct.pack(">I", len(t)) + b"".join(encode(x) for x in t) + b"j" if t else b"j"
    if isinstance(t, dict):
        return b"t" + struct.pack(">I", len(t)) + b"".join(encode(k) + encode(v) for k, v in t.items())
    if isinstance(t, Improper):
        return b"l" + struct.pack(">I", 1) + encode(t.head) + encode(t.tail)
    raise TypeError(type(t))


def whole(t):
    return b"\x83" + encode(t)


def pid(number, node="a@localhost"):
    return Raw(b"X" + encode(Atom(node)) + struct.pack(">III", number, 1, CREATION))


def ref(number, node="a@localhost"):
    return Raw(b"Z" + struct.pack(">H", 1) + encode(Atom(node)) + struct.pack(">II", CREATION, number))


def fun(module, function, arity):
    return Raw(b"q" + encode(Atom(module)) + encode(Atom(function)) + encode(arity))


def call(body, label="$gen_call", client=None):
    return (a(label), (client or pid(1), Improper(a("alias"), ref(1))), body)


def cast(body):
    return (a("$gen_cast"), body)


def global_talks():
    """Steps of fuzz_global.cpp: numbers are what happens by itself, the rest is said by the peers."""
    mine, other = a("a@localhost"), a("z@localhost")
    locker = pid(9)
    up, down, locker_turn, disagree, end, sync, met, change = range(8)
    exit_name = fun("global", "random_exit_name", 3)
    name = (a("name"), pid(3), exit_name)
    clash = (0, pid(4), (a("m"), a("f")))

    def init(node, tag, who, version=8):
        return cast((a("init_connect"), (version, tag), node,
                     (a("locker"), a("no_longer_a_pid"), {other: 8}, who)))

    def lock_set(who, is_set, tag):
        return cast((a("lock_set"), who, is_set, [other], tag))

    exchange = cast((a("exchange"), mine, [name, clash], [], 1))
    resolved = cast((a("resolved"), mine, [(a("insert"), name), (a("delete"), 0)], [(other, 8), a("b@localhost")],
                     a("unused"), [(a("name"), pid(3), mine)], 1))
    new_nodes = cast((a("new_nodes"), mine, [(a("insert"), name)], [], [(other, 8)],
                      [(a("vsn"), 8), (a("lock"), (a("global"), [pid(2), locker]))]))
    begin = [change, up, init(mine, 77, locker), (a("init_connect_ack"), mine, 1, 77)]
    meet = begin + [locker_turn, lock_set(locker, True, 1), exchange, resolved]
    lock = (a("global"), pid(5))
    register = [call((a("set_lock"), lock), client=pid(5)), call((a("register"), *name), client=pid(5)),
                call((a("register_ext"), *name, mine), client=pid(5)), call((a("del_lock"), lock), client=pid(5)),
                call((a("unregister"), a("name")), client=pid(5))]
    lost = [(a("lost_connection"), mine, 12345, 1, other), (a("lost_connection"), mine, 12345, 2, a("m@localhost")),
            (a("remove_connection"), mine)]
    yield "meet", whole(meet + [cast((a("in_sync"), mine, True))])
    yield "meet_and_register", whole(meet + register + [end, change | 8 | 32])
    yield "asked", whole(begin + [lock_set(locker, True, 1), exchange, resolved])
    yield "refused", whole(begin + [locker_turn, lock_set(locker, False, 1), (a("lock_set"), locker, False, [])])
    yield "disagree", whole(begin + [disagree, locker_turn, disagree, locker_turn, lock_set(locker, True, 1)])
    yield "cancelled", whole(begin + [locker_turn, (a("cancel_connect"), mine, 1), init(mine, 78, locker)])
    yield "two", whole([up, up | 8, init(mine, 77, locker), init(other, 5, pid(9, "z@localhost"), 7), locker_turn,
                        lock_set(locker, True, 1), exchange, resolved, new_nodes, met | 8, down | 8])
    yield "lost", whole(meet + [up | 8, *lost, down, up, init(mine, 80, locker)])
    yield "sync", whole([up, sync, init(mine, 77, locker), met, cast((a("in_sync"), mine, True)), down, down | 8])
    yield "queries", whole([call(a(q)) for q in ("get_known", "get_synced", "get_protocol_version", "get_names_ext",
                                                 "info", "disconnect")])
    yield "full", whole(meet + [cast((a("new_nodes"), mine, [(a("insert"),
    (n, pid(n), exit_name)) for n in range(20)],
                                      [], [(Atom(f"n{n}@localhost"), 8) for n in range(20)], []))])


IO_REQUESTS = [
    (a("put_chars"), a("unicode"), ["text", b"more", 0x20AC]), (a("put_chars"), a("latin1"), b"\xe9"),
    (a("put_chars"), b"old"), (a("put_chars"), a("unicode"), a("io_lib"), a("format"), ["~p~n", [(1, a("x"))]]),
    (a("put_chars"), a("unicode"), a("lists"), a("seq"), [1, 2]), (a("get_line"), a("unicode"), "> "),
    (a("get_until"), a("unicode"), "> ", a("erl_scan"), a("tokens"), [1]), (a("get_geometry"), a("columns")),
    (a("setopts"), [a("binary"), (a("encoding"), a("unicode"))]), a("getopts"), a("nonsense"),
    (a("requests"), [(a("put_chars"), a("unicode"), "one"), (a("get_line"), "> ")]),
]
FORMATS = [("~s ~ts ~p ~w~n", ["a", b"b", (1, 2), [a("c")]]), ("~10.2f ~e ~g", [1.5, 2.5, 1e300]),
           ("~-10s|~10..*s|~*c", ["x", 42, "y", 3, 120]), ("~.16B ~#~.2+ ~x ~X", [255, 5, 1, "0x"]),
           ("~c~~ ~i ~b ~P ~W", [65, 1, 2, [1, 2, 3], 2, {a("k"): 1}, 3]), ("~tp ~tw ~lp ~0p ~k", ["\xe9"] * 5),
           ("~", []), ("~p", []), ("no", [1])]


def messages():
    """Single terms, as fuzz_messages.cpp takes them."""
    for number, request in enumerate(IO_REQUESTS):
        yield f"io_{number}", whole((a("io_request"), pid(1), ref(1), request))
        yield f"request_{number}", whole(request)
    for number, pair in enumerate(FORMATS):
        yield f"format_{number}", whole(pair)
    yield "call", whole(call(a("ping")))
    yield "cast", whole(cast(a("ping")))
    yield "mfa", whole((a("lists"), a("seq"), [1, 10]))
    reasons = [(ref(1), a("return"), 3), (ref(1), a("throw"), 3), (ref(1), a("exit"), 3),
               (ref(1), a("error"), a("badarg"), [(a("m"), a("f"), 1, [])]), (ref(1), a("error"),
               (a("erpc"), a("x"))),
               a("noconnection"), a("killed")]
    for number, reason in enumerate(reasons):
        yield f"down_{number}", whole((a("DOWN"), ref(2), a("process"), pid(1), reason))
    yield "refused", whole((a("spawn_reply"), ref(2), a("error"), a("system_limit")))


def service_talks():
    """Steps of fuzz_services.cpp."""
    net_kernel, rex, global_server, user, logger, pg = range(6)
    here, me = a("m@localhost"), a("a@localhost")
    mfa = (a("erlang"), a("node"), [])
    yield "net_kernel", whole([(net_kernel, call(body)) for body in (
        (a("is_auth"), me), a("longnames"), a("nodename"), a("ticktime"), a("get_state"), a("odd"),
        (a("spawn"), *mfa, pid(1)), (a("spawn_link"), *mfa, pid(1)),
        (a("spawn_opt"), *mfa, [a("link")], a("link"), pid(1)), (a("spawn"), 1, 2, 3, 4))])
    calls = [(a(kind), *mfa, leader) for kind in ("call", "block_call") for leader in (pid(1), a("user"))]
    calls += [(a("call"), a("erlang"), a("apply"), [fun("erlang", "whereis", 1), [a("rex")]], pid(1)),
              (a("block_call"), a("no"), a("such"), [1], pid(1)),
              (a("call"), a("erlang"), a("node"), 1, 2), a("stop")]
    yield "rex", whole([(rex, call(c)) for c in calls] + [(rex, cast((a("cast"), *mfa, pid(1))))])
    yield "rex_plain", whole([(rex, (pid(1), what)) for what in (
        a("features_request"), (a("call"), *mfa, a("send_stdout_to_caller")), (a("sbcast"), a("user"), a("x")),
        (a("send"), a("nobody"), a("x")), (a("send"), (a("rex"), me), a("x")), (a("sbcast"), pid(1), a("x")))])
    yield "io", whole([(user, (a("io_request"), pid(1), ref(1), r)) for r in IO_REQUESTS])
    meta = {a("pid"): pid(1), a("gl"): pid(2), a("time"): 1}
    yield "log", whole([(logger, (a("log"), a(level), *what, meta)) for level in ("error", "debug", "odd")
                        for what in (("text",), ({a("k"): 1},), ("~p~n", [1]), ("~", [1]))])
    yield "pg", whole([(pg, (a("discover"), pid(1))), (pg, (a("join"), pid(1), 1, [pid(2)])),
                       (pg, call((a("join_local"), 1, [pid(2)]))), (pg, call(a("monitor"))),
                       (pg, (a("leave"), pid(1), pid(2), [1]))])
    locker = (a("locker"), a("no_longer_a_pid"), {}, pid(9))
    yield "global", whole([(global_server, m) for m in (
        cast((a("init_connect"), (8, 1), me, locker)), (a("init_connect_ack"), me, 1, 1),
        cast((a("exchange"), me, [], [], 1)), (a("cancel_connect"), me, 1), call((a("register"), 1, pid(1), 2)),
        call((a("set_lock"), (1, 2))), call((a("set_lock"), (a("global"), 2))),
        (a("lost_connection"), me, 1, 1, here),
        cast((a("new_nodes"), me, [], [], [(a("n@localhost"), 8)], [])), cast((a("resolved"), me)))])
    yield from spawn_talks()


def spawn_talks():
    own = Raw(b"X" + encode(a("m@localhost")) + struct.pack(">III", 5, 1, CREATION))
    execute = [(a("erpc"), a("execute_call"), [ref(1), a("erlang"), a("node"), []]),
               (a("erpc"), a("execute_cast"), [a("erlang"), a("processes"), []]), (a("erpc"), a("execute_call"), [1])]
    options = [[a("link")], [a("monitor"), (a("priority"), a("high"))], [(a("min_heap_size"), 100)], [a("odd")],
               [(a("max_heap_size"), {a("size"): 1})], [(a("message_queue_data"), a("off_heap"))]]
    yield "spawn", whole(execute + [(a("erlang"), a("node"), [], o) for o in options])
    items = [[a(i) for i in ("registered_name", "links", "dictionary", "current_stacktrace")], a("memory"),
             (a("dictionary"), a("$initial_call")), a("odd")]
    asked = [(a("erlang"), a("process_info"), [own, i]) for i in items]
    asked += [(a("erlang"), a(f), list(args)) for f, args in (
        ("process_info", [own]), ("system_info", [a("process_count")]), ("statistics", [a("run_queue")]),
        ("memory", [a("total")]), ("memory", [[a("total"), a("atom")]]), ("system_flag", [a("x"), 1]),
        ("nodes", [a("known")]), ("nodes", [[a("this"), a("visible")]]), ("whereis", [a("rex")]),
        ("is_process_alive", [own]), ("monotonic_time", [1000]), ("system_time", [a("second")]),
        ("function_exported", [a("erlang"), a("node"), 0]), ("garbage_collect", [own]))]
    yield "erlang", whole(asked)
    backend = [(a("observer_backend"), a(f), list(args)) for f, args in (
        ("sys_info", []), ("etop_collect", [pid(1)]), ("procs_info", [pid(1)]), ("fetch_stats", [pid(1), 500]),
        ("get_table_list", [a("ets"), []]), ("get_table", [pid(1), 1, 2]), ("socket_info", []))]
    yield "observer", whole(backend + [(a("appmon_info"), a("start_link2"), [pid(1), a("x"), []])])
    kernel = [(a(m), a(f), list(args)) for m, f, args in (
        ("application", "get_key", [a("kernel"), a("vsn")]), ("application", "which_applications", []),
        ("application_controller", "get_master", [a("kernel")]), ("code", "which", [a("calc")]),
        ("code", "is_loaded", [a("erlang")]), ("net_adm", "ping", [a("a@localhost")]),
        ("proc_lib", "get_label", [own]),
        ("proc_lib", "translate_initial_call", [own]), ("c", "memory", [a("total")]),
        ("net_kernel", "nodes_info", []))]
    yield "kernel", whole(kernel)
    me = pid(1)
    names = [(a("global"), a(f), list(args)) for f, args in (
        ("whereis_name", [1]), ("registered_names", []), ("register_name", [1, me]),
        ("register_name", [1, me, fun("global", "notify_all_name", 3)]), ("re_register_name", [1, me]),
        ("register_name_external", [2, me]),
        ("send", [1, 2]), ("unregister_name", [1]), ("sync", []), ("info", []), ("set_lock", [(1, 2)]),
        ("set_lock", [(1, 2), [a("m@localhost")], 0]), ("del_lock", [(1, 2)]),
        ("trans", [(1, 2), fun("erlang", "node", 0)]),
        ("trans", [(1, 2), (a("erlang"), a("node")), [a("m@localhost")], 0]), ("disconnect", []),
        ("resolve_it", [fun("global", "random_exit_name", 3), 1, me, own]))]
    yield "global_functions", whole(names)
    yield "pg_functions", whole([(a("pg"), a(f), list(args)) for f, args in (
        ("get_members", [1]), ("get_local_members", [a("pg"), 1]), ("which_groups", []), ("join", [1, own]),
        ("leave", [a("pg"), 1, [own, me]]))])
    here = a("m@localhost")
    yield "rpc_functions", whole([(a(m), a(f), list(args)) for m, f, args in (
        ("rpc", "call", [here, a("erlang"), a("node"), []]), ("rpc", "call", [here, a("erlang"), a("node"), [], 100]),
        ("rpc", "multicall", [[here], a("erlang"), a("node"), []]), ("rpc", "pinfo", [own, a("links")]),
        ("rpc", "pmap", [(a("erlang"), a("whereis")), [], [a("rex")]]), ("rpc", "abcast", [[here], a("nobody"), 1]),
        ("rpc", "parallel_eval", [[(a("erlang"), a("node"), [])]]), ("rpc", "sbcast", [[here], a("user"), 1]),
        ("rpc", "server_call", [here, a("nobody"), 1, 2]), ("erpc", "call", [here, a("erlang"), a("node"), [], 100]),
        ("erpc", "multicall", [[here], a("erlang"), a("node"), []]),
        ("erpc", "cast", [here, a("erlang"), a("node"), []]))])
