// A strict reader of Prometheus's text format, version 0.0.4: what it takes, Prometheus takes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::testing {

struct text_sample {
    std::string name;  ///< with `_bucket` and the like
    std::map<std::string, std::string> labels;
    double value = 0;
};

struct text_family {
    std::string help;
    std::string type;
    std::vector<text_sample> samples;
};

/// Throws std::runtime_error with the line that is wrong.
class text_format {
public:
    static std::map<std::string, text_family> parse(std::string_view text) {
        text_format reader;
        if (!text.empty() && text.back() != '\n') fail(text, "the last line has no end");
        while (!text.empty()) {
            const auto end = text.find('\n');
            reader.line(text.substr(0, end));
            text.remove_prefix(end + 1);
        }
        for (const auto& [name, family] : reader.families_)
            reader.check(name, family);
        return std::move(reader.families_);
    }

private:
    [[noreturn]] static void fail(std::string_view line, const std::string& why) {
        throw std::runtime_error(why + ": " + std::string(line));
    }

    void line(std::string_view l) {
        if (l.empty()) return;
        if (l.starts_with("# HELP ")) return help(l);
        if (l.starts_with("# TYPE ")) return type(l);
        if (l.front() == '#') fail(l, "a comment of no known kind");
        sample(l);
    }

    /// A new family, or the one that the line before was about.
    text_family& begin(std::string_view l, std::string_view name) {
        check_name(l, name, true);
        if (name != current_ && !families_.try_emplace(std::string(name)).second)
            fail(l, "a family in two places");
        current_ = name;
        return families_[current_];
    }

    void help(std::string_view l) {
        const std::string_view rest = l.substr(7);
        const auto space = rest.find(' ');
        if (space == std::string_view::npos) fail(l, "no help");
        text_family& f = begin(l, rest.substr(0, space));
        if (!f.help.empty() || !f.type.empty()) fail(l, "a second help, or one behind the type");
        f.help = unescape(l, rest.substr(space + 1), false);
    }

    void type(std::string_view l) {
        const std::string_view rest = l.substr(7);
        const auto space = rest.find(' ');
        if (space == std::string_view::npos) fail(l, "no type");
        text_family& f = begin(l, rest.substr(0, space));
        if (!f.type.empty() || !f.samples.empty()) fail(l, "a second type, or one behind samples");
        f.type = rest.substr(space + 1);
        static const std::set<std::string> known{"counter", "gauge", "histogram", "summary", "untyped"};
        if (!known.contains(f.type)) fail(l, "no such type");
    }

    void sample(std::string_view l) {
        text_sample s;
        const auto end_of_name = l.find_first_of("{ ");
        if (end_of_name == std::string_view::npos) fail(l, "no value");
        s.name = l.substr(0, end_of_name);
        check_name(l, s.name, true);
        std::string_view rest = l.substr(end_of_name);
        if (rest.front() == '{') rest = labels(l, rest.substr(1), s);
        if (rest.empty() || rest.front() != ' ') fail(l, "no space before the value");
        s.value = number(l, rest.substr(1));
        const auto f = families_.find(current_);
        if (f == families_.end() || f->second.type.empty()) fail(l, "a sample without a type");
        if (base_of(s.name, f->second.type) != current_) fail(l, "a sample of another family");
        if (!seen_.emplace(s.name, s.labels).second) fail(l, "the same sample twice");
        f->second.samples.push_back(std::move(s));
    }

