// rakka trace: the messages and calls of processes of a Rakka node, up to a limit.
#include "command.hpp"
#include "guest.hpp"
#include "process_name.hpp"

#include <rakka/etf/parse.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::tools {

namespace {

using std::chrono::milliseconds;

struct arguments {
    reach_options how;
    std::string what;
    std::vector<std::string> targets;
    std::string process;
    std::string match;
    std::size_t limit = 0;
    double window = 0;    // seconds
    double duration = 0;  // seconds; 0: until the limit
    bool sent = false;
    bool received = false;
    bool returns = false;
    bool arity = false;
};

/// What is asked of the node: a function of rakka_trace and the arguments, but for whom to print to.
struct request {
    atom function{};
    std::vector<std::string> processes{};  // to be looked up
    term first{};                          // of calls
    std::vector<term> options{};
};
using reading = boost::system::result<request, std::string>;  // or what is wrong with the command line

/// `module`, `module:function` or `module:function/arity`.
std::optional<term> read_function(std::string_view text) {
    const auto part = [](std::string_view t) -> std::optional<term> {
        const auto parsed = parse_term(t);
        if (parsed && parsed->is(kind::atom)) return *parsed;
        const auto plain = t.empty() ? result<atom>(error_code()) : atom::make(t);
        return plain ? std::optional<term>(*plain) : std::nullopt;
    };
    // The last single colon: names of C++ have double ones.
    std::size_t colon = text.rfind(':');
    if (colon != std::string_view::npos && colon > 0 && text[colon - 1] == ':')
        colon = std::string_view::npos;
    const auto module = part(text.substr(0, colon));
    if (!module) return std::nullopt;
    if (colon == std::string_view::npos) return term(tuple(*module, "_"_a, "_"_a));
    const std::string_view rest = text.substr(colon + 1);
    const std::size_t slash = rest.rfind('/');
    const auto function = part(rest.substr(0, slash));
    if (!function) return std::nullopt;
    if (slash == std::string_view::npos) return term(tuple(*module, *function, "_"_a));
    const auto arity = parse_term(rest.substr(slash + 1));
    if (!arity || !arity->as<std::uint8_t>()) return std::nullopt;
    return term(tuple(*module, *function, *arity));
}

bool is_group(const std::string& target) {
    return target == "all" || target == "new" || target == "existing";
}

/// `module=NAME`: the processes of a module.
std::optional<term> read_group(const std::string& target) {
    if (is_group(target)) return term(atom(target));
    constexpr std::string_view prefix = "module=";
    if (!target.starts_with(prefix)) return std::nullopt;
    const auto name = atom::make(std::string_view(target).substr(prefix.size()));
    return name ? std::optional<term>(tuple("module"_a, *name)) : std::nullopt;
}

bool is_target(const std::string& target) {
    return read_group(target).has_value() || process_name::read(target).has_value();
}

reading read(const arguments& a) {
    request out;
    out.function = atom(a.what);
    if (a.what == "clear") return out;
    if (a.what != "messages" && a.what != "calls") return "what is to be done: messages, calls, clear";
    if (a.limit == 0) return "--limit N is needed: how many events to show";
    if (a.targets.empty()) return std::string("messages or calls of whom?");
    if (a.returns) out.options.emplace_back("return_values"_a);
    if (a.arity) out.options.emplace_back(tuple("args"_a, "arity"_a));
    if (a.sent != a.received) out.options.emplace_back(tuple(a.sent ? "received"_a : "sent"_a, false));
    if (!a.match.empty()) {
        const auto pattern = parse_term(a.match);
        if (!pattern) return "--match: that is no Erlang term: " + pattern.error().message();
        out.options.emplace_back(tuple("match"_a, *pattern));
    }
    if (a.what == "messages") {
        for (const std::string& target : a.targets)
            if (!is_target(target))
                return target + " is no name, no pid, none of all, new, existing, and no module=NAME";
        out.processes = a.targets;
        return out;
    }
    std::vector<term> functions;
    for (const std::string& target : a.targets) {
        auto f = read_function(target);
        if (!f) return target + " is no module, module:function or module:function/arity";
        functions.push_back(*std::move(f));
    }
    out.first = term(functions);
    if (!a.process.empty() && !is_target(a.process)) return "--process: " + a.process + " is no process";
    if (!a.process.empty()) out.processes = {a.process};
    return out;
}

/// As `rakka_trace` takes it; nothing when the node does not answer.
std::optional<term> target_term(const std::string& target, atom peer, milliseconds patience) {
    if (auto group = read_group(target)) return group;
    const auto name = process_name::read(target);
    if (!name->pid) return term(name->name);
    const auto to = name->on(peer, patience);
    return to ? std::optional<term>(to_term(*to)) : std::nullopt;
}

std::string why_not(const erpc::failure& failure) {
    const bool undefined = failure.reason.is_atom("undef"_a);
    if (undefined)
        return "the node does not let itself be traced: it is a BEAM, or has not called trace::export_to()";
    return failure.to_term().to_string();
}

/// Prints what the tracer sends until that has ended. What is wrong, or nothing.
std::string show(const reference& tracer, std::optional<milliseconds> duration,
                 const std::function<void()>& stop) {
    const auto begin = this_system().now();
    bool stopped = false;
    for (;;) {
        std::optional<std::chrono::nanoseconds> left;
        if (duration && !stopped)
            left = std::max(*duration - (this_system().now() - begin), std::chrono::nanoseconds(0));
        const auto wanted = [&](term_view m) { return m.is_tagged("io_request"_a, 4) || is_down(tracer, m); };
        const auto message = left ? receive_if(wanted, *left) : std::optional(receive_if(wanted));
        if (!message) {
            stopped = true;
            stop();
            continue;
        }
        if (is_down(tracer, *message))
            return message->tuple()[4].is_atom("noconnection"_a) ? "the connection was lost" : std::string();
        const auto parts = message->tuple();
        if (parts[3].is_tagged("put_chars"_a, 3)) {
            if (const auto text = parts[3].tuple()[2].as<std::string>()) std::cout << *text << std::flush;
        }
        if (const auto from = parts[1].as<pid>())
            send(*from, tuple("io_reply"_a, message->share(parts[2]), atoms::known<"ok">));
    }
}

/// In a process of the guest; what is wrong, or nothing.
std::string run(const arguments& a, const request& what, atom peer) {
    const milliseconds patience(static_cast<std::int64_t>(a.how.timeout * 1000));
    const auto call = [&](atom function, const std::vector<term>& given) {
        return erpc::call(peer, "rakka_trace"_a, function, term(given), patience);
    };
    if (what.function == "clear"_a) {
        const auto done = call("clear"_a, {});
        return done ? std::string() : why_not(done.error());
    }
    std::vector<term> processes;
    for (const std::string& target : what.processes) {
        auto t = target_term(target, peer, patience);
        if (!t) return "the node does not say what its pids are like";
        processes.push_back(*std::move(t));
    }
    std::vector<term> options = what.options;
    options.emplace_back(tuple("io_server"_a, self()));
    if (what.first.has_value() && !processes.empty()) options.emplace_back(tuple("pid"_a, processes));
    const term limit =
        a.window == 0 ? term(a.limit) : term(tuple(a.limit, static_cast<std::int64_t>(a.window * 1000)));
    const auto begun =
        call(what.function, {what.first.has_value() ? what.first : term(processes), limit, term(options)});
    if (!begun) return why_not(begun.error());
    const bool named = std::none_of(a.targets.begin(), a.targets.end(),
                                    [](const std::string& t) { return read_group(t).has_value(); });
    if (!what.first.has_value() && named && begun->as<std::size_t>() == 0U) {
        static_cast<void>(call("clear"_a, {}));
        return "there is no such process";
    }
    const auto tracer = call("tracer"_a, {});
    const auto p = tracer ? tracer->as<pid>() : result<pid>(error_code());
    if (!p) return {};  // over already
    const auto duration = a.duration == 0
                              ? std::nullopt
                              : std::optional(milliseconds(static_cast<std::int64_t>(a.duration * 1000)));
    return show(monitor(*p), duration, [&] { static_cast<void>(call("clear"_a, {})); });
}

int trace(const arguments& a) {
    const auto what = read(a);
    if (!what) {
        std::cerr << "rakka trace: " << what.error() << '\n';
        return 2;
    }
    const auto g = guest::start(a.how);
    if (!g) {
        std::cerr << "rakka trace: " << g.error() << '\n';
        return 2;
    }
    std::string problem;
    if (const auto failed = (*g)->connect()) {
        problem = failed->text;
    } else {
        problem = (*g)->running().run([&] { return run(a, *what, (*g)->peer()); });
    }
    if (problem.empty()) return 0;
    std::cerr << "rakka trace: " << problem << '\n';
    return 1;
}

}  // namespace

