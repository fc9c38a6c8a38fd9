// rakka ping: whether a node can be reached.
#include "command.hpp"
#include "guest.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

namespace rakka::tools {

namespace {

int ping(const reach_options& how) {
    const auto g = guest::start(how);
    if (!g) {
        std::cerr << "rakka ping: " << g.error() << '\n';
        return 2;
    }
    if (const auto failed = (*g)->connect()) {
        std::cout << "pang\n";
        std::cerr << "rakka ping: " << failed->text << "\n(rakka doctor " << how.node
                  << " looks at each step)\n";
        return 1;
    }
    std::cout << "pong\n";
    return 0;
}

}  // namespace

void add_ping(CLI::App& rakka, work& chosen) {
    CLI::App* const command = rakka.add_subcommand("ping", "Connect to a node: pong, or pang and why not");
    const auto how = std::make_shared<reach_options>();
    add_reach_options(*command, *how);
    command->callback([how, &chosen] { chosen = [how] { return ping(*how); }; });
}

}  // namespace rakka::tools
