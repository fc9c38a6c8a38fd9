// Fuzzes the answers of an epmd, and of a name server of the domain name system. The first byte chooses what
// was asked, the second how much arrives at once.
#include "discovery/dns_lookup.hpp"
#include "epmd/query_fsm.hpp"
#include "epmd/registration_fsm.hpp"

#include <rakka/base/check.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

using namespace rakka;
using namespace rakka::epmd;

namespace {

constexpr std::size_t longest_error = 8192;
constexpr int most_attempts = 4;  // to register

/// Answers until it is done or has failed, or, when nothing is left, hangs up or is late.
template <class Machine>
action converse(Machine& machine, byte_view answers, std::size_t piece, bool hangs_up) {
    action a = machine.resume(started{});
    for (int attempts = 0; a.kind != action_kind::done && a.kind != action_kind::fail;) {
        switch (a.kind) {
            case action_kind::connect:
                a = machine.resume(connected{});
                break;
            case action_kind::write:
                a = machine.resume(written{});
                break;
            case action_kind::wait:
                if (++attempts == most_attempts) return a;
                a = machine.resume(delay_over{});
                break;
            default:
                if (answers.empty()) {
                    a = machine.resume(hangs_up ? event(closed{}) : event(timed_out{}));
                    if (++attempts == most_attempts) return a;
                } else {
                    const auto part = answers.first(std::min(piece, answers.size()));
                    answers = answers.subspan(part.size());
                    a = machine.resume(received{part});
                }
        }
    }
    return a;
}

void look_up(byte_view answers, std::size_t piece, bool hangs_up) {
    auto machine = query_fsm::lookup("a", "localhost:4369");
    if (converse(machine, answers, piece, hangs_up).kind == action_kind::fail) {
        RAKKA_CHECK(machine.error().message().size() < longest_error);
    } else {
        static_cast<void>(machine.node());
    }
}

void list_names(byte_view answers, std::size_t piece, bool hangs_up) {
    auto machine = query_fsm::names(4369, "localhost:4369");
    if (converse(machine, answers, piece, hangs_up).kind == action_kind::fail) {
        RAKKA_CHECK(machine.error().message().size() < longest_error);
    } else {
        RAKKA_CHECK(machine.all_names().nodes.size() <= answers.size());
    }
}

/// Nobody waits for a registered node's epmd to say more: it is never late.
void register_node(byte_view answers, std::size_t piece) {
    registration_fsm machine({.name = "a", .port = 4370, .extra = {}}, "localhost:4369");
    if (converse(machine, answers, piece, true).kind == action_kind::fail)
        RAKKA_CHECK(machine.error().message().size() < longest_error);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t piece = data[1] == 0 ? 1 : data[1];
    const bool hangs_up = (data[0] & 8) != 0;
    const byte_view answers(data + 2, size - 2);
    switch (data[0] & 7) {
        case 0:
            look_up(answers, piece, hangs_up);
            break;
        case 1:
            list_names(answers, piece, hangs_up);
            break;
        case 2:
            register_node(answers, piece);
            break;
        default:
            const auto type = static_cast<discovery::record_type>(data[0] % 3);
            RAKKA_CHECK(discovery::read_records(answers, type).size() <= discovery::max_records);
    }
    return 0;
}
