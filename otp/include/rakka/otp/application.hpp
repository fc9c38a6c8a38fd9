// Applications: parts of a program that are started and stopped as a whole, in the order of their
// dependencies.
//
//     class shop : public rakka::application {
//         rakka::start_result<rakka::pid> start() override { return supervisor::start_link(…); }
//     };
//     applications::load<shop>({.name = "shop"_a, .version = "1.0", .applications = {"inventory"_a}});
//     applications::ensure_all_started({"shop"_a});
//
// All functions of the namespace: inside a process; those that block say so. Erlang: module application.
#pragma once

#include <rakka/etf/term.hpp>
#include <rakka/otp/start.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace rakka {

class system;

/// What happens to the program when the application ends by itself, or its start fails. Erlang:
/// `restart_type()`.
enum class application_type : std::uint8_t {
    temporary,  ///< it is reported
    transient,  ///< reported for `normal`; for any other reason all applications are stopped, and the program
    permanent,  ///< all applications are stopped, and the program, whatever the reason
};

/// What is known of an application before it runs. Erlang: an `.app` file.
struct application_specification {
    atom name{};
    std::string description{};
    std::string version{};
    /// Those that must have been started before. Erlang: `applications`.
    std::vector<atom> applications{};
    /// The same, but they need not exist. Erlang: `optional_applications`.
    std::vector<atom> optional_applications{};
    std::vector<std::pair<atom, term>> env{};  ///< configuration files say otherwise, and set_env()
    std::vector<atom> registered{};  ///< names of its processes; no two loaded applications may share one
    /// After start(), in this order, start_phase(phase, argument).
    std::vector<std::pair<atom, term>> start_phases{};
};

/// The callbacks of one. An object lives from the start to the end of the application; all callbacks run in
/// one process, which is the root's parent. Its group leader, and that of all processes of the application,
/// is another one: the application's master.
class application {
public:
    virtual ~application() = default;

    /// Starts the process at the root, mostly a supervisor with start_link(), and gives its pid. When that
    /// process ends, so does the application. What it throws is the error of the start. Erlang:
    /// Module:start/2.
    virtual start_result<pid> start() = 0;
    /// Once for each of the specification's start_phases. What it throws stops the application and is the
    /// error.
    virtual void start_phase(atom phase, const term& argument) {
        static_cast<void>(phase), static_cast<void>(argument);
    }
    /// Before its processes are stopped.
    virtual void prep_stop() {}
    /// After they have ended.
    virtual void stop() {}
    /// Configuration has changed while it runs (applications::configure). Erlang: config_change/3.
    virtual void config_change(const std::vector<std::pair<atom, term>>& changed,
                               const std::vector<std::pair<atom, term>>& added,
                               const std::vector<atom>& removed) {
        static_cast<void>(changed), static_cast<void>(added), static_cast<void>(removed);
    }
};

