// A C++ node with one gen_server, `calc`, that Erlang, Elixir and other C++ nodes call, link to and monitor.
//
//     calc [--name calc@127.0.0.1] [--cookie COOKIE] [--hidden]
//
// Prints "ready" when it can be called; ends on SIGTERM or SIGINT.
#include "options.hpp"

#include <rakka/rakka.hpp>

#include <boost/describe.hpp>

#include <iostream>

/// `%Point{x: 1, y: 2}` in Elixir.
struct point {
    std::int64_t x, y;
};
BOOST_DESCRIBE_STRUCT(point, (), (x, y))
RAKKA_ELIXIR_STRUCT(point, "Elixir.Point")

namespace {

using namespace rakka;

/// Tells `teller` how `whom` ended: a link works the same to a process here and to one on a BEAM.
void tell_how_it_ends(pid whom, pid teller) {
    trap_exit(true);
    link(whom);
    send(teller, "watching"_a);
    receive(on(tuple_of("EXIT"_a, any, x<term>),
               [&](const term& reason) { send(teller, tuple("linked_exit"_a, reason)); }));
}

class calc : public gen_server {
    using integer = std::int64_t;
    term remembered_ = "nothing"_a;

    result handle_call(const term& request, const from&) override {
        return *match(
            request,  //
            on(tuple_of("add"_a, x<integer>, x<integer>), [](integer a, integer b) { return reply(a + b); }),
            on(tuple_of("divide"_a, x<integer>, x<integer>),
               [](integer a, integer b) {
                   if (b == 0) error("badarith"_a);  // ends this server; its callers and monitors learn why
                   return reply(a / b);
               }),
            on("recall"_a, [&] { return reply(remembered_); }), on("whoami"_a, [] { return reply(self()); }),
            on(tuple_of("scale"_a, x<point>, x<integer>),
               [](point p, integer by) {
                   return reply(point{p.x * by, p.y * by});
               }),
            on(tuple_of("watch"_a, x<pid>, x<pid>),
               [](pid whom, pid teller) {
                   spawn([=] { tell_how_it_ends(whom, teller); });
                   return reply("ok"_a);
               }),
            on(any, [&] { return reply(tuple("error"_a, tuple("bad_request"_a, request))); }));
    }

    result handle_cast(const term& request) override {
        if (request.is_tagged("remember"_a, 2)) remembered_ = request.share(request.tuple()[1]);
        return noreply();
    }

    result handle_info(const term& message) override {
        match(message, on(tuple_of("ping"_a, x<pid>), [](pid who) { send(who, tuple("pong"_a, "calc"_a)); }),
              on(any, [] {}));
        return noreply();
    }
};

/// Keeps a calc alive: a supervisor in three lines.
void keep_calc_running() {
    trap_exit(true);
    for (;;) {
        gen_server::start_link<calc>({.name = "calc"_a}).value();
        receive(on(tuple_of("EXIT"_a, any, any), [] {}));
    }
}

}  // namespace

int main(int argc, char** argv) {
    end_signal stop;
    const auto line = read_command_line(argc, argv, "calc@127.0.0.1");
    rakka::system system;
    const auto node = rakka::node::start(system, line.node);
    if (!node) {
        std::cerr << "calc: " << node.error().message << '\n';
        return 1;
    }
    system.spawn(keep_calc_running);
    std::cout << "ready" << std::endl;
    stop.wait();
}
