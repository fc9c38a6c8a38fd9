// The logger of one system: levels, filters, and the handlers behind them.
#pragma once

#include "log/log_handler.hpp"

#include <rakka/actors/log.hpp>
#include <rakka/otp/logger.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::log {

/// From which levels on somebody may want an event.
struct limits {
    log_level all = log_level::none;
    log_level life = log_level::none;    ///< of those that tell of processes' lives, the module `lifecycle`
    log_level births = log_level::none;  ///< of these the births
};

/// The levels that are set. Erlang: `logger:get_config/0`, proxied by logger:allow/2.
class level_table {
public:
    explicit level_table(log_level primary) noexcept : primary_(primary) {}

    // -- any thread
    [[nodiscard]] bool allows(log_level level, std::string_view module, const pid& process) const;
    [[nodiscard]] log_level primary() const noexcept { return primary_.load(std::memory_order_relaxed); }

    // -- any thread; each gives the new limits
    limits set_primary(log_level level);
    limits set_module(std::string module, std::optional<log_level> level);
    /// `alive` tells which of the processes of earlier calls are still to be remembered.
    limits set_process(const pid& process, std::optional<log_level> level, bool (*alive)(system&, const pid&),
                       system& s);

    void describe(config& out) const;

private:
    [[nodiscard]] limits quietest() const noexcept;  // mutex_ is held

    std::atomic<log_level> primary_;
    std::atomic<bool> has_exceptions_{false};
    mutable std::mutex mutex_;
    std::map<std::string, log_level, std::less<>> modules_;  // guarded by mutex_
    std::vector<std::pair<pid, log_level>> processes_;       // guarded by mutex_
};

/// Owned by its system. Every function: any thread.
class logger_core final : public rakka::detail::log_receiver {
public:
    logger_core(system& s, log_level primary) : system_(s), levels_(primary) {}
    ~logger_core() override;
    logger_core(const logger_core&) = delete;
    logger_core& operator=(const logger_core&) = delete;
    /// The logger of `s`; throws std::logic_error without one.
    [[nodiscard]] static logger_core& of(system& s);
    /// Null without one.
    [[nodiscard]] static logger_core* find(system& s) noexcept;

    void take(log_event& event) noexcept override;
    [[nodiscard]] bool wants(log_level level, atom module, const pid& process) const noexcept override {
        return levels_.allows(level, module.text(), process);
    }
    [[nodiscard]] bool allows(log_level level, std::string_view module, const pid& process) const {
        return levels_.allows(level, module, process);
    }

    void set_primary_level(log_level level);
    void set_module_level(atom module, std::optional<log_level> level);
    void set_process_level(const pid& process, std::optional<log_level> level);
    void set_metadata(std::vector<std::pair<atom, term>> metadata);

    bool add_filter(atom name, filter f);
    bool remove_filter(atom name);
    void set_filter_default(verdict what);

    /// A handler that is not taken is closed.
    bool add_handler(const std::shared_ptr<handler>& h);
    bool remove_handler(atom id);
    /// Null: there is none.
    [[nodiscard]] std::shared_ptr<handler> find_handler(atom id) const;
    [[nodiscard]] std::vector<std::shared_ptr<handler>> handlers() const;
    [[nodiscard]] config describe() const;
    [[nodiscard]] system& of_system() const noexcept { return system_; }

private:
    using handlers_ptr = std::shared_ptr<const std::vector<std::shared_ptr<handler>>>;

    void hand_out(const log_event& event);
    /// Null: there is none.
    /// `only`: unless another one has its name by now.
    std::shared_ptr<handler> take_out(atom id, const handler* only = nullptr);
    void limit(const limits& now) noexcept;
    void say(std::string text);
    void forward(const log_event& event);

    system& system_;
    level_table levels_;
    std::mutex setting_;        // one change of levels at a time
    mutable std::mutex mutex_;  // guards the rest; what is pointed at never changes
    filter_chain_ptr chain_ = std::make_shared<const filter_chain>();
    handlers_ptr handlers_ = std::make_shared<const std::vector<std::shared_ptr<handler>>>();
    std::shared_ptr<const std::vector<std::pair<atom, term>>> metadata_;
};

}  // namespace rakka::log
