// The kinds of warning: their ids, and for each why it matters and what to do instead. docs/lint.md has more.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::lint {

enum class warning : std::uint8_t {
    reference_capture,
    shared_state,
    thread_local_state,
    raw_thread,
    lock,
    blocking_call,
    bad_allowance,
};
inline constexpr std::size_t warning_count = 7;

/// A set of kinds.
using warning_set = std::array<bool, warning_count>;

struct warning_text {
    std::string_view id;    ///< as written in an allowance and after a warning
    std::string_view why;   ///< one clause
    std::string_view cure;  ///< one clause, imperative
};

/// Lives for ever.
[[nodiscard]] const warning_text& text_of(warning w) noexcept;
/// Nothing for a name that is no id.
[[nodiscard]] std::optional<warning> warning_by_id(std::string_view id) noexcept;

/// A place in a source file, as compilers count: from 1.
struct place {
    std::string file;
    unsigned line = 0;
    unsigned column = 0;
    friend auto operator<=>(const place&, const place&) = default;
};

struct note {
    place where;
    std::string text;
};

/// One warning about one place. Ordered by place.
struct finding {
    place where;
    warning kind = warning::reference_capture;
    std::string text;         ///< what was found; the why and the cure follow from the kind
    std::vector<note> notes;  ///< how the place came to be process code
};

}  // namespace rakka::lint
