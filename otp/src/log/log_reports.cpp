#include "log/log_reports.hpp"

#include <rakka/etf/order.hpp>
#include <rakka/etf/parse.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace rakka::log {

namespace {

constexpr std::size_t width = 80;

bool is_label(term_view label, atom first, atom second) noexcept {
    return label.is_tagged(first, 2) && label.tuple()[1].is_atom(second);
}

/// The behaviour whose report it is; nothing: of none that is known.
atom origin_of(term_view report) noexcept {
    const term_view label = find_in(report, "label"_a);
    if (!label.is_tuple(2)) return {};
    const auto first = label.tuple()[0].as<atom>();
    for (const atom known : {"gen_server"_a, "gen_statem"_a, "gen_event"_a, "supervisor"_a, "proc_lib"_a,
                             "application_controller"_a})
        if (first && *first == known) return known;
    return {};
}

/// `{Key, Value}`, or what is no pair.
void put_pair(report_text& to, term_view pair) {
    to << "    ";
    if (!pair.is_tuple(2)) {
        to << pair;
        return;
    }
    to << pair.tuple()[0] << ": ";
    to.text_or_term(pair.tuple()[1]);
}

// Erlang: logger:format_report/1.
void put_pairs(report_text& to, term_view report) {
    bool first = true;
    const auto next = [&] {
        if (!std::exchange(first, false)) to << "\n";
    };
    if (report.is(kind::map)) {
        for (const auto& [key, value] : in_order(report.map())) {
            next();
            to << "    " << key << ": ";
            to.text_or_term(value);
        }
    } else if (report.is(kind::list) && !is_string(report)) {
        for (const term_view item : report.list()) {
            next();
            put_pair(to, item);
        }
    } else {
        to.text_or_term(report);
    }
}

/// A pair of a report, as `Key: Value` by itself in a line or with a full stop.
void put_line(report_text& to, std::string_view key, std::string_view in_one_line, term_view report,
              atom name, bool last = false) {
    const term_view value = find_in(report, name);
    if (to.single_line()) {
        to << in_one_line << ": " << value << (last ? "." : ". ");
    } else {
        to << "    " << key << ": " << value << "\n";
    }
}

void put_child(report_text& to, std::string_view what, term_view child) {
    const term_view id = find_in(child, "id"_a);
    const term_view name = id.has_value() ? id : find_in(child, "name"_a);
    to << what << ": id=" << name;
    const term_view children = find_in(child, "nb_children"_a);  // of a dynamic supervisor that ends
    if (children.has_value()) {
        to << ",nb_children=" << children << ".";
    } else {
        to << ",pid=" << find_in(child, "pid"_a) << ".";
    }
}

void put_supervisor(report_text& to, term_view report, bool progress) {
    put_line(to, "supervisor", "Supervisor", report, "supervisor"_a);
    if (!progress) {
        put_line(to, "errorContext", "Context", report, "errorContext"_a);
        put_line(to, "reason", "Reason", report, "reason"_a);
    }
    const term_view child = find_in(report, progress ? "started"_a : "offender"_a);
    if (to.single_line()) {
        put_child(to, progress ? "Started" : "Offender", child);
    } else {
        to << (progress ? "    started: " : "    offender: ") << child << "\n";
    }
}

void put_application(report_text& to, term_view report, bool progress) {
    put_line(to, "application", "Application", report, "application"_a);
    if (progress) return put_line(to, "started_at", "Started at", report, "started_at"_a, true);
    put_line(to, "exited", "Exited", report, "exited"_a);
    put_line(to, "type", "Type", report, "type"_a, true);
}

}  // namespace

std::size_t report_text::column() const noexcept {
    const std::size_t line = out_.find_last_of('\n') + 1;  // npos + 1 is 0
    const auto begin = out_.begin() + static_cast<std::ptrdiff_t>(line);
    return 1 + static_cast<std::size_t>(std::count_if(begin, out_.end(), [](char c) {
               return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
           }));
}

