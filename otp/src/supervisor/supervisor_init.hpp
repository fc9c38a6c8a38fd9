// Where a supervisor learns what to supervise: asked when it starts, and again when its code changes.
//
// The seam for code that is replaced while it runs: a supervisor holds its source and nothing else of the
// user's, and what the source says the second time takes the place of what it has said the first time.
#pragma once

#include "supervisor/child_kind.hpp"

#include <rakka/otp/supervisor.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace rakka::detail {

/// What init has said, not checked yet.
struct init_answer {
    struct ignored {};
    /// `{ok, {Flags, ChildSpecs}}` as terms.
    struct as_terms {
        term flags;
        term children;
    };
    /// Of an exported function: what is none of these.
    struct nonsense {
        term answer;
    };
    std::variant<ignored, supervisor::setup, as_terms, nonsense> what;
};

/// One for each supervisor; every function runs in its process.
class init_source {
public:
    virtual ~init_source() = default;
    /// May block; what it throws is the failure of init. Erlang: Module:init(Args).
    [[nodiscard]] virtual init_answer ask() = 0;
    /// What stands for Args in the state.
    [[nodiscard]] virtual term arguments() const { return list(); }
};

/// A class, made at the first question and asked each time.
class class_source final : public init_source {
public:
    using factory = std::function<std::unique_ptr<supervisor>()>;
    explicit class_source(factory make) : make_(std::move(make)) {}
    init_answer ask() override;

private:
    factory make_;
    std::unique_ptr<supervisor> asked_;
};

/// A function of the program.
class function_source final : public init_source {
public:
    explicit function_source(supervisor::init_function init) : init_(std::move(init)) {}
    init_answer ask() override;

private:
    supervisor::init_function init_;
};

/// `Module:init/1` among the exported functions, looked up each time: the one that is there by then answers.
class exported_source final : public init_source {
public:
    exported_source(atom module, term argument) : module_(module), argument_(std::move(argument)) {}
    init_answer ask() override;
    [[nodiscard]] term arguments() const override { return argument_; }

private:
    atom module_;
    term argument_;
};

/// An error: `{invalid_intensity, I}`, `{bad_combination, …}` and so on; of terms also `{invalid_type, F}`,
/// `{invalid_strategy, S}`, `{invalid_auto_shutdown, A}`. Any thread. Erlang: supervisor's set_flags/2.
[[nodiscard]] checked<supervisor_flags> flags_of(const init_answer& answer);
/// An error as for check_childspecs(). Exits with function_clause for a term that is no list, as OTP does.
/// In a process. Erlang: check_startspec/2.
[[nodiscard]] checked<std::vector<shared_kind>> kinds_of(const init_answer& answer, mode_to_check mode);
/// Whether it gives exactly one specification, right or wrong.
[[nodiscard]] bool has_one_spec(const init_answer& answer);
/// The specifications as they were given, as far as they are right.
[[nodiscard]] term specs_as_given(const init_answer& answer);
/// `{ok, {Ids, #{Id => {child, …}}}}`, as OTP holds them before anything has started.
[[nodiscard]] term as_checked_specs(const std::vector<shared_kind>& kinds);
/// `{invalid_intensity, I}` or `{invalid_period, P}`, or nothing. Any thread.
[[nodiscard]] std::optional<term> wrong_limits(std::int64_t intensity, std::chrono::seconds period);

}  // namespace rakka::detail
