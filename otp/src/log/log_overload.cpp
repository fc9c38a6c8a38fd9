#include "log/log_overload.hpp"

#include <fmt/format.h>

namespace rakka::log {

bool makes_sense(const overload& o) noexcept {
    return o.sync_mode_qlen <= o.drop_mode_qlen && o.drop_mode_qlen <= o.flush_qlen && o.flush_qlen != 0 &&
           o.burst_limit_max_count != 0 && o.burst_limit_window_time.count() > 0 &&
           o.sync_timeout.count() >= 0 && o.max_bytes != 0 &&
           o.overload_kill_restart_after.value_or(std::chrono::milliseconds(0)).count() >= 0;
}

void overload_guard::start_window(time now) noexcept {
    const bool is_over =
        window_begin_ < time::zero() || now - window_begin_ >= limits_.burst_limit_window_time;
    if (!is_over) return;
    window_begin_ = now;
    in_window_ = 0;
}

/// As new, but for what it has counted.
void overload_guard::restart() noexcept {
    killed_ = false;
    mode_ = mode::async;
    window_begin_ = time{-1};
}

bool overload_guard::refuses(std::size_t queued, std::size_t bytes, time now, bool may_wait) noexcept {
    if (is_down(now)) return true;
    if (killed_) restart();
    if (is_choked(queued, bytes)) return false;  // see admit()
    if (!may_wait && would_wait(queued)) return true;
    if (queued >= limits_.flush_qlen) return false;  // see admit()
    if (is_full(queued, bytes)) return true;
    if (!limits_.burst_limit_enable) return false;
    start_window(now);
    return in_window_ >= limits_.burst_limit_max_count;
}

overload_guard::decision overload_guard::admit(std::size_t queued, std::size_t bytes, time now,
                                               bool may_wait) noexcept {
    if (is_down(now)) {
        ++lost_;
        return decision::drop;
    }
    if (killed_) restart();
    if (is_choked(queued, bytes)) {
        killed_ = kill_is_news_ = true;
        killed_at_ = now;
        ++kills_;
        ++lost_;
        return decision::kill;
    }
    if (!may_wait && would_wait(queued)) {
        // Not a change of mode: events of our own are let in as before.
        if (of_others_++ == told_of_others_) of_others_since_ = now;
        return decision::drop;
    }
    if (queued >= limits_.flush_qlen) {
        ++flushed_;
        return decision::flush;
    }
    if (is_full(queued, bytes)) {
        drop_mode_is_news_ = drop_mode_is_news_ || mode_ != mode::drop;
        mode_ = mode::drop;
        ++dropped_;
        return decision::drop;
    }
    if (limits_.burst_limit_enable) {
        start_window(now);
        if (in_window_ >= limits_.burst_limit_max_count) {
            ++burst_;
            return decision::drop;
        }
        ++in_window_;
    }
    if (mode_ != mode::drop) mode_ = queued >= limits_.sync_mode_qlen ? mode::sync : mode::async;
    return may_wait && queued >= limits_.sync_mode_qlen ? decision::queue_and_wait : decision::queue;
}

void overload_guard::flushed(std::size_t events) noexcept {
    flushed_ += events;
}

std::vector<std::string> overload_guard::news(const std::string& handler, std::size_t queued, time now) {
    std::vector<std::string> out;
    if (kill_is_news_) {
        kill_is_news_ = false;
        out.push_back(fmt::format("Handler {} overloaded and stopping", handler));
    }
    if (lost_ != told_lost_ && !is_down(now)) {
        out.push_back(fmt::format("Handler {} was restarted: {} log events were dropped meanwhile", handler,
                                  lost_ - told_lost_));
        told_lost_ = lost_;
    }
    if (drop_mode_is_news_) {
        drop_mode_is_news_ = false;
        out.push_back(fmt::format("Handler {} switched to drop mode", handler));
    }
    // Not at each step below the limit: a flood would fill the log with this alone.
    if (mode_ == mode::drop && queued < limits_.drop_mode_qlen && queued <= limits_.sync_mode_qlen) {
        mode_ = mode::async;
        out.push_back(fmt::format("Handler {} switched from drop to async mode: {} log events were dropped",
                                  handler, dropped_ - told_dropped_));
        told_dropped_ = dropped_;
    }
    if (flushed_ != told_flushed_) {
        out.push_back(fmt::format("Handler {} flushed {} log events", handler, flushed_ - told_flushed_));
        told_flushed_ = flushed_;
    }
    if (burst_ != told_burst_ && now - window_begin_ >= limits_.burst_limit_window_time) {
        out.push_back(fmt::format("Handler {} dropped {} log events, more than {} within {} ms", handler,
                                  burst_ - told_burst_, limits_.burst_limit_max_count,
                                  limits_.burst_limit_window_time.count()));
        told_burst_ = burst_;
    }
    if (of_others_ != told_of_others_ && now - of_others_since_ >= limits_.burst_limit_window_time) {
        out.push_back(fmt::format("Handler {} dropped {} log events of other nodes", handler,
                                  of_others_ - told_of_others_));
        told_of_others_ = of_others_;
    }
    return out;
}

overload_guard::time overload_guard::next_news() const noexcept {
    const time burst = burst_ == told_burst_ ? time::max() : window_begin_ + limits_.burst_limit_window_time;
    const time others =
        of_others_ == told_of_others_ ? time::max() : of_others_since_ + limits_.burst_limit_window_time;
    const time revival =
        lost_ == told_lost_ || is_over()
            ? time::max()
            : killed_at_ + limits_.overload_kill_restart_after.value_or(std::chrono::milliseconds(0));
    const time first = std::min({burst, others, revival});
    return first == time::max() ? time::zero() : first;
}

}  // namespace rakka::log
