// Fuzzes what is made of a single term of a peer before anybody decides what to do about it: requests of the
// I/O protocol and what they print, log events, calls, and answers to calls of our own.
#include "services/io_format.hpp"
#include "services/io_requests.hpp"
#include "services/rpc_calls.hpp"
#include "services/stdout_leader.hpp"
#include "term_input.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/base/check.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/node/erpc.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace {

using namespace rakka;

const atom node("a@localhost");  // here before anything is decoded
constexpr std::uint32_t creation = 0x12345678;

reference reference_number(std::uint32_t n) {
    reference r;
    r.node = node;
    r.creation = creation;
    r.size = 1;
    r.words[0] = n;
    return r;
}

void print(const term& t) {
    if (const auto request = detail::io_request::read(t)) {
        const auto outcome = detail::io_outcome_of(request->body);
        RAKKA_CHECK(request->reply(outcome.reply).is_tagged("io_reply"_a, 3));
    }
    RAKKA_CHECK(detail::io_outcome_of(t).reply.has_value());
    static_cast<void>(detail::characters_of(t, true));
    static_cast<void>(detail::characters_of(t, false));
    if (!t.is_tuple(2)) return;
    static_cast<void>(detail::io_lib_format(t.tuple()[0], t.tuple()[1]));
}

void call(const term& t) {
    if (const auto request = gen::as_request(t)) {
        const auto again = from::read(request->sender.to_term());
        RAKKA_CHECK(again.has_value() && again->client == request->sender.client);
    }
    static_cast<void>(gen::as_cast(t));
    if (t.is_tuple(3)) {
        const auto part = [&](std::size_t i) { return t.share(t.tuple()[i]); };
        const auto read = detail::read_call(part(0), part(1), part(2));
        if (read) RAKKA_CHECK(detail::to_list(read->arguments) == part(2));
    }
}

void answer(const term& t) {
    const erpc::request_id id{reference_number(1), reference_number(2)};
    const auto one = erpc::check_response(t, id);
    if (one && !*one) RAKKA_CHECK(one->error().to_term().is_tuple(2));
    erpc::request_ids ids;
    ids.add(id, term(1));
    ids.add({reference_number(3), reference_number(4)}, term(2));
    const auto any = erpc::check_response(t, ids);
    RAKKA_CHECK(ids.size() == (any ? 1U : 2U));
    if (one) RAKKA_CHECK(any.has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = fuzzing::term_in(data, size);
    if (!input) return 0;
    print(*input);
    call(*input);
    answer(*input);
    return 0;
}
