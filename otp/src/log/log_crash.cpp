// proc_lib's crash reports: `[[{initial_call, …}, {error_info, {Class, Reason, Stack}}, …], Neighbours]`.
#include "log/log_reports.hpp"

#include <rakka/etf/build.hpp>

#include <array>
#include <string>
#include <utility>

namespace rakka::log {

namespace {

/// Data of tags begins here in further lines, however long the tag.
constexpr std::size_t data_column = 18;

std::size_t length_of(term_view list) {
    std::size_t n = 0;
    for ([[maybe_unused]] const term_view item : list.list())
        ++n;
    return n;
}

bool is_list(term_view t) {
    return t.is(kind::list) || t.is(kind::nil);
}

/// `m:f/2`, from an arity or a list of arguments.
void put_function(report_text& to, term_view module, term_view function, term_view arity) {
    to << module << ":" << function << "/";
    if (is_list(arity)) {
        to << std::to_string(length_of(arity));
    } else {
        to << arity;
    }
}

/// Erlang's own reasons have words of their own. Erlang: erl_error:format_exception.
bool put_known_reason(report_text& to, term_view reason, term_view first_frame) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> plain = {
        {{"badarg", "bad argument"},
         {"badarith", "an error occurred when evaluating an arithmetic expression"},
         {"if_clause", "no true branch found when evaluating an if expression"},
         {"system_limit", "a system limit has been reached"},
         {"timeout_value", "bad receive timeout value"}}};
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> with_value = {
        {{"badmatch", "no match of right hand side value "},
         {"case_clause", "no case clause matching "},
         {"try_clause", "no try clause matching "},
         {"badfun", "bad function "},
         {"badmap", "bad map: "},
         {"badkey", "bad key: "}}};
    if (reason.is(kind::atom)) {
        for (const auto& [name, words] : plain)
            if (reason.atom_text() == name) {
                to << words;
                return true;
            }
        if (!first_frame.is_tuple(4)) return false;
        const auto frame = first_frame.tuple();
        if (reason.is_atom("undef"_a)) {
            to << "undefined function ";
            put_function(to, frame[0], frame[1], frame[2]);
            return true;
        }
        return false;
    }
    if (!reason.is_tuple(2) || !reason.tuple()[0].is(kind::atom)) return false;
    for (const auto& [name, words] : with_value)
        if (reason.tuple()[0].atom_text() == name) {
            to << words << reason.tuple()[1];
            return true;
        }
    return false;
}

/// `(file.cpp, line 7)`
void put_place(report_text& to, term_view location) {
    const term_view file = find_in(location, "file"_a);
    const term_view line = find_in(location, "line"_a);
    if (!file.has_value() || !line.has_value()) return;
    to << " (";
    to.text_or_term(file);
    to << ", line " << line << ")";
}

void put_frame(report_text& to, term_view frame, bool first, const std::string& indent) {
    const auto f = frame.tuple();
    to << "\n" << indent << (first ? "  in function  " : "  in call from ");
    put_function(to, f[0], f[1], f[2]);
    put_place(to, f[3]);
    if (!is_list(f[2])) return;
    to << "\n" << indent << "     called as " << f[0] << ":" << f[1] << "(";
    bool first_argument = true;
    for (const term_view a : f[2].list()) {
        if (!std::exchange(first_argument, false)) to << ",";
        to << a;
    }
    to << ")";
}

/// Frames of proc_lib at the bottom of the stack tell nothing. Nor does the first, if the reason has named
/// it.
void put_stack(report_text& to, term_view stack, bool without_first, const std::string& indent) {
    if (!is_list(stack)) return;
    std::size_t shown = 0;
    std::size_t n = 0;
    for (const term_view frame : stack.list()) {
        ++n;
        if (!frame.is_tuple(4)) return;
        if (!frame.tuple()[0].is_atom("proc_lib"_a)) shown = n;
    }
    n = 0;
    const std::size_t first = without_first ? 1 : 0;
    for (const term_view frame : stack.list()) {
        if (n == shown) return;
        if (n >= first) put_frame(to, frame, n == first, indent);
        ++n;
    }
}

/// `exception error: …` with the stack below.
void put_exception(report_text& to, term_view info, const std::string& indent) {
    const auto e = info.tuple();
    to << indent << "exception " << e[0] << ": ";
    const bool error = e[0].is_atom("error"_a);
    const bool has_frames = e[2].is(kind::list);
    const term_view first = has_frames ? *e[2].list().begin() : term_view();
    if (!error || !put_known_reason(to, e[1], first)) to << e[1];
    put_stack(to, e[2], error && e[1].is_atom("undef"_a), indent);
}

void put_initial_call(report_text& to, term_view call) {
    const auto c = call.tuple();
    to << "initial call: ";
    put_function(to, c[0], c[1], c[2]);
}

bool is_call_with_arguments(term_view value) {
    return value.is_tuple(3) && is_list(value.tuple()[2]);
}

void put_in_lines(report_text& to, term_view pairs, const std::string& indent) {
    bool first = true;
    for (const term_view pair : pairs.list()) {
        if (!pair.is_tuple(2)) continue;
        if (!std::exchange(first, false)) to << "\n";
        const term_view tag = pair.tuple()[0];
        const term_view data = pair.tuple()[1];
        if (tag.is_atom("error_info"_a) && data.is_tuple(3)) {
            put_exception(to, data, indent);
        } else if (tag.is_atom("initial_call"_a) && is_call_with_arguments(data)) {
            to << indent;
            put_initial_call(to, data);
        } else {
            to << indent << tag << ": ";
            to.print(data, data_column);
        }
    }
}

void put_in_one_line(report_text& to, term_view pairs) {
    bool first = true;
    for (const term_view pair : pairs.list()) {
        if (!pair.is_tuple(2)) continue;
        const term_view tag = pair.tuple()[0];
        const term_view data = pair.tuple()[1];
        if (!std::exchange(first, false)) to << ", ";
        if (tag.is_atom("error_info"_a) && data.is_tuple(3)) {
            const term both = tuple(term::copy(data.tuple()[1]), term::copy(data.tuple()[2]));
            to << data.tuple()[0] << ": " << both;
        } else if (tag.is_atom("initial_call"_a) && is_call_with_arguments(data)) {
            put_initial_call(to, data);
        } else {
            to << tag << ": " << data;
        }
    }
}

}  // namespace

void put_crash(report_text& to, term_view report) {
    if (!report.is(kind::list)) {
        to << report;
        return;
    }
    auto at = report.list().begin();
    const term_view own = *at;
    const term_view neighbours = ++at == std::default_sentinel ? term_view() : *at;
    const bool one = to.single_line();
    to << (one ? "crasher: " : "  crasher:\n");
    if (is_list(own)) one ? put_in_one_line(to, own) : put_in_lines(to, own, "    ");
    to << (one ? "; neighbours:" : "\n  neighbours:\n");
    if (!neighbours.is(kind::list)) return;
    std::string_view before = one ? " " : "    ";
    for (const term_view n : neighbours.list()) {
        if (!n.is_tagged("neighbour"_a, 2) || !is_list(n.tuple()[1])) continue;
        to << before << (one ? "neighbour: " : "neighbour:\n");
        before = one ? "; " : "\n    ";
        one ? put_in_one_line(to, n.tuple()[1]) : put_in_lines(to, n.tuple()[1], "      ");
    }
}

}  // namespace rakka::log
