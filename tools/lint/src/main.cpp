// rakka-lint, which `rakka lint` runs: warns of C++ that breaks the isolation of processes. docs/lint.md
#include "lint.hpp"
#include "print.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace rakka::lint;

// Exit statuses.
constexpr int clean = 0;
constexpr int found_something = 1;
constexpr int could_not_check = 2;

struct command_line {
    request what;
    print_options print;
    bool werror = false;
    bool list = false;
    std::vector<std::string> disabled;
};

void list_warnings() {
    for (std::size_t i = 0; i < warning_count; ++i) {
        const warning_text& t = text_of(static_cast<warning>(i));
        std::cout << t.id << "\n    " << t.why << "\n    " << t.cure << '\n';
    }
}

void describe(CLI::App& app, command_line& line) {
    app.name("rakka lint");
    app.add_option("-p,--build", line.what.build_dir, "the folder that has compile_commands.json")
        ->type_name("BUILD")
        ->check(CLI::ExistingDirectory);
    app.add_option("files", line.what.files,
                   "files, and folders of files that are in compile_commands.json; "
                   "none: all of it");
    app.add_flag("--werror", line.werror, "say error instead of warning, and exit with 1 when there is one");
    app.add_option("--disable-warnings,--disable_warnings", line.disabled, "kinds not to warn of, by comma")
        ->type_name("ID")
        ->delimiter(',')
        ->take_all()
        ->expected(1);
    app.add_flag("!--no-notes", line.print.notes, "one line for each finding");
    app.add_flag("--list", line.list, "show the kinds of warning and end");
    app.add_option("-j,--jobs", line.what.jobs, "files checked at a time")
        ->type_name("N")
        ->default_val(std::max(1U, std::thread::hardware_concurrency()));
    app.footer(
        "Compiler options after `--` replace compile_commands.json: rakka lint a.cpp -- -std=c++20 "
        "-Iinclude\n"
        "Exit status: 0, or 1 with --werror and findings, or 2 when a file could not be checked.");
}

int run(command_line& line) {
    for (const std::string& id : line.disabled) {
        const auto kind = warning_by_id(id);
        if (!kind) {
            std::cerr << "rakka lint: no warning is called '" << id << "'; --list shows them\n";
            return could_not_check;
        }
        line.what.disabled[static_cast<std::size_t>(*kind)] = true;
    }
    line.print.errors = line.werror;
    const report result = check(line.what);
    if (!result.error.empty()) {
        std::cerr << "rakka lint: " << result.error << '\n';
        return could_not_check;
    }
    for (const finding& f : result.findings)
        print(std::cout, f, line.print);
    std::cout.flush();
    std::cerr << "rakka lint: " << result.files << " files, " << result.findings.size() << " findings";
    if (result.broken != 0) std::cerr << "; " << result.broken << " files did not compile";
    std::cerr << '\n';
    if (result.broken != 0) return could_not_check;
    return line.werror && !result.findings.empty() ? found_something : clean;
}

}  // namespace

int main(int argc, char** argv) {
    command_line line;
    char** const end = argv + argc;
    char** const dashes = std::find_if(argv, end, [](const char* word) { return std::string(word) == "--"; });
    if (dashes != end) line.what.arguments.assign(dashes + 1, end);
    CLI::App app{"Warns of C++ that breaks the isolation of Rakka's processes"};
    describe(app, line);
    try {
        app.parse(static_cast<int>(dashes - argv), argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? clean : could_not_check;
    }
    if (line.list) {
        list_warnings();
        return clean;
    }
    return run(line);
}
