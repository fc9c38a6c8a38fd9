// rakka call: a function on a node.
#include "command.hpp"
#include "guest.hpp"

#include <rakka/etf/parse.hpp>
#include <rakka/node/erpc.hpp>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rakka::tools {

namespace {

struct function_call {
    atom module;
    atom function;
    term arguments;
};

/// Where the first `wanted` is that stands in no quotes.
std::size_t find_outside_quotes(std::string_view text, char wanted) {
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quote == 0 && text[i] == wanted) return i;
        if (quote != 0 && text[i] == '\\') {
            ++i;
        } else if (text[i] == quote) {
            quote = 0;
        } else if (quote == 0 && (text[i] == '\'' || text[i] == '"')) {
            quote = text[i];
        }
    }
    return std::string_view::npos;
}

std::optional<atom> read_atom(std::string_view text) {
    const auto t = parse_term(text);
    const auto a = t ? t->as<atom>() : result<atom>(error_code());
    return t && a ? std::optional(*a) : std::nullopt;
}

/// `module:function(arguments)`; or what is wrong with it.
boost::system::result<function_call, std::string> read_call(std::string_view text) {
    const std::string form = "write module:function(arguments), as in \"lists:reverse([1, 2])\"";
    const auto colon = find_outside_quotes(text, ':');
    const auto open = find_outside_quotes(text, '(');
    if (colon == std::string_view::npos || open == std::string_view::npos || open < colon ||
        text.back() != ')')
        return form;
    const auto module = read_atom(text.substr(0, colon));
    const auto function = read_atom(text.substr(colon + 1, open - colon - 1));
    if (!module || !function) return "the module or the function is no atom: " + form;
    const auto arguments = parse_term("[" + std::string(text.substr(open + 1, text.size() - open - 2)) + "]");
    if (!arguments) return "the arguments are no Erlang terms: " + arguments.error().message();
    return function_call{*module, *function, *arguments};
}

int call(const reach_options& how, const std::string& text) {
    const auto what = read_call(text);
    if (!what) {
        std::cerr << "rakka call: " << what.error() << '\n';
        return 2;
    }
    const auto g = guest::start(how);
    if (!g) {
        std::cerr << "rakka call: " << g.error() << '\n';
        return 2;
    }
    if (const auto failed = (*g)->connect()) {
        std::cerr << "rakka call: " << failed->text << '\n';
        return 1;
    }
    const std::chrono::milliseconds patience(static_cast<std::int64_t>(how.timeout * 1000));
    const auto answer = (*g)->running().run(
        [&] { return erpc::call((*g)->peer(), what->module, what->function, what->arguments, patience); });
    if (answer) {
        std::cout << answer->to_string() << '\n';
        return 0;
    }
    std::cerr << "rakka call: " << answer.error().to_term().to_string() << '\n';
    return 1;
}

}  // namespace

void add_call(CLI::App& rakka, work& chosen) {
    struct arguments {
        reach_options how;
        std::string call;
    };
    CLI::App* const command =
        rakka.add_subcommand("call", "Call a function on a node and print what it returns");
    const auto a = std::make_shared<arguments>();
    add_reach_options(*command, a->how);
    command->add_option("CALL", a->call, "\"module:function(arguments)\", in Erlang's syntax")->required();
    command->callback([a, &chosen] { chosen = [a] { return call(a->how, a->call); }; });
}

}  // namespace rakka::tools
