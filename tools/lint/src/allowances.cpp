#include "allowances.hpp"

#include <algorithm>
#include <utility>

namespace rakka::lint {

namespace {

constexpr std::string_view mark = "// rakka-lint:";
constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view s) {
    const auto first = s.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return s.substr(first, s.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        out.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

bool is_comment_only(std::string_view line) {
    return trimmed(line).starts_with("//");
}

}  // namespace

allowances::allowances(std::string_view text) {
    const auto lines = split_lines(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto at = lines[i].find(mark);
        // Not one that is quoted, in a string or in another comment.
        if (at == std::string_view::npos ||
            lines[i].substr(0, at).find_first_of("/\"") != std::string_view::npos)
            continue;
        std::size_t applies_to = i;
        // Alone on its line it speaks of the next line of code; more lines of comment may come between.
        while (applies_to + 1 < lines.size() && is_comment_only(lines[applies_to]))
            ++applies_to;
        read_comment(trimmed(lines[i].substr(at + mark.size())), static_cast<unsigned>(i + 1),
                     static_cast<unsigned>(at + 1), static_cast<unsigned>(applies_to + 1));
    }
}

void allowances::read_comment(std::string_view comment, unsigned line, unsigned column, unsigned applies_to) {
    const auto wrong = [&](std::string text) { mistakes_.push_back({line, column, std::move(text)}); };
    if (comment == "process-code") {
        process_code_.insert(applies_to);
        return;
    }
    const auto open = comment.find('(');
    const auto close = comment.find(')');
    const auto word = trimmed(comment.substr(0, std::min(open, comment.size())));
    if ((word != "allow" && word != "allow-file") || close == std::string_view::npos || close < open)
        return wrong("not an allowance: '" + std::string(comment) + "'");
    if (trimmed(comment.substr(close + 1)).empty()) return wrong("an allowance without a reason");
    if (trimmed(comment.substr(open + 1, close - open - 1)).empty())
        return wrong("an allowance without an id");
    warning_set& allowed_here = word == "allow" ? lines_[applies_to] : whole_file_;
    for (auto ids = comment.substr(open + 1, close - open - 1); !ids.empty();) {
        const auto comma = std::min(ids.find(','), ids.size());
        const auto id = trimmed(ids.substr(0, comma));
        if (const auto w = warning_by_id(id)) {
            allowed_here[static_cast<std::size_t>(*w)] = true;
        } else {
            wrong("no warning is called '" + std::string(id) + "'");
        }
        ids.remove_prefix(std::min(comma + 1, ids.size()));
    }
}

bool allowances::allowed(warning w, unsigned line) const {
    const auto i = static_cast<std::size_t>(w);
    if (whole_file_[i]) return true;
    const auto found = lines_.find(line);
    return found != lines_.end() && found->second[i];
}

}  // namespace rakka::lint
