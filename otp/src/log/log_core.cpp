#include "log/log_core.hpp"

#include "log/log_remote.hpp"

#include <rakka/actors/system.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace rakka::log {

// -- levels
// ----------------------------------------------------------------------------------------------------

bool level_table::allows(log_level level, std::string_view module, const pid& process) const {
    if (!has_exceptions_.load(std::memory_order_acquire)) return level >= primary();
    const std::lock_guard lock(mutex_);
    for (const auto& [p, own] : processes_)
        if (p == process) return level >= own;
    const auto found = modules_.find(module);
    return level >= (found == modules_.end() ? primary() : found->second);
}

limits level_table::quietest() const noexcept {
    const auto life = modules_.find(std::string_view("lifecycle"));
    limits least{primary(), life == modules_.end() ? primary() : life->second};
    least.births = least.life;  // who has a level of its own has been born
    for (const auto& [module, level] : modules_)
        least.all = std::min(least.all, level);
    for (const auto& [process, level] : processes_) {
        least.all = std::min(least.all, level);
        least.life = std::min(least.life, level);
    }
    return least;
}

limits level_table::set_primary(log_level level) {
    const std::lock_guard lock(mutex_);
    primary_.store(level, std::memory_order_relaxed);
    return quietest();
}

limits level_table::set_module(std::string module, std::optional<log_level> level) {
    const std::lock_guard lock(mutex_);
    if (level) {
        modules_.insert_or_assign(std::move(module), *level);
    } else {
        modules_.erase(module);
    }
    has_exceptions_.store(!modules_.empty() || !processes_.empty(), std::memory_order_release);
    return quietest();
}

limits level_table::set_process(const pid& process, std::optional<log_level> level,
                                bool (*alive)(system&, const pid&), system& s) {
    const std::lock_guard lock(mutex_);
    std::erase_if(processes_, [&](const auto& p) { return p.first == process || !alive(s, p.first); });
    if (level) processes_.emplace_back(process, *level);
    has_exceptions_.store(!modules_.empty() || !processes_.empty(), std::memory_order_release);
    return quietest();
}

void level_table::describe(config& out) const {
    const std::lock_guard lock(mutex_);
    out.primary_level = primary();
    out.module_levels.insert(modules_.begin(), modules_.end());
    out.process_levels = processes_;
}

// -- the logger
// ----------------------------------------------------------------------------------------------------

logger_core* logger_core::find(system& s) noexcept {
    return static_cast<logger_core*>(rakka::detail::log_receiver_of(s));
}

logger_core& logger_core::of(system& s) {
    logger_core* const found = find(s);
    if (found == nullptr) throw std::logic_error("rakka: the system has no logger: see log::start()");
    return *found;
}

void logger_core::take(log_event& event) noexcept {
    try {
        if (!levels_.allows(event.level, event.module.text(), event.process)) return;
        filter_chain_ptr chain;
        std::shared_ptr<const std::vector<std::pair<atom, term>>> metadata;
        {
            const std::lock_guard lock(mutex_);
            chain = chain_;
            metadata = metadata_;
        }
        if (metadata)
            for (const auto& [key, value] : *metadata) {
                const auto has = [&, k = key](const auto& pair) { return pair.first == k; };
                if (std::none_of(event.more.begin(), event.more.end(), has))
                    event.more.emplace_back(key, value);
            }
        forward(event);
        const filtered result = apply(*chain, event);
        if (result.failed && remove_filter(result.failed))
            say(fmt::format("Filter {} was removed: it threw {}", result.failed.text(), result.why));
        if (result.passes) hand_out(event);
    } catch (...) {
        return;  // no memory
    }
}

void logger_core::hand_out(const log_event& event) {
    handlers_ptr all;
    {
        const std::lock_guard lock(mutex_);
        all = handlers_;
    }
    for (const auto& h : *all) {
        const handler::outcome result = h->take(event);
        if (result.failed_filter)
            say(fmt::format("Filter {} of handler {} was removed: it threw {}", result.failed_filter.text(),
                            h->id().text(), result.why));
        if (!result.failed) continue;
        h->stop();  // nobody waits here for its other calls
        if (take_out(h->id(), h.get()))
            say(fmt::format("Handler {} was removed: {}", h->id().text(), result.why));
    }
}

