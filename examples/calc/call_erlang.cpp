// A C++ node that calls a gen_server written in Erlang: `kv` of calc_demo.erl.
//
//     call_erlang [--name NAME] [--cookie COOKIE] kv@127.0.0.1
#include "options.hpp"
#include "show.hpp"

#include <rakka/rakka.hpp>

#include <chrono>
#include <iostream>

namespace {

using namespace rakka;
using namespace std::chrono_literals;

term exit_reason_of_call(const destination& server, const term& request, std::chrono::milliseconds timeout) {
    try {
        return gen_server::call(server, request, timeout);
    } catch (const process_exit& e) {
        return e.reason.share(e.reason.tuple()[0]);
    }
}

void visit(atom peer) {
    const registered_name kv{"kv"_a, peer};
    gen_server::cast(kv, tuple("put"_a, "answer"_a, 42));
    show("gen_server::call(kv, {get, answer})", gen_server::call(kv, tuple("get"_a, "answer"_a)), 42);
    show("a call that is never answered, 100 ms", exit_reason_of_call(kv, "never_answered"_a, 100ms),
         "timeout"_a);
    show("a call to a name that is not there",
         exit_reason_of_call(registered_name{"nobody"_a, peer}, "hello"_a, 1s), "noproc"_a);

    const pid watched = gen_server::call(kv, "spawn_victim"_a).as<pid>().value();
    const reference ref = monitor(watched);
    send(watched, tuple("finish"_a, "bye"_a));
    const term down =
        receive(on(tuple_of("DOWN"_a, ref, "process"_a, watched, x<term>), [](term r) { return r; }));
    show("monitor(erlang_pid), then it exits: 'DOWN'", down, "bye"_a);

    trap_exit(true);
    const pid linked = gen_server::call(kv, "spawn_victim"_a).as<pid>().value();
    link(linked);
    send(linked, tuple("finish"_a, "so_long"_a));
    const term reason = receive(on(tuple_of("EXIT"_a, linked, x<term>), [](term r) { return r; }));
    show("link(erlang_pid), then it exits: 'EXIT'", reason, "so_long"_a);
}

}  // namespace

int main(int argc, char** argv) {
    const auto line = read_command_line(argc, argv, "cpp_client@127.0.0.1");
    if (line.rest.size() != 1) {
        std::cerr << "usage: call_erlang [--name NAME] [--cookie COOKIE] NODE\n";
        return 2;
    }
    rakka::system system;
    const auto node = rakka::node::start(system, line.node);
    if (!node) {
        std::cerr << "call_erlang: " << node.error().message << '\n';
        return 1;
    }
    system.run([&] { visit(atom(line.rest[0])); });
}