report_text& report_text::print(term_view t, std::size_t column) {
    print_options how;
    how.charset = print_charset::unicode;
    how.depth = how_.depth;
    how.max_chars = how_.chars_limit;
    if (!how_.single_line) {
        how.line_length = width;
        how.column = column;
    }
    rakka::print(out_, t.has_value() ? t : term_view("undefined"_a), how);
    return *this;
}

report_text& report_text::text_or_term(term_view t) {
    if (!is_string(t)) return *this << t;
    append_characters(out_, t);
    return *this;
}

term_view find_in(term_view report, atom key) noexcept {
    if (report.is(kind::map)) return report.map().find(key).value_or(term_view());
    if (!report.is(kind::list)) return {};
    for (const term_view pair : report.list())
        if (pair.is_tuple(2) && pair.tuple()[0].is_atom(key)) return pair.tuple()[1];
    return {};
}

std::vector<std::pair<term_view, term_view>> in_order(map_view map) {
    std::vector<std::pair<term_view, term_view>> out;
    for (const auto pair : map)
        out.push_back(pair);
    std::sort(out.begin(), out.end(),
              [](const auto& a, const auto& b) { return compare_exact(a.first, b.first) < 0; });
    return out;
}

bool is_string(term_view t) noexcept {
    if (!t.is(kind::list)) return false;
    auto i = t.list().begin();
    for (; i != std::default_sentinel; ++i) {
        const auto c = (*i).as<std::int64_t>();
        if (!c) return false;
        const bool space =
            *c == '\n' || *c == '\r' || *c == '\t' || *c == '\v' || *c == '\b' || *c == '\f' || *c == 27;
        const bool printable = (*c >= 32 && *c < 127) || (*c >= 160 && *c < 0xD800) ||
                               (*c > 0xDFFF && *c < 0xFFFE) || (*c > 0xFFFF && *c <= 0x10FFFF);
        if (!space && !printable) return false;
    }
    return i.rest().is(kind::nil);
}

void append_characters(std::string& out, term_view string) {
    const auto put = [&](std::uint32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
    for (const term_view character : string.list()) {
        const auto read = character.as<std::uint32_t>();
        const std::uint32_t c = read ? *read : 0xFFFD;
        if (c < 0x80) {
            put(c);
            continue;
        }
        if (c < 0x800) {
            put(0xC0 | c >> 6);
        } else {
            if (c < 0x10000) {
                put(0xE0 | c >> 12);
            } else {
                put(0xF0 | c >> 18);
                put(0x80 | (c >> 12 & 0x3F));
            }
            put(0x80 | (c >> 6 & 0x3F));
        }
        put(0x80 | (c & 0x3F));
    }
}

bool is_progress(term_view report) noexcept {
    const term_view label = find_in(report, "label"_a);
    return is_label(label, "supervisor"_a, "progress"_a) ||
           is_label(label, "application_controller"_a, "progress"_a);
}

std::string words_of_report(term_view report, const printing& how) {
    report_text to(how);
    const term_view label = find_in(report, "label"_a);
    const term_view inner = find_in(report, "report"_a);
    const atom origin = origin_of(report);
    if (origin == "supervisor"_a && inner.has_value()) {
        put_supervisor(to, inner, is_progress(report));
    } else if (origin == "application_controller"_a && inner.has_value()) {
        put_application(to, inner, is_progress(report));
    } else if (is_label(label, "proc_lib"_a, "crash"_a) && inner.has_value()) {
        put_crash(to, inner);
    } else if (!origin || !put_behaviour(to, label, report)) {
        put_pairs(to, report);
    }
    return to.take();
}

term report_callback(term_view report) {
    const atom origin = origin_of(report);
    if (!origin) return {};
    const std::string function = origin == "proc_lib"_a ? "report_cb" : "format_log";
    auto made = parse_term("fun " + std::string(origin.text()) + ":" + function + "/2");
    return made ? *std::move(made) : term();
}

}  // namespace rakka::log