// As it goes out to others. Erlang: logger_server's own events.
void logger_core::say(std::string text) {
    log_event e{log_level::error, {}, std::move(text)};
    e.time = std::chrono::system_clock::now();
    hand_out(e);
}

void logger_core::forward(const log_event& event) {
    if (is_of_another_node(system_, event)) send_to_leaders_node(system_, event);
}

logger_core::~logger_core() {
    for (const auto& h : *handlers_)
        h->close();
}

void logger_core::limit(const limits& now) noexcept {
    rakka::detail::limit_log(system_, now.all);
    rakka::detail::limit_log_of_life(system_, now.life, now.births);
}

void logger_core::set_primary_level(log_level level) {
    const std::lock_guard lock(setting_);
    limit(levels_.set_primary(level));
}

void logger_core::set_module_level(atom module, std::optional<log_level> level) {
    const std::lock_guard lock(setting_);
    limit(levels_.set_module(std::string(module.text()), level));
}

void logger_core::set_process_level(const pid& process, std::optional<log_level> level) {
    const auto alive = [](system& s, const pid& p) { return !p.is_local() || s.is_alive(p); };
    const std::lock_guard lock(setting_);
    limit(levels_.set_process(process, level, alive, system_));
}

void logger_core::set_metadata(std::vector<std::pair<atom, term>> metadata) {
    auto next = std::make_shared<const std::vector<std::pair<atom, term>>>(std::move(metadata));
    const std::lock_guard lock(mutex_);
    metadata_.swap(next);  // the old ones go without the lock
}

bool logger_core::add_filter(atom name, filter f) {
    return replace(mutex_, chain_, [&](filter_chain& c) { return c.add(name, f); });
}

bool logger_core::remove_filter(atom name) {
    return replace(mutex_, chain_, [&](filter_chain& c) { return c.remove(name); });
}

void logger_core::set_filter_default(verdict what) {
    replace(mutex_, chain_, [&](filter_chain& c) {
        c.otherwise = what;
        return true;
    });
}

bool logger_core::add_handler(const std::shared_ptr<handler>& h) {
    {
        const std::lock_guard lock(mutex_);
        const auto same = [&](const auto& other) { return other->id() == h->id(); };
        if (std::none_of(handlers_->begin(), handlers_->end(), same)) {
            auto next = *handlers_;
            next.push_back(h);
            handlers_ = std::make_shared<const std::vector<std::shared_ptr<handler>>>(std::move(next));
            return true;
        }
    }
    h->close();
    return false;
}

std::shared_ptr<handler> logger_core::take_out(atom id, const handler* only) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(handlers_->begin(), handlers_->end(), [&](const auto& h) {
        return h->id() == id && (only == nullptr || h.get() == only);
    });
    if (found == handlers_->end()) return nullptr;
    std::shared_ptr<handler> out = *found;  // its last share does not go with the lock held
    auto next = *handlers_;
    std::erase(next, out);
    handlers_ = std::make_shared<const std::vector<std::shared_ptr<handler>>>(std::move(next));
    return out;
}

bool logger_core::remove_handler(atom id) {
    const auto removed = take_out(id);
    if (removed) removed->close();
    return removed != nullptr;
}

std::shared_ptr<handler> logger_core::find_handler(atom id) const {
    const std::lock_guard lock(mutex_);
    for (const auto& h : *handlers_)
        if (h->id() == id) return h;
    return nullptr;
}

std::vector<std::shared_ptr<handler>> logger_core::handlers() const {
    const std::lock_guard lock(mutex_);
    return *handlers_;
}

config logger_core::describe() const {
    config out;
    levels_.describe(out);
    for (const auto& h : handlers())
        out.handlers.push_back(h->config());
    const std::lock_guard lock(mutex_);
    out.filter_default = chain_->otherwise;
    out.filters = chain_->names();
    if (metadata_) out.metadata = *metadata_;
    return out;
}

}  // namespace rakka::log
