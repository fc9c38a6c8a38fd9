// A C++ node in the cluster of a Phoenix.PubSub: prints what is broadcast on a topic, and says hello there.
//
//     phoenix_pubsub [--name cpp@127.0.0.1] [--cookie COOKIE] [PubSub [Topic [Node]]]
//
// PubSub is the name in the Elixir application, by default MyApp.PubSub; Topic by default room:lobby; Node
// one to connect to. Ends on SIGTERM or SIGINT.
#include "../calc/options.hpp"
#include "pubsub.hpp"

#include <iostream>

namespace {

using namespace rakka;

void listen(const std::string& name, const std::string& topic) {
    phoenix::pubsub::subscribe(name, topic);
    std::cout << "ready" << std::endl;
    for (;;) {
        const term message = receive();
        std::cout << topic << ": " << message.to_string() << std::endl;
    }
}

/// All that must live as long as the program.
void live(const std::string& name, const std::string& topic, const std::string& peer) {
    pg::start_link(phoenix::pubsub::module()).value();
    phoenix::pubsub::start_link(name);
    spawn_link([=] { listen(name, topic); });
    // Whoever joins later is greeted too.
    const auto members = pg::monitor(phoenix::pubsub::module(), phoenix::pubsub::adapter(name));
    if (!peer.empty()) send(registered_name{"net_kernel"_a, atom(peer)}, "hello"_a);  // connects
    for (;;) {
        receive(on(tuple_of(members.ref, "join"_a, any, any),
                   [&] { phoenix::pubsub::broadcast(name, topic, tuple("hello_from"_a, "c++")); }),
                on(any, [] {}));
    }
}

}  // namespace

int main(int argc, char** argv) {
    end_signal stop;
    auto line = read_command_line(argc, argv, "cpp@127.0.0.1");
    line.rest.resize(3);
    rakka::system system;
    const auto node = rakka::node::start(system, line.node);
    if (!node) {
        std::cerr << "phoenix_pubsub: " << node.error().message << '\n';
        return 1;
    }
    const auto or_else = [](const std::string& s, const char* other) { return s.empty() ? other : s; };
    system.spawn([name = or_else(line.rest[0], "MyApp.PubSub"), topic = or_else(line.rest[1], "room:lobby"),
                  peer = line.rest[2]] { live(name, topic, peer); });
    stop.wait();
}
