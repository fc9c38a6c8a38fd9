// What is known of the applications of a system: read by any process without asking another one.
#pragma once

#include <rakka/otp/application.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

namespace rakka::detail {

/// One for each system (attached<application_table>). Any thread; nothing blocks.
class application_table {
public:
    using environment = applications::environment;

    explicit application_table(system&) {}

    [[nodiscard]] std::optional<term> load(application_specification specification,
                                           applications::factory make);
    [[nodiscard]] std::optional<term> unload(atom name);

    struct loaded {
        application_specification specification;
        applications::factory make;
    };
    [[nodiscard]] std::optional<loaded> find(atom name) const;
    [[nodiscard]] std::vector<applications::entry> all_loaded() const;

    // -- which run: written by the controller alone

    /// Marks `name` as being started: until set_running() or set_stopped() it cannot be unloaded. An error:
    /// why it cannot be started now.
    [[nodiscard]] applications::outcome<loaded> begin_start(atom name);
    /// Who starts it.
    void set_starting(atom name, const pid& master);
    void set_running(atom name, const pid& master);
    void set_stopped(atom name);
    /// Of those that run, and that are being started.
    [[nodiscard]] std::vector<pid> masters() const;
    /// Nothing runs any more.
    void set_all_stopped();
    /// True once: what a controller does once for the system is not done again by its successors.
    [[nodiscard]] bool is_first_controller() noexcept { return !had_controller_.exchange(true); }
    /// The one started last first.
    [[nodiscard]] std::vector<applications::entry> running() const;
    [[nodiscard]] bool is_running(atom name) const;
    [[nodiscard]] std::optional<pid> master_of(atom name) const;
    [[nodiscard]] std::optional<atom> application_of_master(const pid& master) const;

    // -- environment
    [[nodiscard]] std::optional<term> get_env(atom name, atom key) const;
    [[nodiscard]] environment all_env(atom name) const;
    void set_env(atom name, atom key, term value, bool persistent);
    void unset_env(atom name, atom key);

    /// What a configuration has changed in an application that runs.
    struct change {
        atom name;
        environment changed, added;
    };
    using configuration = std::vector<std::pair<atom, environment>>;
    std::vector<change> configure(const configuration& all);

private:
    using variables =
        std::map<std::uint32_t, std::pair<atom, term>>;  // by the key's id, so that order is stable
    struct record {
        loaded what;
        variables env;
    };
    [[nodiscard]] static applications::entry entry_of(const application_specification& s);
    // with mutex_ held
    [[nodiscard]] bool is_up(atom name) const;
    [[nodiscard]] std::optional<term> obstacle_to_start(atom name) const;

    mutable std::mutex mutex_;
    std::map<std::uint32_t, record> loaded_;         // guarded by mutex_, as are those below
    std::vector<std::pair<atom, pid>> running_;      // as they were started, and their masters
    std::map<std::uint32_t, pid> starting_;          // masters; none for a moment
    std::map<std::uint32_t, variables> configured_;  // of configuration files
    std::map<std::uint32_t, variables> persistent_;  // set_env with persistent
    std::atomic<bool> had_controller_{false};
};

}  // namespace rakka::detail
