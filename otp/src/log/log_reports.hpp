// Reports in words: those of OTP's behaviours, which their label tells, and any other.
#pragma once

#include <rakka/etf/build.hpp>
#include <rakka/etf/print.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::log {

struct printing {
    bool single_line = true;
    std::size_t depth = 0;        ///< of terms; 0: no limit
    std::size_t chars_limit = 0;  ///< of a term; 0: no limit
};

/// A text into which terms are printed where it stands, as io_lib:format does.
class report_text {
public:
    explicit report_text(const printing& how) : how_(how) {}

    report_text& operator<<(std::string_view text) {
        out_ += text;
        return *this;
    }
    /// `~tp`
    report_text& operator<<(term_view t) { return print(t, column()); }
    /// The same, further lines beginning in this column.
    report_text& print(term_view t, std::size_t column);
    /// Characters as they are, any other term as `~tp`.
    report_text& text_or_term(term_view t);

    [[nodiscard]] bool single_line() const noexcept { return how_.single_line; }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    [[nodiscard]] std::size_t column() const noexcept;

    const printing how_;
    std::string out_;
};

/// What stands under `key` in a report: a map, or a list of pairs. Nothing (has_value() is false) when there
/// is none.
[[nodiscard]] term_view find_in(term_view report, atom key) noexcept;

/// The pairs of a map in the order of their keys.
[[nodiscard]] std::vector<std::pair<term_view, term_view>> in_order(map_view map);

/// A list of printable characters, which is not empty.
[[nodiscard]] bool is_string(term_view t) noexcept;

/// Those of such a list, in UTF-8.
void append_characters(std::string& out, term_view string);

/// Also in single_line the text may have line ends, which the formatter replaces. Erlang: the functions that
/// metadata has as report_cb, logger:format_report/1.
[[nodiscard]] std::string words_of_report(term_view report, const printing& how);

/// Progress of a supervisor or an application.
[[nodiscard]] bool is_progress(term_view report) noexcept;

/// `fun gen_server:format_log/2` and the like: what makes a BEAM put the report into the same words. No value
/// for a report of another kind.
[[nodiscard]] term report_callback(term_view report);

// The parts of words_of_report(), each in a file of its own.

/// proc_lib's `{proc_lib, crash}`.
void put_crash(report_text& to, term_view report);
/// gen_server, gen_statem and gen_event; false: the label is another.
bool put_behaviour(report_text& to, term_view label, term_view report);

}  // namespace rakka::log
