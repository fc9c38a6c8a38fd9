#include "services/io_format.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/node/io.hpp>

#include <cstdio>
#include <string>
#include <variant>

namespace rakka::io {
namespace {

destination to_destination(const monitor_target& device) {
    return std::visit([](const auto& v) { return destination(v); }, device);
}

void print_here(std::string_view utf8) {
    rakka::blocking([utf8] {
        std::fwrite(utf8.data(), 1, utf8.size(), stdout);
        std::fflush(stdout);
    });
}

}  // namespace

void put_chars(const monitor_target& device, std::string_view utf8) {
    const reference tag = monitor(device);
    const term expected(tag);
    const term text = std::string(utf8);
    send(to_destination(device),
         term(tuple(atoms::known<"io_request">, self(), tag, tuple("put_chars"_a, "unicode"_a, text))), {});
    const auto answer = receive_if(tag, [&](term_view m) {
        return is_down(tag, m) ||
               (m.is_tagged(atoms::known<"io_reply">, 3) && m.tuple()[1] == expected.view());
    });
    if (is_down(tag, *answer)) error("terminated"_a);
    demonitor(tag, {.flush = true});
    const term_view outcome = answer->tuple()[2];
    if (outcome.is_tagged(atoms::known<"error">, 2)) error(answer->share(outcome.tuple()[1]));
}

void put_chars(std::string_view utf8) {
    const pid leader = group_leader();
    if (leader == this_system().nobody()) return print_here(utf8);
    put_chars(monitor_target(leader), utf8);
}

void format(std::string_view format, const std::vector<term>& arguments) {
    const term all = detail::to_list(arguments);
    const term text = std::string(format);
    const auto made = detail::io_lib_format(text, all);
    if (!made) error(atoms::known<"badarg">);
    put_chars(*made);
}

}  // namespace rakka::io
