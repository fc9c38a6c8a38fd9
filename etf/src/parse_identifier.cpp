#include "parse_identifier.hpp"

#include <rakka/etf/local_origin.hpp>

#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace rakka::etf::detail {
namespace {

word read_pid(builder& b, text_lexer& lexer, std::span<const std::uint64_t> numbers, std::uint32_t origin) {
    const std::uint64_t id = numbers[0], serial = numbers[1];
    if (id >= std::uint64_t{1} << pid_slot_bits || serial >= std::uint64_t{1} << pid_serial_bits ||
        serial == 0)
        lexer.fail(errc::syntax, "not a pid that this node could have");
    return b.put_pid({{}, static_cast<std::uint32_t>(id), static_cast<std::uint32_t>(serial), origin});
}

word read_port(builder& b, std::span<const std::uint64_t> numbers, std::uint32_t origin) {
    const node_identity own = local_origin::identity(origin);
    return b.put_port({own.name, own.creation, numbers[0]});
}

word read_reference(builder& b, text_lexer& lexer, std::span<const std::uint64_t> numbers,
                    std::uint32_t origin) {
    reference r{{}, origin, static_cast<std::uint32_t>(numbers.size()), {}};
    for (std::size_t i = 0; i < r.size; ++i) {
        const std::uint64_t value = numbers[numbers.size() - 1 - i];  // the text has the last word first
        if (value > std::numeric_limits<std::uint32_t>::max())
            lexer.fail(errc::syntax, "not a reference that this node could have");
        r.words[i] = static_cast<std::uint32_t>(value);
    }
    return b.put_reference(r);
}

}  // namespace

word read_identifier(builder& b, text_lexer& lexer, std::uint32_t origin) {
    const std::string_view kind = lexer.text();
    const auto numbers = lexer.numbers();
    const bool pid = kind.empty(), port = kind == "Port";
    const std::string what = pid ? "a pid" : port ? "a port" : "a reference";
    const bool complete = pid ? numbers.size() == 3 : port ? numbers.size() == 2 : numbers.size() >= 2;
    if (!complete)
        lexer.fail(errc::syntax, pid    ? "a pid is written <0.1.2>"
                                 : port ? "a port is written #Port<0.1>"
                                        : "a reference is written #Ref<0.1.2.3>");
    if (numbers[0] != 0) lexer.fail(errc::syntax, what + " of another node: its text does not tell of which");
    if (origin == 0)
        lexer.fail(errc::syntax, what + " of this node: parse_options::origin must say of which system");
    const auto own = numbers.subspan(1);
    const word w = pid    ? read_pid(b, lexer, own, origin)
                   : port ? read_port(b, own, origin)
                          : read_reference(b, lexer, own, origin);
    lexer.advance();
    return w;
}

}  // namespace rakka::etf::detail