namespace applications {

using environment = std::vector<std::pair<atom, term>>;
template <class T>
using outcome = boost::system::result<T, start_error>;
using factory = std::function<std::unique_ptr<application>()>;

/// Makes it known; nothing runs yet. `make` empty: an application without processes, which is only there for
/// others to depend on. Errors: `{already_loaded, Name}`, `{invalid_name, …}` for a registered name of
/// another. Does not block. Erlang: application:load/1.
outcome<void> load(application_specification specification, factory make = {});
/// The same for an application class, made with `arguments` each time it starts.
template <std::derived_from<application> App, class... Arguments>
outcome<void> load(application_specification specification, Arguments... arguments) {
    return load(std::move(specification), factory([held = std::make_tuple(std::move(arguments)...)] {
                    return std::apply([](const auto&... a) { return std::make_unique<App>(a...); }, held);
                }));
}
/// Errors: `{not_loaded, Name}`, `{running, Name}`, also while it is being started. Does not block. Erlang:
/// application:unload/1.
outcome<void> unload(atom name);

/// Starts a loaded application. Blocks until its start and its start phases are over. Errors: `{not_loaded,
/// Name}`,
/// `{already_started, Name}`, `{not_started, Dependency}`, or what has become of its start: `{Reason, {Class,
/// start, …}}`. Erlang: application:start/1,2.
outcome<void> start(atom name, application_type type = application_type::temporary);
/// As start(); it is no error when it runs already. Blocks. Erlang: application:ensure_started/1,2.
outcome<void> ensure_started(atom name, application_type type = application_type::temporary);
/// Starts them and all they depend on, dependencies first; gives those it has started. On an error, `{Name,
/// Reason}`, those are stopped again. Blocks. Erlang: application:ensure_all_started/1,2.
outcome<std::vector<atom>> ensure_all_started(const std::vector<atom>& names,
                                              application_type type = application_type::temporary);
/// prep_stop(), then its processes in the order of its tree, then stop(), then whatever else has its master
/// as group leader. Blocks until all have ended. Error: `{not_started, Name}`. Not from a process of the
/// application itself. Erlang: application:stop/1.
outcome<void> stop(atom name);
/// All that run, the one started last first. Blocks.
void stop_all();

/// Erlang: an entry of application:which_applications/0.
struct entry {
    atom name;
    std::string description;
    std::string version;
};
/// Those that run, the one started last first. Does not block. Erlang: application:which_applications/0.
[[nodiscard]] std::vector<entry> which_applications();
/// Erlang: application:loaded_applications/0.
[[nodiscard]] std::vector<entry> loaded_applications();
/// Nothing when it is not loaded. Erlang: application:get_all_key/1.
[[nodiscard]] std::optional<application_specification> get_all_key(atom name);
/// The application whose processes have the same group leader as `p`; of the caller by default. Erlang:
/// application:get_application/0,1.
[[nodiscard]] std::optional<atom> get_application(const pid& p);
[[nodiscard]] std::optional<atom> get_application();

// -- environment: does not block

/// Erlang: application:get_env/2.
[[nodiscard]] std::optional<term> get_env(atom name, atom key);
/// Of the caller's own application. Erlang: application:get_env/1.
[[nodiscard]] std::optional<term> get_env(atom key);
/// As a T; `otherwise` when there is no such key, or its value has no such form. Erlang:
/// application:get_env/3.
template <class T>
[[nodiscard]] T get_env_or(atom name, atom key, T otherwise) {
    const auto value = get_env(name, key);
    if (!value) return otherwise;
    auto read = value->template as<T>();
    return read ? *std::move(read) : std::move(otherwise);
}
/// Erlang: application:get_all_env/1.
[[nodiscard]] environment get_all_env(atom name);
/// `persistent`: stays when the application is loaded (anew). Erlang: application:set_env/3,4.
void set_env(atom name, atom key, term value, bool persistent = false);
/// Erlang: application:unset_env/2.
void unset_env(atom name, atom key);

// -- configuration

/// Why a configuration was not taken: nothing of it was.
struct config_error {
    std::string what;  ///< `shop.config:3:14: expected ',' or '}'`
};
/// Takes `[{Name, [{Key, Value}]}]` (also `[[…], "other.config"]` in a file): it goes before what
/// specifications say, for applications loaded already and later. A later configuration replaces the keys it
/// has. Those that run hear of it by config_change(). Erlang: application:set_env/1,
/// application_controller:config_change/1.
[[nodiscard]] std::optional<config_error> configure(const term& configuration);
/// The same of a file of Erlang terms, as sys.config. A name in it, `"other.config"`, is another file, beside
/// the first if it is relative; what comes later counts. Reads files, and so holds the worker. Erlang: `erl
/// -config`.
[[nodiscard]] std::optional<config_error> load_config(const std::string& path);

/// Makes `application:start/1`, `get_env/2` and their like answer callers of other nodes for this system's
/// applications. Done by the first load(). Any thread.
void export_to(system& s);

}  // namespace applications
}  // namespace rakka
