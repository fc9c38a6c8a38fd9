#include "services/logger_proxy.hpp"

#include "connection/node_core.hpp"
#include "services/io_format.hpp"
#include "services/stdout_leader.hpp"

#include <rakka/actors/log.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/print.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::detail {
namespace {

constexpr std::size_t longest_text = 4000;
/// How many events of other nodes may wait here. What goes beyond is lost: the
/// log has a warning when that begins, and how many when half of those that wait have been taken.
constexpr std::size_t most_waiting = 1000;

/// Microseconds: some time in the year 2223, far from where our clock ends.
constexpr std::int64_t last_time = 8'000'000'000'000'000;

/// As the events of the node itself have it.
node_log_level of_node(log_level level) noexcept {
    if (level >= log_level::error) return node_log_level::error;
    if (level == log_level::warning) return node_log_level::warning;
    return level == log_level::debug ? node_log_level::debug : node_log_level::info;
}

std::optional<log_level> level_of(term_view level) {
    if (!level.is(kind::atom)) return std::nullopt;
    const auto found = log_level_of(level.atom_text());
    return found == log_level::all || found == log_level::none ? std::nullopt : found;
}

std::string as_term(term_view t) {
    return to_string(t, {.charset = print_charset::unicode, .max_chars = longest_text});
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

/// Text of several lines of printable characters, of a length that fits a log.
std::string lines(std::string_view text) {
    constexpr std::size_t longest = std::size_t{16} * longest_text;
    std::string out;
    for (bool first = true; !text.empty() && out.size() < longest; first = false) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (!first) out += '\n';
        out += one_line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

void read_function(log_event& e, term_view mfa) {
    if (!mfa.is_tuple(3)) return;
    const auto module = mfa.tuple()[0].as<atom>();
    const auto function = mfa.tuple()[1].as<atom>();
    const auto arity = mfa.tuple()[2].as<std::uint32_t>();
    if (!module || !function || !arity) return;
    e.module = *module;
    e.function = std::string(function->text());
    e.arity = *arity;
}

/// One pair of the metadata of an event of a BEAM.
void read_metadata(log_event& e, const term& message, term_view key, term_view value) {
    if (key.is_atom("pid"_a)) {
        if (const auto p = value.as<pid>()) e.process = *p;
    } else if (key.is_atom("gl"_a)) {
        if (const auto p = value.as<pid>()) e.group_leader = *p;
    } else if (key.is_atom("time"_a)) {
        if (const auto us = value.as<std::int64_t>(); us && *us > 0 && *us < last_time)
            e.time = std::chrono::system_clock::time_point(std::chrono::microseconds(*us));
    } else if (key.is_atom("mfa"_a)) {
        read_function(e, value);
    } else if (key.is_atom("file"_a)) {
        if (const auto text = characters_of(value, false)) e.file = one_line(*text);
    } else if (key.is_atom("line"_a)) {
        if (const auto n = value.as<std::uint32_t>()) e.line = *n;
    } else if (key.is_atom("domain"_a)) {
        if (auto names = value.as<std::vector<atom>>()) e.domain = *std::move(names);
    } else if (const auto name = key.as<atom>(); name && *name != from_node_key()) {
        e.more.emplace_back(*name, message.share(value));
    }
}

class logger_proxy final : public message_handler {
public:
    explicit logger_proxy(std::shared_ptr<node_core> core) : core_(std::move(core)) {}

    next init() override {
        max_mailbox(mailbox_limit{
            .messages = most_waiting, .policy = mailbox_policy::drop, .tell = destination(self())});
        return next::wait();
    }

    next handle(term message) override {
        if (message.is_tagged("monitor"_a, 4)) {
            tell_losses();
            return next::wait();
        }
        const bool formatted = message.is_tagged("log"_a, 5);
        if (!formatted && !message.is_tagged("log"_a, 4)) return next::wait();
        const auto p = message.tuple();
        const auto level = level_of(p[1]);
        if (!level) return next::wait();
        log_event e{*level};
        const term_view meta = p[formatted ? 4 : 3];
        if (meta.is(kind::map))
            for (const auto [key, value] : meta.map())
                read_metadata(e, message, key, value);
        if (formatted) {
            auto made = io_lib_format(p[2], p[3]);
            e.text = made ? *std::move(made) : "FORMAT ERROR: " + as_term(p[2]) + " - " + as_term(p[3]);
        } else if (auto text = characters_of(p[2], false)) {
            e.text = *std::move(text);
        } else {
            e.report = message.share(p[2]);
        }
        tell_node(e);
        tell_logger(std::move(e));
        return next::wait();
    }

private:
    /// Half of those that waited have been received: so far that is all that was lost.
    void tell_losses() {
        const std::uint64_t lost = messages_lost();
        if (lost == told_) return;
        core_->log(node_log_level::warning, {}, {}, {},
                   "logger_proxy has dropped " + std::to_string(lost - told_) + " log events of other nodes");
        told_ = lost;
    }
    /// The logger gets all that is known, as if it had happened here.
    void tell_logger(log_event e) const {
        if (log_receiver_of(core_->sys) == nullptr) return;
        e.text = lines(e.text);
        if (!e.process) e.process = core_->sys.nobody();
        e.more.emplace_back(from_node_key(), "true"_a);
        tell(core_->sys, std::move(e));
    }

    /// Who watches the node alone gets a line.
    void tell_node(const log_event& e) const {
        if (!core_->options.log && log_receiver_of(core_->sys) != nullptr) return;
        const std::string text = one_line(e.report.has_value() ? as_term(e.report) : e.text);
        const std::string node =
            e.process && !e.process.is_local() ? std::string(e.process.node.text()) : std::string();
        const std::string who = e.process ? term(e.process).to_string() : std::string("another node");
        const std::string where = node.empty() ? std::string() : " of " + node;
        core_->log(of_node(e.level), node, {}, {}, "log of " + who + where + ": " + text);
    }

    const std::shared_ptr<node_core> core_;
    std::uint64_t told_ = 0;  // of messages_lost()
};

}  // namespace

std::unique_ptr<message_handler> make_logger_proxy(std::shared_ptr<node_core> core) {
    return std::make_unique<logger_proxy>(std::move(core));
}

}  // namespace rakka::detail
