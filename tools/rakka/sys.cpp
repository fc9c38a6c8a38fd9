// rakka sys: looking into a server, and stopping it for a while, as Erlang's module sys does.
#include "command.hpp"
#include "guest.hpp"
#include "process_name.hpp"

#include <rakka/etf/parse.hpp>
#include <rakka/etf/print.hpp>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rakka::tools {

namespace {

using words = std::vector<std::string>;

struct arguments {
    reach_options how;
    std::string operation;
    std::string process;
    std::string first, second;  // of the operation
};

/// What the server is asked, and what to say of its answer: nothing, or the term in it.
struct question {
    term body;
    bool shows = false;
};
/// Or what is wrong with the command line.
struct reading {
    std::optional<question> asked;
    std::string problem;
};

reading ask_for(term body, bool shows = false) {
    return {question{std::move(body), shows}, {}};
}
reading refuse(std::string problem) {
    return {std::nullopt, std::move(problem)};
}

term debug(const char* what, const term& argument) {
    return tuple("debug"_a, tuple(atom(what), argument));
}

/// `on`, `off`, and of some `get` and more.
reading read_switch(const std::string& operation, const words& rest, bool may_get) {
    const std::string form = may_get ? "write on, off or get" : "write on or off";
    if (rest.size() != 1) return refuse(operation + ": " + form);
    if (rest[0] == "on") return ask_for(debug(operation.c_str(), atoms::known<"true">));
    if (rest[0] == "off") return ask_for(debug(operation.c_str(), atoms::known<"false">));
    if (may_get && rest[0] == "get") return ask_for(debug(operation.c_str(), "get"_a), true);
    return refuse(operation + ": " + form);
}

reading read_log(const words& rest) {
    if (rest.size() == 2 && rest[0] == "on") {
        const auto size = parse_term(rest[1]);
        const auto n = size ? size->as<std::uint32_t>() : result<std::uint32_t>(error_code());
        if (!n || *n == 0) return refuse("log: how many events to keep is no number");
        return ask_for(debug("log", tuple(atoms::known<"true">, *n)));
    }
    if (rest.size() == 1 && rest[0] == "print") return ask_for(debug("log", "print"_a));
    auto plain = read_switch("log", rest, true);
    return plain.asked ? plain : refuse("log: write on, on N, off, get or print");
}

reading read_term(const std::string& operation, const words& rest, const char* otherwise) {
    if (rest.size() > 1 || (rest.empty() && otherwise == nullptr))
        return refuse(operation + ": one term is needed");
    const auto t = parse_term(rest.empty() ? otherwise : rest[0]);
    if (!t) return refuse(operation + ": that is no Erlang term: " + t.error().message());
    return ask_for(tuple(atom(operation == "terminate" ? "terminate" : "replace_state"), *t),
                   operation != "terminate");
}

reading read(const arguments& a) {
    // Not a vector of the command line's: that would take a list in brackets apart.
    words rest;
    for (const std::string* const word : {&a.first, &a.second})
        if (!word->empty()) rest.push_back(*word);
    const bool alone = rest.empty();
    if (alone && a.operation == "get-state") return ask_for("get_state"_a, true);
    if (alone && a.operation == "get-status") return ask_for("get_status"_a, true);
    if (alone && a.operation == "suspend") return ask_for("suspend"_a);
    if (alone && a.operation == "resume") return ask_for("resume"_a);
    if (alone && a.operation == "no-debug") return ask_for(tuple("debug"_a, "no_debug"_a));
    if (a.operation == "statistics") return read_switch("statistics", rest, true);
    if (a.operation == "trace") return read_switch("trace", rest, false);
    if (a.operation == "log") return read_log(rest);
    if (a.operation == "terminate") return read_term(a.operation, rest, "normal");
    if (a.operation == "replace-state") return read_term(a.operation, rest, nullptr);
    return refuse(
        "what is to be done: get-state, get-status, suspend, resume, statistics on|off|get, "
        "log on [N]|off|get|print, trace on|off, no-debug, terminate [REASON], replace-state FUN");
}

/// The servers that refuse say `{error, Reason}`; OTP 26 and later give states as `{ok, State}`.
std::optional<term> value_in(const question& asked, const term& answer, std::string& problem) {
    // A state may look like an error; one that cannot be had does so in a way of its own.
    const bool of_state = asked.body.is_atom("get_state"_a) || asked.body.is_tagged("replace_state"_a, 2);
    if (answer.is_tagged("error"_a, 2) &&
        (!of_state || answer.tuple()[1].is_tagged("callback_failed"_a, 3))) {
        problem = "the process refuses: " + answer.share(answer.tuple()[1]).to_string();
    } else if (answer.is_atom("unknown_debug"_a)) {
        problem = "the process does not know that";
    } else if (asked.shows) {
        return answer.is_tagged("ok"_a, 2) ? answer.share(answer.tuple()[1]) : answer;
    }
    return std::nullopt;
}

std::string why_not(const term& reason, const std::string& process) {
    if (reason.is_atom("noproc"_a)) return "there is no process " + process;
    if (reason.is_atom("timeout"_a))
        return process + " does not answer: it is busy, or no process that sys can look into";
    return process + " has ended, or the connection to it: " + reason.to_string();
}

int ask(const arguments& a) {
    const reading asked = read(a);
    const auto whom = process_name::read(a.process);
    if (!asked.asked || !whom) {
        std::cerr << "rakka sys: "
                  << (asked.asked ? "a process is a name, or a pid such as '<0.123.0>'" : asked.problem)
                  << '\n';
        return 2;
    }
    const auto g = guest::start(a.how);
    if (!g) {
        std::cerr << "rakka sys: " << g.error() << '\n';
        return 2;
    }
    if (const auto failed = (*g)->connect()) {
        std::cerr << "rakka sys: " << failed->text << '\n';
        return 1;
    }
    const std::chrono::milliseconds patience(static_cast<std::int64_t>(a.how.timeout * 1000));
    std::string problem;
    std::optional<term> value;
    (*g)->running().run([&] {
        const auto to = whom->on((*g)->peer(), patience);
        if (!to) {
            problem = "the node does not say what its pids are like";
            return;
        }
        const auto answer = gen::call(*to, "system"_a, asked.asked->body, patience);
        if (!answer) {
            problem = why_not(answer.error().reason, a.process);
            return;
        }
        value = value_in(*asked.asked, *answer, problem);
    });
    if (!problem.empty()) {
        std::cerr << "rakka sys: " << problem << '\n';
        return 1;
    }
    if (value) std::cout << to_string(*value, {.charset = print_charset::unicode, .line_length = 80}) << '\n';
    return 0;
}

}  // namespace

void add_sys(CLI::App& rakka, work& chosen) {
    CLI::App* const command =
        rakka.add_subcommand("sys", "Look into a server, suspend it, log and count what it does");
    const auto a = std::make_shared<arguments>();
    command
        ->add_option(
            "OPERATION", a->operation,
            "get-state, get-status, suspend, resume, statistics on|off|get, log on [N]|off|get|print, "
            "trace on|off, no-debug, terminate [REASON], replace-state 'fun M:F/1'")
        ->required();
    add_reach_options(*command, a->how);
    command->add_option("PROCESS", a->process, "A registered name, or a pid such as '<0.123.0>'")->required();
    command->add_option("ARGUMENT", a->first, "Of the operation");
    command->add_option("MORE", a->second, "Likewise");
    command->callback([a, &chosen] { chosen = [a] { return ask(*a); }; });
}

}  // namespace rakka::tools
