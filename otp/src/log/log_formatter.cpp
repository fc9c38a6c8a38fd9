#include "log/log_reports.hpp"
#include "log/log_time.hpp"

#include <rakka/etf/convert.hpp>
#include <rakka/otp/log_formatter.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rakka::log {

namespace {

/// What a layout is made of: text as it is, or a key.
struct part {
    std::string text;
    bool is_key = false;
};

std::vector<part> parts_of(std::string_view layout) {
    std::vector<part> out{{}};
    for (std::size_t i = 0; i < layout.size(); ++i) {
        const bool twice = i + 1 < layout.size() && layout[i + 1] == layout[i];
        const std::size_t end = layout.find('}', i);
        if ((layout[i] == '{' || layout[i] == '}') && twice) {
            out.back().text += layout[i++];
        } else if (layout[i] == '{' && end != std::string_view::npos) {
            out.push_back({std::string(layout.substr(i + 1, end - i - 1)), true});
            out.push_back({});
            i = end;
        } else {
            out.back().text += layout[i];
        }
    }
    return out;
}

std::string_view default_layout(const text_options& how) {
    if (how.legacy_header) return "{header}\n{msg}\n";
    return how.single_line ? "{time} {level}: {msg}\n" : "{time} {level}:\n{msg}\n";
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

std::string in_one_line(std::string_view text) {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\n') {
            out += text[i];
            continue;
        }
        // A comma and a carriage return before it go as well, and the indentation after it.
        if (!out.empty() && out.back() == '\r') out.pop_back();
        if (!out.empty() && out.back() == ',') out.pop_back();
        out += ", ";
        while (i + 1 < text.size() && text[i + 1] == ' ')
            ++i;
    }
    return out;
}

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

/// At most so many characters, with `...` and the line end in the place of what is left out.
void truncate(std::string& text, std::size_t characters) {
    const auto length = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
    if (characters == 0 || length <= characters) return;
    const std::string_view tail = text.back() == '\n' ? "...\n" : "...";
    std::size_t keep = characters - std::min(characters, tail.size());
    std::size_t at = 0;
    for (; at < text.size(); ++at)
        if (begins_character(text[at]) && keep-- == 0) break;
    text.resize(at);
    text += tail;
}

std::string header_of(const log_event& e, const std::string& offset) {
    std::string title(to_string(e.level));
    std::transform(title.begin(), title.end(), title.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return fmt::format("={} REPORT==== {}===", title, legacy_time(e.time, offset));
}

std::string words_of_pid(const pid& p) {
    return p ? term(p).to_string() : std::string();
}

/// A value of the metadata. Erlang: logger_formatter:to_string/2.
std::string words_of_value(term_view value) {
    report_text to({.single_line = true});
    to.text_or_term(value);
    return to.take();
}

class text_formatter {
public:
    explicit text_formatter(text_options how)
        : how_(std::move(how)), parts_(parts_of(how_.layout.empty() ? default_layout(how_) : how_.layout)) {
        if (how_.max_size != 0) how_.max_size = std::max<std::size_t>(how_.max_size, 10);
        if (how_.depth != 0) how_.depth = std::max<std::size_t>(how_.depth, 5);
    }

    std::string operator()(const log_event& e) const {
        std::string out;
        for (const part& p : parts_)
            out += p.is_key ? value(p.text, e) : p.text;
        truncate(out, how_.max_size);
        return out;
    }

private:
    [[nodiscard]] std::string message(const log_event& e) const {
        std::string out = e.report.has_value()
                              ? words_of_report(e.report, {how_.single_line, how_.depth, how_.chars_limit})
                              : e.text;
        if (how_.single_line) out = in_one_line(out);
        truncate(out, how_.chars_limit);
        return out;
    }

    [[nodiscard]] std::string value(std::string_view key, const log_event& e) const {
        if (key == "msg") return message(e);
        if (key == "level") return std::string(to_string(e.level));
        if (key == "time") return rfc3339(e.time, how_.time_designator, how_.time_offset);
        if (key == "header") return header_of(e, how_.time_offset);
        if (key == "pid") return words_of_pid(e.process);
        if (key == "gl") return words_of_pid(e.group_leader);
        if (key == "mfa" && !e.function.empty())
            return fmt::format("{}:{}/{}", e.module.text(), e.function, e.arity);
        if (key == "file") return e.file;
        if (key == "line") return e.line == 0 ? std::string() : std::to_string(e.line);
        if (key == "domain" && !e.domain.empty()) return term(e.domain).to_string();
        for (const auto& [name, value] : e.more)
            if (name.text() == key) return words_of_value(value);
        return {};
    }

    text_options how_;
    std::vector<part> parts_;
};

}  // namespace

formatter text_format(text_options how) {
    return text_formatter(std::move(how));
}

}  // namespace rakka::log
