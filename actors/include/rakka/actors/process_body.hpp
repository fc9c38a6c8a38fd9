// A process's body as an object: what spawn() makes of a callable.
#pragma once

#include <rakka/etf/term.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace rakka {

/// Something a process runs once, on a stack of its own as soon as it blocks. Destroyed inside the process,
/// also when it never got to run.
class process_body {
public:
    virtual ~process_body() = default;
    virtual void run() = 0;
    /// The type of the user's own code in it, for process_info().
    [[nodiscard]] virtual const std::type_info& code() const noexcept { return typeid(*this); }
    /// True: destroyed only after links and monitors have been told of the end, and outside of the process.
    [[nodiscard]] virtual bool outlives_process() const noexcept { return false; }
    /// Called instead of the destructor, which never is, when the process has ended in the middle of run()
    /// and its stack stays as it is: see exit() and system_options::exit_patience. Links and monitors have
    /// been told.
    virtual void left_standing(const term& reason) noexcept { static_cast<void>(reason); }
};

namespace detail {

template <class F>
class callable_body final : public process_body {
public:
    template <class G>
    explicit callable_body(G&& f) : f_(std::forward<G>(f)) {}
    void run() override { static_cast<void>(f_()); }
    [[nodiscard]] const std::type_info& code() const noexcept override { return typeid(F); }

private:
    F f_;
};

template <std::invocable F>
[[nodiscard]] std::unique_ptr<process_body> make_body(F&& f) {
    return std::make_unique<callable_body<std::decay_t<F>>>(std::forward<F>(f));
}

}  // namespace detail
}  // namespace rakka
