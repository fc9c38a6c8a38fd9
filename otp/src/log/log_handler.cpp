#include "log/log_handler.hpp"

#include "log/log_keys.hpp"
#include "log/log_stderr.hpp"

#include <algorithm>
#include <exception>
#include <optional>

namespace rakka::log {

bool filter_chain::has(atom name) const noexcept {
    return std::any_of(filters.begin(), filters.end(), [&](const auto& f) { return f.first == name; });
}

std::vector<atom> filter_chain::names() const {
    std::vector<atom> out;
    for (const auto& [name, f] : filters)
        out.push_back(name);
    return out;
}

bool filter_chain::add(atom name, const filter& f) {
    if (has(name)) return false;
    filters.emplace_back(name, f);
    return true;
}

bool filter_chain::remove(atom name) {
    return std::erase_if(filters, [&](const auto& f) { return f.first == name; }) != 0;
}

namespace {

filter_chain_ptr current(std::mutex& mutex, const filter_chain_ptr& chain) {
    const std::lock_guard lock(mutex);
    return chain;
}

}  // namespace

bool replace(std::mutex& mutex, filter_chain_ptr& chain, const std::function<bool(filter_chain&)>& change) {
    for (;;) {
        const filter_chain_ptr old = current(mutex, chain);
        filter_chain copy = *old;
        if (!change(copy)) return false;
        auto next = std::make_shared<const filter_chain>(std::move(copy));
        const std::lock_guard lock(mutex);  // the first to go, so that chains go without it
        if (chain != old) continue;         // somebody was faster
        chain.swap(next);
        return true;
    }
}

filtered apply(const filter_chain& chain, log_event& event) {
    filtered out;
    verdict so_far = verdict::ignore;
    for (const auto& [name, f] : chain.filters) {
        verdict says = verdict::ignore;
        try {
            says = f(event);
        } catch (const std::exception& e) {
            out.failed = name;
            out.why = e.what();
        } catch (...) {
            out.failed = name;
            out.why = "an exception of another kind";
        }
        if (says == verdict::stop) return out;
        if (says == verdict::log) so_far = verdict::log;
    }
    out.passes = (so_far == verdict::ignore ? chain.otherwise : so_far) == verdict::log;
    return out;
}

namespace {

filter_chain_ptr chain_of(handler_options& how) {
    return std::make_shared<const filter_chain>(filter_chain{std::move(how.filters), how.filter_default});
}

}  // namespace

handler::handler(atom id, std::unique_ptr<sink> to, handler_options how, bool threaded)
    : id_(id),
      may_end_(how.limits.overload_kill_enable && !how.limits.overload_kill_restart_after),
      writer_(std::make_unique<line_writer>(std::string(id.text()), std::move(to),
                                            how.format ? std::move(how.format) : text_format(), how.limits,
                                            threaded)),
      level_(how.level),
      chain_(chain_of(how)) {}

handler::handler(atom id, log_sink function, handler_options how)
    : id_(id), function_(std::move(function)), level_(how.level), chain_(chain_of(how)) {}

/// An event on its way through the handler.
class handler::call {
public:
    /// With the handler's lock.
    explicit call(handler& h) : h_(h) { h.callers_.push_back(std::this_thread::get_id()); }
    ~call() {
        const std::lock_guard lock(h_.mutex_);
        h_.callers_.erase(std::find(h_.callers_.begin(), h_.callers_.end(), std::this_thread::get_id()));
        if (h_.closed_) h_.call_ended_.notify_all();
    }
    call(const call&) = delete;
    call& operator=(const call&) = delete;

private:
    handler& h_;
};

void handler::give(const log_event& event, outcome& out) {
    if (writer_) {
        writer_->put(event, !is_from_node(event));
        if (may_end_ && writer_->is_over()) {
            out.failed = true;
            out.why = "it was overloaded";
        }
        return;
    }
    try {
        function_(event);
    } catch (const std::exception& failure) {
        out.failed = true;
        out.why = std::string("it threw ") + failure.what();
    } catch (...) {
        out.failed = true;
        out.why = "it threw an exception of another kind";
    }
}

handler::outcome handler::take(const log_event& event) {
    outcome out;
    std::optional<call> here;  // until the filters are let go
    filter_chain_ptr chain;
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || event.level < level_) return out;
        chain = chain_;
        here.emplace(*this);
    }
    if (chain->filters.empty()) {
        if (chain->otherwise == verdict::log) give(event, out);
        return out;
    }
    log_event own = event;
    const filtered result = apply(*chain, own);
    if (result.failed && remove_filter(result.failed)) {
        out.failed_filter = result.failed;
        out.why = result.why;
    }
    if (result.passes) give(own, out);
    return out;
}

void handler::set_level(log_level level) {
    const std::lock_guard lock(mutex_);
    level_ = level;
}

bool handler::set_format(formatter format) {
    if (!writer_ || !format) return false;
    writer_->set_format(std::move(format));
    return true;
}

void handler::set_filter_default(verdict what) {
    replace(mutex_, chain_, [&](filter_chain& c) {
        c.otherwise = what;
        return true;
    });
}

bool handler::add_filter(atom name, filter f) {
    return replace(mutex_, chain_, [&](filter_chain& c) { return c.add(name, f); });
}

bool handler::remove_filter(atom name) {
    return replace(mutex_, chain_, [&](filter_chain& c) { return c.remove(name); });
}

void handler::stop() noexcept {
    const std::lock_guard lock(mutex_);
    closed_ = true;
}

void handler::close() noexcept {
    const auto until = std::chrono::steady_clock::now() + patience;
    // Others may wait for this very thread to write.
    const bool inside = writer_ && writer_->is_own_thread();
    const auto me = std::this_thread::get_id();
    std::unique_lock lock(mutex_);
    closed_ = true;
    const auto is_alone = [&] {
        return std::all_of(callers_.begin(), callers_.end(), [&](auto caller) { return caller == me; });
    };
    const bool alone = inside || call_ended_.wait_until(lock, until, is_alone);
    lock.unlock();
    if (!alone) say_on_stderr("[rakka error] log handler {} is still at work, and was removed", id_.text());
    if (writer_) writer_->close(until);
}

bool handler::flush(std::chrono::milliseconds most) {
    return !writer_ || writer_->flush(most);
}

handler_config handler::config() const {
    handler_config out;
    out.id = id_;
    if (writer_) {
        out.limits = writer_->limits();
        out.counts = writer_->counts();
    }
    const std::lock_guard lock(mutex_);
    out.level = level_;
    out.filter_default = chain_->otherwise;
    out.filters = chain_->names();
    return out;
}

}  // namespace rakka::log
