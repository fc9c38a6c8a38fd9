// The `rakka` command: one sub-command a file; see command.hpp.
#include "command.hpp"

#include <CLI/CLI.hpp>

namespace {

using namespace rakka::tools;

constexpr add_command commands[] = {add_ping,  add_names,   add_call,   add_send, add_sys,
                                    add_trace, add_capture, add_doctor, add_lint};

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Tools for Rakka, an Erlang node in C++"};
    app.name("rakka");
    app.set_version_flag("--version", "rakka " RAKKA_VERSION);
    app.require_subcommand(1);
    rakka::tools::work chosen;
    for (const auto add : commands)
        add(app, chosen);
    CLI11_PARSE(app, argc, argv);
    return chosen();
}