void add_trace(CLI::App& rakka, work& chosen) {
    CLI::App* const command =
        rakka.add_subcommand("trace", "Show messages or calls of processes of a Rakka node");
    const auto a = std::make_shared<arguments>();
    command->add_option("WHAT", a->what, "messages, calls, or clear, which ends a trace")->required();
    add_reach_options(*command, a->how);
    command->add_option("TARGETS", a->targets,
                        "Of messages: names, pids, all, new, existing, module=NAME; of calls: module, "
                        "module:function or module:function/arity");
    command->add_option("--limit", a->limit, "So many events, then it ends");
    command->add_option("--window", a->window, "The limit counts for so many seconds, and then anew")
        ->check(CLI::Range(0.001, 86400.0));
    command->add_option("--for", a->duration, "End after so many seconds")->check(CLI::Range(0.001, 86400.0));
    command->add_flag("--sent", a->sent, "Messages that are sent only");
    command->add_flag("--received", a->received, "Messages that are received only");
    command->add_option("--match", a->match, "Messages of this form only, '_' for anything: \"{add, '_'}\"");
    command->add_flag("--returns", a->returns, "Calls: what functions return, too");
    command->add_flag("--arity", a->arity, "Calls: the number of arguments in their place");
    command->add_option("--process", a->process, "Calls: of this process only");
    command->callback([a, &chosen] { chosen = [a] { return trace(*a); }; });
}

}  // namespace rakka::tools
