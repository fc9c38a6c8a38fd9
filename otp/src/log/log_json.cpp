// Events as JSON, one a line.
#include "log/log_keys.hpp"
#include "log/log_reports.hpp"
#include "log/log_time.hpp"

#include <rakka/etf/convert.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/otp/log_formatter.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

namespace rakka::log {

namespace {

/// Nested deeper, terms are written as text: what reads the log may recurse.
constexpr int deepest = 16;

/// How long the UTF-8 sequence at the front is; 0: there is none.
std::size_t length_of_sequence(std::string_view s) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const std::size_t n = at(0) < 0x80 ? 1 : at(0) >= 0xF0 ? 4 : at(0) >= 0xE0 ? 3 : at(0) >= 0xC2 ? 2 : 0;
    if (n == 0 || n > s.size() || at(0) > 0xF4) return 0;
    for (std::size_t i = 1; i < n; ++i)
        if ((at(i) & 0xC0U) != 0x80U) return 0;
    if ((at(0) == 0xE0 && at(1) < 0xA0) || (at(0) == 0xED && at(1) > 0x9F)) return 0;
    return (at(0) == 0xF0 && at(1) < 0x90) || (at(0) == 0xF4 && at(1) > 0x8F) ? 0 : n;
}

/// One character, or byte, as a string of JSON has it; how long it was.
std::size_t put_character(std::string& out, std::string_view text) {
    const std::size_t n = length_of_sequence(text);
    const char c = text.front();
    if (n == 0) {
        out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
    } else if (c == '\n') {
        out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
        out += text.substr(0, n);
    }
    return std::max<std::size_t>(n, 1);
}

bool is_text(term_view binary) {
    const auto bytes = binary.bytes();
    std::string_view s(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (!s.empty()) {
        const std::size_t n = length_of_sequence(s);
        if (n == 0) return false;
        s.remove_prefix(n);
    }
    return true;
}

bool is_object(term_view list) {
    for (const term_view pair : list.list())
        if (!pair.is_tuple(2) || !pair.tuple()[0].is(kind::atom)) return false;
    return true;
}

/// A line in the making. Each text has a limit, and so have all terms together: what is from other
/// nodes may have many keys, and terms of many texts. What goes beyond is left out, with `...` in its place,
/// and the line is an object of JSON nevertheless.
class json_line {
public:
    /// Characters of a text; 0: no limit.
    explicit json_line(std::size_t limit) : limit_(limit) {}

    void text(std::string_view key, std::string_view value) {
        aside([&] {
            put_key(key);
            put_string(value, limit_);
        });
    }
    void value(std::string_view key, term_view value) {
        const std::size_t end = std::exchange(end_, no_end);  // the key is whole, but counts
        put_key(key);
        end_ = end;
        put_term(value, 0);
    }
    void number(std::string_view key, std::uint32_t value) {
        aside([&] {
            put_key(key);
            out_ += fmt::format("{}", value);
        });
    }
    /// The terms that come now have a limit all together.
    void limit_terms() {
        if (limit_ != 0) end_ = out_.size() + limit_;
    }
    [[nodiscard]] bool is_full() const noexcept { return out_.size() >= end_; }
    [[nodiscard]] std::string take() {
        out_ += "}\n";
        return std::move(out_);
    }

private:
    /// Does not count: a few texts, each with a limit of its own.
    template <class Put>
    void aside(const Put& put) {
        const std::size_t begin = out_.size();
        const std::size_t end = std::exchange(end_, no_end);
        put();
        if (end != no_end) end_ = end + (out_.size() - begin);
    }
    void put_key(std::string_view key) {
        out_ += out_.empty() ? '{' : ',';
        put_string(key, limit_);
        out_ += ':';
    }
    /// 0: no limit
    void put_string(std::string_view text, std::size_t limit) {
        out_ += '"';
        for (std::size_t characters = 0; !text.empty(); ++characters) {
            if ((limit != 0 && characters == limit) || is_full()) {
                out_ += "...";
                break;
            }
            text.remove_prefix(put_character(out_, text));
        }
        out_ += '"';
    }
    void put_as_text(term_view t) {
        // Of what does not fit not even the text is made.
        const std::size_t most = limit_ == 0 ? 0 : std::min(limit_, end_ - std::min(end_ - 1, out_.size()));
        put_string(to_string(t, {.charset = print_charset::unicode, .max_chars = most}), limit_);
    }
    void put_key_of(term_view key) {
        if (key.is(kind::atom)) {
            put_string(key.atom_text(), limit_);
        } else if (key.is(kind::binary) && is_text(key)) {
            put_string(*key.as<std::string_view>(), limit_);
        } else {
            put_as_text(key);
        }
        out_ += ':';
    }
    void put_integer(term_view t) {
        const std::string digits = t.to_string();
        // Cut it would be another number.
        const bool fits = limit_ == 0 || (digits.size() <= limit_ && out_.size() + digits.size() <= end_);
        out_ += fits ? digits : R"("...")";
    }
    void put_real(double d) { out_ += std::isfinite(d) ? fmt::format("{}", d) : "null"; }
    void put_list(term_view t, int depth);
    void put_map(term_view t, int depth);
    void put_term(term_view t, int depth);

    static constexpr std::size_t no_end = static_cast<std::size_t>(-1);
    const std::size_t limit_;
    std::size_t end_ = no_end;
    std::string out_;
};

void json_line::put_list(term_view t, int depth) {
    const bool object = is_object(t);
    char separator = object ? '{' : '[';
    for (const term_view item : t.list()) {
        out_ += separator;
        separator = ',';
        if (is_full()) {
            out_ += object ? R"("...":"...")" : R"("...")";
            break;
        }
        if (object) put_key_of(item.tuple()[0]);
        put_term(object ? item.tuple()[1] : item, depth + 1);
    }
    out_ += object ? '}' : ']';
}

void json_line::put_map(term_view t, int depth) {
    out_ += '{';
    bool first = true;
    for (const auto& [key, value] : in_order(t.map())) {
        if (!std::exchange(first, false)) out_ += ',';
        if (is_full()) {
            out_ += R"("...":"...")";
            break;
        }
        put_key_of(key);
        put_term(value, depth + 1);
    }
    out_ += '}';
}

void json_line::put_term(term_view t, int depth) {
    if (is_full()) {
        out_ += R"("...")";
        return;
    }
    if (depth == deepest) return put_as_text(t);
    switch (t.kind()) {
        case kind::integer:
            return put_integer(t);
        case kind::real:
            return put_real(*t.as<double>());
        case kind::atom:
            if (t.is_atom("true"_a) || t.is_atom("false"_a) || t.is_atom("null"_a)) {
                out_ += t.atom_text();
                return;
            }
            return put_string(t.atom_text(), limit_);
        case kind::binary:
            if (is_text(t)) return put_string(*t.as<std::string_view>(), limit_);
            break;
        case kind::nil:
            out_ += "[]";
            return;
        case kind::list:
            if (is_string(t)) {
                std::string text;
                append_characters(text, t);
                return put_string(text, limit_);
            }
            if (t.list().proper()) return put_list(t, depth);
            break;
        case kind::map:
            return put_map(t, depth);
        default:
            break;
    }
    put_as_text(t);
}

class json_formatter {
public:
    explicit json_formatter(json_options how) : how_(std::move(how)) {}

    std::string operator()(const log_event& e) const {
        json_line out(how_.chars_limit);
        out.text("time", rfc3339(e.time, 'T', how_.time_offset));
        out.text("level", to_string(e.level));
        const bool report = e.report.has_value();
        out.text("msg", report ? one_line(words_of_report(e.report, {true, 0, how_.chars_limit})) : e.text);
        out.limit_terms();
        if (report) out.value("report", e.report);
        if (e.process) {
            out.text("pid", term(e.process).to_string());
            out.text("node", etf::identity_of(e.process).name.text());
        }
        if (e.group_leader) out.text("gl", term(e.group_leader).to_string());
        if (!e.function.empty())
            out.text("mfa", fmt::format("{}:{}/{}", e.module.text(), e.function, e.arity));
        if (!e.file.empty()) out.text("file", e.file);
        if (e.line != 0) out.number("line", e.line);
        if (!e.domain.empty()) {
            const term domain(e.domain);
            out.value("domain", domain);
        }
        for (const auto& [key, value] : e.more) {
            if (is_taken(key, e)) continue;
            if (out.is_full()) {
                out.text("...", "...");
                break;
            }
            out.value(key.text(), value);
        }
        return out.take();
    }

private:
    /// Keys that the event has written itself, or whose values no reader of JSON can use.
    static bool is_taken(atom key, const log_event& e) {
        if (key == from_node_key() || key == "report_cb"_a || key == "error_logger"_a) return true;
        return (key == "node"_a && e.process) || key == "msg"_a || key == "level"_a || key == "time"_a;
    }
    static std::string one_line(std::string text) {
        std::replace(text.begin(), text.end(), '\n', ' ');
        return text;
    }

    const json_options how_;
};

}  // namespace

formatter json_format(json_options how) {
    return json_formatter(std::move(how));
}

}  // namespace rakka::log
