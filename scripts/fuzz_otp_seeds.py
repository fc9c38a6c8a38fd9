"""Terms that anybody sends to the processes of otp: what make_fuzz_seeds.py writes for their fuzz targets."""
from fuzz_term_seeds import Atom, Improper, a, call, cast, fun, pid, ref, whole


def gen_server_talks():
    """Messages to the server of fuzz_gen_server.cpp."""
    system = [a("get_state"), a("suspend"), a("resume"), a("get_status"), (a("replace_state"), fun("m", "f", 1)),
              (a("debug"), (a("trace"), True)), a("odd")]
    yield "system", whole([call(what, "system") for what in system])
    yield "calls", whole([call(a("ping")), call(a("wait")), cast(1), a("info"), (a("DOWN"), ref(1), 1, 2, 3)])
    yield "suspended", whole([call(a("suspend"), "system"), cast(1), call(1), call(a("resume"), "system"),
    (a("system"), 1, 2)])
    yield "terminated", whole([cast(1), call((a("terminate"), a("normal")), "system"), cast(2)])
    yield "exits", whole([(a("EXIT"), pid(1), a("normal")), (a("$gen_call"), 1, 2), (a("$gen_cast"),)])


def gen_event_talks():
    """Messages to the manager of fuzz_gen_event.cpp, whose handler `h` obeys."""
    def ask(body):
        return (pid(1), (pid(1), Improper(a("alias"), ref(1))), body)

    def notify(event):
        return (a("notify"), event)

    h, other = a("h"), (a("h"), 1)
    yield "added", whole([ask((a("add_handler"), i, x)) for i in (h, other, a("nomod"), 1) for x in (1, a("fail"))]
                         + [ask(a("which_handlers")), ask(a("get_modules"))])
    yield "events", whole([notify(1), notify(a("throw")), ask((a("sync_notify"), a("hibernate"))), a("info"),
                           notify((a("swap"), other, 2)), notify((a("swap"), a("nomod"), 2)), notify(a("remove"))])
    yield "calls", whole([ask((a("call"), i, x)) for i in (h, other, 1)
                          for x in (1, (a("swap"), other, 2), a("throw"))])
    yield "gone", whole([ask((a("delete_handler"), h, 1)), ask((a("delete_handler"), h, 1)),
                         ask((a("swap_handler"), h, 1, other, 2)), ask((a("swap_handler"), other, 1, h, a("fail")))])
    yield "supervised", whole([ask((a("add_sup_handler"), other, 1, pid(2))), (a("EXIT"), pid(2), a("gone")),
                               ask((a("swap_sup_handler"), h, 1, other, 2, pid(2))),
                               ask((a("add_sup_handler"), h, 1, 2))])
    yield "stopped", whole([notify(1), ask(a("stop")), notify(2)])
    yield "system", whole([call(w, "system") for w in (
        a("get_state"), a("get_status"), (a("debug"), (a("trace"), True)), a("suspend"), (a("change_code"), h, 1, 2),
        a("resume"), (a("replace_state"), fun("m", "f", 1)))])


def gen_statem_talks():
    """What init decides, then messages to the machine of fuzz_gen_statem.cpp."""
    start = ((a("next"), a("a")), [])
    keep = a("keep")

    def to(state, *actions):
        return ((a("next"), a(state)), list(actions))

    again = (a("next_event"), a("internal"), to("b"))
    timeouts = [(a("timeout"), 0, 1), (a("state_timeout"), 5, to("b")), (a("name"), a("infinity"), 2),
                ((a("timeout"), 1), a("update"), to("a")), (a("state_timeout"), (a("at"), 900000000), 3)]
    yield "events", whole([start, cast(1), call(2), a("info"), cast(to("b")), call((keep, [(a("reply"), 1)])),
                           cast(3)])
    yield "postponed", whole([start, cast((keep, [a("postpone")])), cast(to("b", again)), cast((keep, [again])),
                              cast(((a("next"), (keep, [a("hibernate")])), []))])
    yield "timeouts", whole([1, cast((keep, timeouts)), cast((keep, [(a("state_timeout"), -1, 1)])), cast(to("b"))])
    yield "modules", whole([start, cast((keep, [(a("push"), a("functions"))])), cast(1),
                            cast((keep, [(a("change"), a("other"))])), cast((keep, [a("pop")])),
                            cast((keep, [a("pop")]))])
    yield "enters", whole([(to("a")[0], [(a("next_event"), a("enter"), 1)]),
                           cast((a("repeat"), [])), cast(((a("next"), ((a("next"), a("b")), [a("postpone")])), []))])
    for n, what in enumerate([((a("stop"), (a("late"), 1)), []), a("throw"), a("odd"), (a("exit"), 1), (a("throw"), 1),
                              ((a("fail"), 1), [])]):
        yield f"end_{n}", whole([start, cast(what), cast(2)])
    yield "init", whole([((a("stop"), 1), [])])
    yield "system", whole([start] + [call(w, "system") for w in (
        a("get_state"), a("get_status"), (a("debug"), (a("trace"), True)), (a("debug"), (a("log"), True)), a("suspend"),
        (a("change_code"), 1, 2, a("b")), (a("change_code"), 1, 2, a("refuse")), a("resume"),
        (a("replace_state"), fun("m", "f", 1)), (a("terminate"), a("normal")))])