    /// `a="x",b="y"}`; gives what is behind.
    std::string_view labels(std::string_view l, std::string_view rest, text_sample& s) {
        for (bool first = true;; first = false) {
            if (rest.empty()) fail(l, "labels without end");
            if (rest.front() == '}') return rest.substr(1);
            if (!first) {
                if (rest.front() != ',') fail(l, "no comma between labels");
                rest.remove_prefix(1);
            }
            const auto equals = rest.find("=\"");
            if (equals == std::string_view::npos) fail(l, "a label without a value");
            const std::string name(rest.substr(0, equals));
            check_name(l, name, false);
            rest.remove_prefix(equals + 2);
            std::size_t end = 0;
            while (end < rest.size() && rest[end] != '"')
                end += rest[end] == '\\' ? 2 : 1;
            if (end >= rest.size()) fail(l, "a value without end");
            if (!s.labels.emplace(name, unescape(l, rest.substr(0, end), true)).second)
                fail(l, "a label twice");
            rest.remove_prefix(end + 1);
        }
    }

    static std::string unescape(std::string_view l, std::string_view from, bool quoted) {
        std::string out;
        for (std::size_t i = 0; i < from.size(); ++i) {
            if (from[i] != '\\') {
                out += from[i];
                continue;
            }
            const char next = ++i < from.size() ? from[i] : '\0';
            if (next == 'n') {
                out += '\n';
            } else if (next == '\\' || (quoted && next == '"')) {
                out += next;
            } else {
                fail(l, "an escape that there is not");
            }
        }
        return out;
    }

    static void check_name(std::string_view l, std::string_view name, bool colon) {
        const auto letter = [&](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
        };
        if (name.empty() || !letter(name.front()) || !std::all_of(name.begin(), name.end(), [&](char c) {
                return letter(c) || (c >= '0' && c <= '9');
            }))
            fail(l, "not a name");
    }

    static double number(std::string_view l, std::string_view text) {
        const std::string s(text);
        char* end = nullptr;
        const double value = std::strtod(s.c_str(), &end);
        if (s.empty() || end != s.c_str() + s.size() || s.find_first_of(" xX") != std::string::npos)
            fail(l, "not a number");
        return value;
    }

    static std::string base_of(const std::string& name, const std::string& type) {
        if (type != "histogram") return name;
        for (const std::string_view suffix : {"_bucket", "_sum", "_count"})
            if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
        return name + " without a suffix";
    }

    void check(const std::string& name, const text_family& f) const {
        if (f.type.empty()) fail(name, "a help without a type");
        if (f.type == "counter")
            for (const text_sample& s : f.samples)
                if (!(s.value >= 0)) fail(name, "a counter below 0");
        if (f.type == "histogram") check_histogram(name, f);
    }

    /// For each set of labels: cumulative buckets up to +Inf, a sum, and a count that is the last bucket.
    static void check_histogram(const std::string& name, const text_family& f) {
        struct one {
            std::vector<std::pair<double, double>> buckets;
            std::optional<double> sum, count;
        };
        std::map<std::map<std::string, std::string>, one> all;
        for (const text_sample& s : f.samples) {
            auto labels = s.labels;
            if (s.name.ends_with("_bucket")) {
                const auto le = labels.extract("le");
                if (!le) fail(name, "a bucket without le");
                all[labels].buckets.emplace_back(number(name, le.mapped()), s.value);
            } else {
                (s.name.ends_with("_sum") ? all[labels].sum : all[labels].count) = s.value;
            }
        }
        for (const auto& [labels, h] : all) {
            if (!h.sum || !h.count || h.buckets.empty()) fail(name, "a histogram with a part missing");
            if (!std::is_sorted(h.buckets.begin(), h.buckets.end())) fail(name, "buckets out of order");
            for (std::size_t i = 1; i < h.buckets.size(); ++i)
                if (h.buckets[i].first == h.buckets[i - 1].first ||
                    h.buckets[i].second < h.buckets[i - 1].second)
                    fail(name, "buckets that are equal, or not cumulative");
            if (h.buckets.back().first != HUGE_VAL || h.buckets.back().second != *h.count)
                fail(name, "no last bucket, or another count than its");
        }
    }

    std::map<std::string, text_family> families_;
    std::set<std::pair<std::string, std::map<std::string, std::string>>> seen_;
    std::string current_;
};

}  // namespace rakka::testing
