// A second C++ node that uses the first one's `calc`: what the Erlang side of the demo does, without any
// Erlang.
//
//     call_calc [--name NAME] [--cookie COOKIE] calc@127.0.0.1
#include "options.hpp"
#include "show.hpp"

#include <rakka/rakka.hpp>

#include <chrono>
#include <iostream>
#include <thread>

namespace {

using namespace rakka;
using namespace std::chrono_literals;

/// The cause alone: `badarith` of `{badarith, Stack}`.
term cause(const term& reason) {
    return reason.is_tuple(2) ? reason.share(reason.tuple()[0]) : reason;
}

term failure(const destination& server, const term& request) {
    const auto answer = gen_server::try_call(server, request);
    return answer ? *answer : cause(answer.error().reason);
}

void wait_until_restarted(const destination& calc) {
    while (!gen_server::try_call(calc, tuple("add"_a, 0, 0)))
        static_cast<void>(receive_if([](term_view) { return false; }, 10ms));
}

void visit(atom peer) {
    const registered_name calc{"calc"_a, peer};
    show("gen_server::call(calc, {add, 1, 2})", gen_server::call(calc, tuple("add"_a, 1, 2)), 3);
    gen_server::cast(calc, tuple("remember"_a, 42));
    show("cast {remember, 42}, then call recall", gen_server::call(calc, "recall"_a), 42);
    send(calc, tuple("ping"_a, self()));
    show("send(calc, {ping, self()})", receive(), tuple("pong"_a, "calc"_a));
    show("gen_server::call(calc, {nonsense, 1})", gen_server::call(calc, tuple("nonsense"_a, 1)),
         tuple("error"_a, tuple("bad_request"_a, tuple("nonsense"_a, 1))));
    show("a call to a name that is not there", failure(registered_name{"nobody"_a, peer}, "hello"_a),
         "noproc"_a);

    const reference ref = monitor(calc);
    show("gen_server::call(calc, {divide, 1, 0})", failure(calc, tuple("divide"_a, 1, 0)), "badarith"_a);
    const term down = receive(on(tuple_of("DOWN"_a, ref, "process"_a, tuple_of("calc"_a, peer), x<term>),
                                 [](term r) { return r; }));
    show("... and the monitor's 'DOWN' says why", cause(down), "badarith"_a);
    wait_until_restarted(calc);
    show("restarted: gen_server::call(calc, {add, 2, 2})", gen_server::call(calc, tuple("add"_a, 2, 2)), 4);

    trap_exit(true);
    const pid server = gen_server::call(calc, "whoami"_a).as<pid>().value();
    link(server);
    static_cast<void>(failure(calc, tuple("divide"_a, 1, 0)));
    const term reason = receive(on(tuple_of("EXIT"_a, server, x<term>), [](term r) { return r; }));
    show("link(calc's pid), then it crashes: 'EXIT'", cause(reason), "badarith"_a);
}

}  // namespace

int main(int argc, char** argv) {
    const auto line = read_command_line(argc, argv, "cpp_client@127.0.0.1");
    if (line.rest.size() != 1) {
        std::cerr << "usage: call_calc [--name NAME] [--cookie COOKIE] NODE\n";
        return 2;
    }
    rakka::system system;
    const auto node = rakka::node::start(system, line.node);
    if (!node) {
        std::cerr << "call_calc: " << node.error().message << '\n';
        return 1;
    }
    system.run([&] { visit(atom(line.rest[0])); });
}
