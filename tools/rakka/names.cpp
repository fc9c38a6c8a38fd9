// rakka names: which nodes a host has.
#include "command.hpp"

#include <rakka/node/epmd_client.hpp>
#include <rakka/rakka.hpp>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

namespace rakka::tools {

void add_names(CLI::App& rakka, work& chosen) {
    CLI::App* const names = rakka.add_subcommand("names", "List the nodes that an epmd knows");
    const auto how = std::make_shared<epmd_query>();
    names->add_option("HOST", how->host, "Where the epmd is")->capture_default_str();
    names->add_option("--epmd-port", how->port, "Its port (default: ERL_EPMD_PORT, or 4369)");
    names->callback([how, &chosen] {
        chosen = [how] {
            rakka::system running({.workers = 1});
            const auto found = epmd_names(running, *how);
            if (!found) {
                std::cerr << "rakka names: " << found.error().message << '\n';
                return 1;
            }
            for (const epmd_name& n : *found)
                std::cout << fmt::format("{:<24} port {}\n", n.name, n.port);
            return 0;
        };
    });
}

}  // namespace rakka::tools
