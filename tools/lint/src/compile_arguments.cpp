#include "compile_arguments.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace rakka::lint {

namespace {

using std::string_view;

// With their value in the same word or in the next one.
constexpr std::array<string_view, 14> with_value{
    "-I",       "-D",        "-U",        "-isystem", "-iquote", "-idirafter", "-include",
    "-imacros", "-isysroot", "--sysroot", "-F",       "-x",      "-target",    "-iprefix"};
constexpr std::array<string_view, 12> alone{"-std=",    "--std=",   "--sysroot=", "-nostdinc",
                                            "-stdlib=", "-pthread", "-ansi",      "-m32",
                                            "-m64",     "-mx32",    "--target=",  "-trigraphs"};
constexpr std::array<string_view, 8> of_the_language{"-fno-exceptions", "-fno-rtti",     "-fchar8_t",
                                                     "-fno-char8_t",    "-fsigned-char", "-funsigned-char",
                                                     "-fms-extensions", "-fopenmp"};

}  // namespace

std::vector<std::string> compile_arguments(const std::vector<std::string>& command) {
    // The compiler's own headers (stddef.h …) are looked for beside the program, where they are not.
    std::vector<std::string> out{"clang++", "-fsyntax-only", "-w", "-resource-dir", RAKKA_LINT_RESOURCE_DIR};
    bool next_is_value = false;
    for (std::size_t i = 1; i < command.size(); ++i) {
        const string_view word = command[i];
        if (std::exchange(next_is_value, false)) {
            out.emplace_back(word);
            continue;
        }
        if (word == "--" || !word.starts_with('-')) {
            out.emplace_back(word);
            continue;
        }
        for (const string_view option : with_value) {
            if (!word.starts_with(option)) continue;
            out.emplace_back(word);
            next_is_value = word == option;
            break;
        }
        for (const string_view option : alone) {
            if (word.starts_with(option)) out.emplace_back(word);
        }
        for (const string_view option : of_the_language) {
            if (word == option) out.emplace_back(word);
        }
        if (word == "-o" || word == "-MF" || word == "-MT" || word == "-MQ" || word == "-Xclang") ++i;
    }
    return out;
}

}  // namespace rakka::lint
