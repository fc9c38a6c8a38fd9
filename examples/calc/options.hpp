// The command line that the programs of this folder share, and a wait for the signal that ends a service.
#pragma once

#include <rakka/node.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

/// --name NAME@HOST, --cookie COOKIE (else the user's ~/.erlang.cookie), --hidden; whatever else comes is in
/// `rest`.
struct command_line {
    rakka::node_options node;
    std::vector<std::string> rest;
};

inline command_line read_command_line(int argc, char** argv, std::string_view default_name) {
    command_line line;
    line.node.name = default_name;
    line.node.listen_address = "127.0.0.1";
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--hidden") {
            line.node.visibility = rakka::node_visibility::hidden;
        } else if (argument == "--name" && i + 1 < argc) {
            line.node.name = argv[++i];
        } else if (argument == "--cookie" && i + 1 < argc) {
            line.node.cookie = rakka::cookie::from_text(argv[++i]).value();
        } else if (argument.starts_with("--")) {
            std::cerr << argv[0] << ": unknown option " << argument << '\n';
            std::exit(2);
        } else {
            line.rest.emplace_back(argument);
        }
    }
    return line;
}

/// Blocks SIGTERM and SIGINT for this and all later threads: call it first. wait() returns when one comes.
class end_signal {
public:
    end_signal() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGTERM);
        sigaddset(&set_, SIGINT);
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    }
    void wait() {
        int which = 0;
        sigwait(&set_, &which);
    }

private:
    sigset_t set_;
};
