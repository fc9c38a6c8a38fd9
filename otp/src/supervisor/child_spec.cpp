#include <rakka/etf/build.hpp>
#include <rakka/otp/child_spec.hpp>

#include <utility>

namespace rakka {

start_answer::start_answer(const start_result<pid>& started) {
    if (started) {
        child_ = *started;
    } else if (!started.error().reason.is_atom(atoms::known<"ignore">)) {
        error_ = started.error().reason;
    }
}

start_answer start_answer::with_info(const pid& child, term info) {
    start_answer a(child);
    a.info_ = std::move(info);
    return a;
}

start_answer start_answer::ignore() {
    return {};
}

start_answer start_answer::failed(term reason) {
    start_answer a;
    a.error_ = std::move(reason);
    return a;
}

start_answer start_answer::read(const term& answer) {
    if (answer.is_atom(atoms::known<"ignore">)) return ignore();
    if (answer.is_tagged(atoms::known<"error">, 2)) return failed(answer.share(answer.tuple()[1]));
    const bool ok = answer.is_tagged(atoms::known<"ok">, 2) || answer.is_tagged(atoms::known<"ok">, 3);
    const auto child = ok ? answer.tuple()[1].as<pid>() : result<pid>(etf::errc::wrong_type);
    if (!child) return failed(answer);
    start_answer a(*child);
    if (answer.tuple().size() == 3) a.info_ = answer.share(answer.tuple()[2]);
    return a;
}

term start_answer::to_term() const {
    if (error_.has_value()) return tuple(atoms::known<"error">, error_);
    if (!child_) return atoms::known<"ignore">;
    if (info_.has_value()) return tuple(atoms::known<"ok">, *child_, info_);
    return tuple(atoms::known<"ok">, *child_);
}

child_start::child_start(mfargs named)
    : module_(named.module), function_(named.function), arguments_(std::move(named.arguments)) {}

child_start::child_start(mfargs shown, detail::start_function call) : child_start(std::move(shown)) {
    call_ = std::move(call);
}

atom to_atom(restart_strategy s) noexcept {
    switch (s) {
        case restart_strategy::one_for_one:
            break;
        case restart_strategy::one_for_all:
            return "one_for_all"_a;
        case restart_strategy::rest_for_one:
            return "rest_for_one"_a;
        case restart_strategy::simple_one_for_one:
            return "simple_one_for_one"_a;
    }
    return "one_for_one"_a;
}

atom to_atom(restart_type r) noexcept {
    switch (r) {
        case restart_type::permanent:
            break;
        case restart_type::transient:
            return "transient"_a;
        case restart_type::temporary:
            return "temporary"_a;
    }
    return "permanent"_a;
}

atom to_atom(child_type t) noexcept {
    return t == child_type::worker ? "worker"_a : "supervisor"_a;
}

atom to_atom(auto_shutdown_mode m) noexcept {
    switch (m) {
        case auto_shutdown_mode::never:
            break;
        case auto_shutdown_mode::any_significant:
            return "any_significant"_a;
        case auto_shutdown_mode::all_significant:
            return "all_significant"_a;
    }
    return "never"_a;
}

}  // namespace rakka