def supervisor_talks():
    """Steps of fuzz_supervisor.cpp, the way to restart first."""
    top, simple, dynamic, tasks, worker = range(5)
    mfa = (a("w"), a("start_link"), [])

    def spec(ident, *more):
        return (ident, (a("w"), a("start_link"), list(more)), a("transient"), 100, a("worker"), [a("w")])

    def as_map(ident, **keys):
        return {a("id"): ident, a("start"): mfa, **{Atom(k): v for k, v in keys.items()}}

    queries = [a("which_children"), a("count_children"), (a("get_childspec"), 1), (a("which_child"), a("worker"))]
    yield "queries", whole([0] + [(n, call(q)) for n in range(4) for q in queries])
    specs = [spec(2), spec(2, a("brief")), spec(3, a("ignore")), spec(4, a("fail")), spec(5, a("exit")), spec(6, 1, 2),
             as_map(7), as_map(8, restart=a("temporary"), shutdown=a("brutal_kill"), type=a("supervisor")),
             as_map(9, significant=True, restart=a("temporary")),
             as_map(10, shutdown=a("infinity"), modules=a("dynamic")),
             (1, 2, 3, 4, 5, 6), {}, as_map(11, restart=1), (12, (a("w"), a("answer"), [a("odd")]), a("permanent"), 1,
                                                            a("worker"), [])]
    yield "children", whole([2] + [(top, call((a("start_child"), s))) for s in specs])
    yield "lives", whole([4] + [(top, call((a(what), n))) for n in (1, a("worker"), [1, 2]) for what in (
        "terminate_child", "restart_child", "restart_child", "terminate_child", "delete_child")])
    yield "ends", whole([1, 3, 4, 5, 6, 7, (worker, cast(a("crash"))), (worker, cast(a("normal"))), 1])
    yield "simple", whole([3, (simple, call((a("start_child"), [a("trap")]))), (simple, call((a("start_child"), []))),
                           (simple, call((a("start_child"), [1, 2]))), (simple, a("terminate_child"), 6),
                           (simple, call((a("delete_child"), 1))), 7, (simple, call(a("count_children")))])
    dynamic_spec = (mfa, a("permanent"), 5000, a("worker"), [a("w")])
    yield "dynamic", whole([5] + [(dynamic, call((a("start_child"), dynamic_spec)))] * 3 + [
        (dynamic, call((a("start_child"), (mfa, a("odd"), 1, 2, 3)))), (dynamic, a("terminate_child"), 7), 8,
        (dynamic, (a("$gen_restart"), pid(1))), (dynamic, call(a("which_children")))])
    owner = (a("a@localhost"), pid(1), pid(1))
    yield "tasks", whole([0, (tasks, call((a("start_task"), [owner, a("monitor")], a("nil"), a("nil")))),
                          (tasks, call((a("start_task"), [owner, [], mfa], a("permanent"), a("brutal_kill")))),
                          (tasks, (pid(1), ref(1), ref(1), [], mfa)), (tasks, call(a("which_children")))])
    yield "messages", whole([0] + [(n, m) for n in range(4) for m in (
        a("odd"), (a("EXIT"), pid(1), a("x")), (a("EXIT"), 1, 2), cast((a("try_again_restart"), 1)),
        call(a("get_state"), "system"), call(a("get_status"), "system"))] + [(top, cast(1)), (dynamic, call(1))])


