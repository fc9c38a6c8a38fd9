// What a server does with its own events because sys was asked for it: trace, log, count, call functions.
#pragma once

#include <rakka/etf/term.hpp>
#include <rakka/otp/sys_debug.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rakka::detail {

class trace_session;

/// How a behaviour puts one of its events into words: a line with its line break. Erlang: the FormFunc of
/// sys:handle_debug/4.
using event_format = std::string (*)(term_view event, term_view name);

/// Made when the first of them is asked for, so that a server that nobody looks at has none. Owner process.
class sys_debug {
public:
    explicit sys_debug(event_format format, std::shared_ptr<trace_session> calls = nullptr)
        : format_(format), calls_(std::move(calls)) {}

    void add(const sys::debug_option& option);
    /// One more event of the server that is shown as `name`. May print, and so block.
    void handle(const term& event, const term& name);
    /// Carries out `{debug, What}` and gives the answer to it. [protocol §7.3]
    [[nodiscard]] term carry_out(const term& what, const term& name);
    /// Nothing is asked for any more.
    [[nodiscard]] bool empty() const noexcept { return !wants_events() && !calls_; }
    [[nodiscard]] bool wants_events() const noexcept;
    /// The trace that wants to see the calls of callbacks; null: none. It may be over.
    [[nodiscard]] const std::shared_ptr<trace_session>& calls() const noexcept { return calls_; }
    void show_calls_to(std::shared_ptr<trace_session> trace) noexcept { calls_ = std::move(trace); }
    /// As get_status shows it.
    [[nodiscard]] term to_term() const;
    /// The events of the log, the oldest first.
    [[nodiscard]] std::vector<term> logged() const { return {log_.begin(), log_.end()}; }

private:
    struct counts {
        std::chrono::system_clock::time_point start;
        std::uint64_t reductions = 0;
        std::uint64_t messages_in = 0;
        std::uint64_t messages_out = 0;
    };

    void trim_log();
    void count(const term& event);
    void call_functions(const term& event, const term& name);
    [[nodiscard]] term on_log(term_view what, const term& name);
    [[nodiscard]] term on_statistics(term_view what);
    [[nodiscard]] term on_install(const term& what, term_view function);
    [[nodiscard]] term on_file(term_view name);

    event_format format_;
    bool trace_ = false;
    std::size_t log_size_ = 0;
    std::deque<term> log_;
    std::optional<std::ofstream> file_;
    std::optional<counts> counts_;
    std::vector<sys::call_for_events> functions_;
    std::shared_ptr<trace_session> calls_;
};

/// `text` where the calling process prints: its group leader, or the standard output. Blocks until it is
/// printed. Owner process.
void print_to_leader(const std::string& text);

/// Reductions of the calling process so far. Owner process.
[[nodiscard]] std::uint64_t own_reductions();

}  // namespace rakka::detail
