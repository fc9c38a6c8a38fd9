#include "services/logger_proxy.hpp"

#include "connection/node_core.hpp"
#include "services/io_format.hpp"
#include "services/stdout_leader.hpp"

#include <rakka/etf/print.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rakka::detail {
namespace {

constexpr std::size_t longest_text = 4000;

std::optional<node_log_level> level_of(term_view level) {
    for (const char* const name : {"emergency", "alert", "critical", "error"})
        if (level.is_atom(atom(name))) return node_log_level::error;
    if (level.is_atom("warning"_a)) return node_log_level::warning;
    if (level.is_atom("notice"_a) || level.is_atom("info"_a)) return node_log_level::info;
    if (level.is_atom("debug"_a)) return node_log_level::debug;
    return std::nullopt;
}

std::string as_term(term_view t) {
    return to_string(t, {.charset = print_charset::unicode, .max_chars = longest_text});
}

/// Text, or a report, which is a map or a list of pairs.
std::string shown(term_view what) {
    if (!what.is(kind::map)) {
        if (auto text = characters_of(what, false)) return *std::move(text);
    }
    return as_term(what);
}

/// How many bytes the character at the front has; 0: what is there is none, or a control character.
std::size_t length_of_character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (byte(0) < 0x80) return byte(0) >= ' ' && byte(0) != 0x7F ? 1 : 0;
    const std::size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
    if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xC0U) != 0x80U) return 0;
    return byte(0) == 0xC2 && byte(1) < 0xA0 ? 0 : length;
}

/// One line of printable characters and of a length that fits a log.
std::string one_line(std::string_view text) {
    while (!text.empty() && text.back() == '\n')
        text.remove_suffix(1);
    std::string out;
    while (!text.empty() && out.size() < longest_text) {
        const std::size_t length = length_of_character(text);
        out += length == 0 ? " " : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return text.empty() ? out : out + "...";
}

/// The process that the event is of.
std::optional<pid> process_in(term_view meta) {
    if (!meta.is(kind::map)) return std::nullopt;
    for (const auto [key, value] : meta.map())
        if (key.is_atom("pid"_a))
            if (const auto p = value.as<pid>()) return *p;
    return std::nullopt;
}

class logger_proxy final : public message_handler {
public:
    explicit logger_proxy(std::shared_ptr<node_core> core) : core_(std::move(core)) {}

    next handle(term message) override {
        const bool formatted = message.is_tagged("log"_a, 5);
        if (!formatted && !message.is_tagged("log"_a, 4)) return next::wait();
        const auto p = message.tuple();
        const auto level = level_of(p[1]);
        if (!level) return next::wait();
        std::string text;
        if (formatted) {
            auto made = io_lib_format(p[2], p[3]);
            text = made ? *std::move(made) : "FORMAT ERROR: " + as_term(p[2]) + " - " + as_term(p[3]);
        } else {
            text = shown(p[2]);
        }
        tell(*level, process_in(p[formatted ? 4 : 3]), one_line(text));
        return next::wait();
    }

private:
    void tell(node_log_level level, const std::optional<pid>& of, const std::string& text) const {
        const std::string node = of && !of->is_local() ? std::string(of->node.text()) : std::string();
        const std::string who = of ? term(*of).to_string() : std::string("another node");
        const std::string where = node.empty() ? std::string() : " of " + node;
        core_->log(level, node, {}, {}, "log of " + who + where + ": " + text);
    }

    const std::shared_ptr<node_core> core_;
};

}  // namespace

std::unique_ptr<message_handler> make_logger_proxy(std::shared_ptr<node_core> core) {
    return std::make_unique<logger_proxy>(std::move(core));
}

}  // namespace rakka::detail
