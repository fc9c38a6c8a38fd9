// rakka send: a message to a registered process.
#include "command.hpp"
#include "guest.hpp"

#include <rakka/etf/parse.hpp>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <string>

namespace rakka::tools {

namespace {

/// What the peer says of a message to `name`: empty, or what is wrong.
std::string deliver(atom peer, atom name, const term& message, std::chrono::nanoseconds patience) {
    const registered_name to{name, peer};
    const reference watch = monitor(to);
    send(to, message);
    // Answers come in order: when rex answers, a name that is not there has been told.
    send(registered_name{"rex"_a, peer}, term(tuple(self(), "features_request"_a)));
    const auto answer = receive_if(
        [&](term_view m) {
            return m.is_tagged("features_reply"_a, 3) ||
                   (m.is_tagged("DOWN"_a, 5) && m.tuple()[1].as<reference>() == watch);
        },
        patience);
    if (!answer) return "the node does not answer; the message has been sent";
    if (!answer->is_tagged("DOWN"_a, 5)) return {};
    const std::string why = answer->tuple()[4].to_string();
    if (why == "noproc") return "no process is registered as " + term(name).to_string();
    return "the process, or the connection to it, ended: " + why;
}

int send_message(const reach_options& how, const std::string& name, const std::string& text) {
    const auto message = parse_term(text);
    if (!message) {
        std::cerr << "rakka send: the message is no Erlang term: " << message.error().message() << '\n';
        return 2;
    }
    const auto to = atom::make(name);
    if (!to) {
        std::cerr << "rakka send: the name is no atom: " << to.error().message() << '\n';
        return 2;
    }
    const auto g = guest::start(how);
    if (!g) {
        std::cerr << "rakka send: " << g.error() << '\n';
        return 2;
    }
    std::string problem;
    if (const auto failed = (*g)->connect()) {
        problem = failed->text;
    } else {
        const std::chrono::milliseconds patience(static_cast<std::int64_t>(how.timeout * 1000));
        problem = (*g)->running().run([&] { return deliver((*g)->peer(), *to, *message, patience); });
    }
    if (problem.empty()) return 0;
    std::cerr << "rakka send: " << problem << '\n';
    return 1;
}

}  // namespace

void add_send(CLI::App& rakka, work& chosen) {
    struct arguments {
        reach_options how;
        std::string name;
        std::string message;
    };
    CLI::App* const command = rakka.add_subcommand("send", "Send a message to a registered process");
    const auto a = std::make_shared<arguments>();
    add_reach_options(*command, a->how);
    command->add_option("NAME", a->name, "The name of the process")->required();
    command->add_option("MESSAGE", a->message, "An Erlang term, \"{hello, [1, 2]}\"")->required();
    command->callback([a, &chosen] { chosen = [a] { return send_message(a->how, a->name, a->message); }; });
}

}  // namespace rakka::tools
