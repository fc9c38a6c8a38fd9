// rakka lint: runs rakka-lint, a program of its own because it stands on the clang libraries, which `rakka`
// does not.
#include "command.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

namespace rakka::tools {

namespace {

/// The exit status of shells for a program that is not there.
constexpr int no_such_program = 127;

/// Beside this program (installed, and in a build folder), else wherever PATH has it.
std::string find_rakka_lint() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto beside = self.parent_path() / "rakka-lint";
    return !error && std::filesystem::exists(beside, error) ? beside.string() : "rakka-lint";
}

int become_rakka_lint(std::vector<std::string> arguments) {
    const std::string program = find_rakka_lint();
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (std::string& argument : arguments)
        argv.push_back(argument.data());
    argv.push_back(nullptr);
    execvp(program.c_str(), argv.data());
    std::cerr
        << "rakka lint: cannot run " << program << ": " << std::strerror(errno)
        << "\n(it is built where clang's development files are installed: libclang-14-dev llvm-14-dev)\n";
    return no_such_program;
}

}  // namespace

void add_lint(CLI::App& rakka, work& chosen) {
    CLI::App* const lint = rakka.add_subcommand("lint", "Warn of C++ that breaks the isolation of processes");
    lint->prefix_command();  // all that follows is rakka-lint's
    lint->set_help_flag();   // also --help
    lint->callback([lint, &chosen] { chosen = [lint] { return become_rakka_lint(lint->remaining()); }; });
}

}  // namespace rakka::tools
