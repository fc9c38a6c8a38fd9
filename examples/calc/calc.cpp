// A C++ node with one gen_server, `calc`, that Erlang, Elixir and other C++ nodes call, link to and monitor.
//
//     calc [--name calc@127.0.0.1] [--cookie COOKIE] [--visible]
//
// Prints "ready" when it can be called; ends on SIGTERM, SIGINT or when a client calls `halt`.
#include <rakka/rakka.hpp>

#include "options.hpp"

#include <iostream>

namespace {

using namespace rakka;

struct point {
    std::int64_t x, y;
};
BOOST_DESCRIBE_STRUCT(point, (), (x, y))

class calc : public gen_server {
    term remembered_ = "nothing"_a;

    result handle_call(const term& request, const from& sender) override {
        using i = std::int64_t;
        return *match(
            request,
            on(tuple_of("add"_a, x<i>, x<i>), [](i a, i b) { return reply(a + b); }),
            on(tuple_of("divide"_a, x<i>, x<i>), [](i a, i b) {
                if (b == 0) rakka::exit("badarith"_a);
                return reply(a / b);
            }),
            on("recall"_a, [&] { return reply(remembered_); }),
            on("whoami"_a, [] { return reply(self()); }),
            on(tuple_of("scale"_a, x<point>, x<i>), [](point p, i by) { return reply(point{p.x * by, p.y * by}); }),
            on(tuple_of("watch"_a, x<pid>, x<pid>), [](pid whom, pid teller) {
                spawn([=] { tell_when_it_ends(whom, teller); });
                return reply("ok"_a);
            }),
            on(any, [&] { return reply(tuple("error"_a, tuple("bad_request"_a, request))); }));
    }

    result handle_cast(const term& request) override {
        if (request.is_tagged("remember"_a, 2)) remembered_ = request.share(request.tuple()[1]);
        return noreply();
    }

    result handle_info(const term& message) override {
        if (message.is_tagged("ping"_a, 2)) send(message.tuple()[1].as<pid>().value(), tuple("pong"_a, "calc"_a));
        return noreply();
    }

    static void tell_when_it_ends(pid whom, pid teller) {
        trap_exit(true);
        link(whom);
        receive(on(tuple_of("EXIT"_a, any, x<term>), [&](term reason) { send(teller, tuple("linked_exit"_a, reason)); }));
    }
};

/// Keeps a calc alive: until supervisors exist this loop is one.
void keep_calc_running() {
    trap_exit(true);
    for (;;) {
        gen_server::start_link<calc>({.name = "calc"_a}).value();
        receive(on(tuple_of("EXIT"_a, any, any), [] {}));
    }
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = read_options(argc, argv, "calc@127.0.0.1");
    rakka::system system;
    system.start();
    rakka::node node(system);
    if (const auto started = node.start(options); !started) {
        std::cerr << started.error().message() << '\n';
        return 1;
    }
    system.spawn(keep_calc_running);
    std::cout << "ready" << std::endl;
    wait_for_signal();
}