def otp_service_talks():
    """Steps of fuzz_otp_services.cpp."""
    unique, duplicate, agent, counter, calc, tasks, keeper, controller, shop_process = range(9)
    same = (a("m"), a("same"), [])
    keys = [(keeper, call((1, 2))), (keeper, call((1, 3))), (keeper, call("key")), (keeper, cast(1))]
    names = [(a(name), a(f), list(args)) for name in ("unique", "duplicate") for f, args in (
        ("register_name", [1, pid(1)]), ("whereis_name", [1]), ("send", [1, 2]), ("unregister_name", [1]))]
    yield "registry", whole(keys + names + [(unique, (a("EXIT"), pid(1), 1)), (duplicate, call(1))])
    for n in (agent, counter):
        yield f"agent_{n}", whole([(n, call((a("get"), same))), (n, call((a("update"), fun("m", "same", 1)))),
                                   (n, cast((a("cast"), same))), (n, call((a("replace_state"), same[0]), "system")),
                                   (n, call((a("replace_state"), fun("m", "same", 1)), "system")),
                                   (n, call(a("suspend"), "system")),
                                   (n, call((a("change_code"), 1, 2, same), "system")),
                                   (n, call(a("resume"), "system")), (n, call((a("get_and_update"), same)))])
        yield f"agent_ends_{n}", whole([(n, call((a("update"), 1)))])
        yield f"agent_cast_{n}", whole([(n, cast((a("cast"), 1)))])
    texts = {b"one": [1.5, 2], b"two": []}
    yield "service", whole([(calc, call(c)) for c in (
        (a("add"), 1), (a("add"), 300), (a("add"), 2, True), (a("texts"), texts), (a("texts"), {1: [2]}),
        (a("later"), b"x"),
        (a("maybe"), a("nil"), (pid(1), ref(1))), (a("any"), [1]), a("odd"), (), 1)] + [
        (calc, cast(a("reset"))), (calc, cast((a("set"), 1, 2.5))), (calc, cast((a("set"), 70000, 1))),
        (calc, a("reset")),
        (a("calc"), a("add"), [1]), (a("calc"), a("set"), [1, 1.5]), (a("calc"), a("later"), [b"x"]),
        (a("calc"), a("add"), [b""])])
    shop = a("shop")
    functions = [("ensure_all_started", [shop]), ("start", [a("broken"), a("transient")]), ("start", [shop]),
                 ("get_env", [shop, a("key")]), ("get_env", [shop, 1, 2]), ("get_key", [shop, a("vsn")]),
                 ("get_all_key", [shop]), ("set_env", [shop, a("key"), 3]), ("unset_env", [shop, a("key")]),
                 ("which_applications", []), ("get_application", [pid(1)]), ("stop", [shop]), ("unload", [a("base")]),
                 ("start", [1]), ("loaded_applications", []), ("ensure_started", [shop]),
                 ("ensure_all_started", [a("broken"), a("permanent")])]
    yield "applications", whole([(a("application"), a(f), list(args)) for f, args in functions] + [
        (controller, call((a("start"), shop, 0))), (controller, call((a("stop"), shop))),
        (controller, call((a("get_master"), shop))), (controller, (a("application_started"), pid(1), a("ok"))),
        (controller, (a("application_ended"), pid(1), 1)), (controller, cast(1))])
    yield "applications_end", whole([(a("application"), a("ensure_all_started"), [shop, a("permanent")]),
                                     (a("configure"), [(shop, [(a("key"), 7)])]), (tasks, call(a("count_children"))),
                                     (shop_process, cast(1)), (a("application"), a("which_applications"), []),
                                     (shop_process, call((a("terminate"), a("normal")), "system")),
                                     (a("application"), a("start"), [a("broken"), a("permanent")])])
    yield "configuration", whole([(a("configure"), c) for c in (
        [(shop, [(a("key"), 2), (a("more"), "text")])], [(shop, [1])], [1], 1, ["file"], [(a("base"), [])])])
    frame = (a("m"), a("f"), 2, [(a("file"), "m.erl"), (a("line"), 3)])
    crash = [[(a("initial_call"), (a("m"), a("init"), [a("Argument__1")])), (a("pid"), pid(1)),
              (a("error_info"), (a("error"), (a("badmatch"), 1), [frame])), (a("ancestors"), [pid(1)])], []]
    reports = [{a("label"): (a("proc_lib"), a("crash")), a("report"): crash}]
    reports += [{a("label"): (a(b), a("terminate")), a("name"): a("n"), a("last_message"): 1, a("state"): [1, 2],
                 a("reason"): (a("error"), a("badarg"), [frame]), a("log"): [], a("queue"): [], a("postponed"): [],
                 a("modules"): [a("m")], a("callback_mode"): a("state_functions"), a("state_enter"): True,
                 a("client_info"): (pid(1), (a("c"), [frame])), a("handler"): a("h"), a("timeouts"): (1, [(1, 2)])}
                for b in ("gen_server", "gen_statem", "gen_event")]
    reports += [{a("label"): (a("supervisor"), a("child_terminated")), a("report"): [
        (a("supervisor"), (a("local"), a("top"))), (a("errorContext"), a("child_terminated")), (a("reason"), a("x")),
        (a("offender"), [(a("pid"), pid(1)), (a("id"), 1)])]}, {a("label"): (a("application_controller"), a("exit")),
        a("report"): [(a("application"), shop), (a("exited"), 1), (a("type"), a("temporary"))]}]
    reports += [{a("key"): 1.5}, [(1, 2)]]
    more = [(a("key"), {a("map"): "text"}), (a("report_cb"), 1), (a("x"), b"\xff"), (a("y"), [(a("z"), 1)])]
    yield "log", whole([(a("log"), r, more) for r in reports])
    yield "tasks", whole([(tasks, call((a("start_task"), [(1, 2, pid(1)), [], same], a("nil"), a("nil")))),
                          (a("Elixir.Task.Supervised"), a("start_link"), [(1, 2, pid(1)), [], same]),
                          (tasks, call(a("count_children")))])
