// The shop as a node of its own. README.md of this folder has a session with it.
//
//     shop [--name shop@127.0.0.1] [--cookie COOKIE]
//
// Prints "ready" when it can be called; ends on SIGTERM or SIGINT, and the tree before it.
#include "shop.hpp"

#include "../calc/options.hpp"

#include <iostream>

int main(int argc, char** argv) {
    using namespace rakka;
    const auto line = read_command_line(argc, argv, "shop@127.0.0.1");
    rakka::system system;
    const auto node = rakka::node::start(system, line.node);
    if (!node) {
        std::cerr << "shop: " << node.error().message << '\n';
        return 1;
    }
    system.spawn([] {
        shop::start_link();
        std::cout << "ready" << std::endl;
        static_cast<void>(receive_if([](term_view) { return false; }));
    });
    return run_until_shutdown(system);
}
