// `await`: Asio operations inside a process, in a straight line.
//
//     boost::asio::ip::tcp::socket peer(io_context_of(this_system()));
//     peer.async_connect(where, await);
//     const std::size_t n = peer.async_read_some(boost::asio::buffer(data), await);
//
// The operation starts at once; the process waits, its worker does not. The process takes in signals
// meanwhile: messages queue up, and an exit signal that ends it cancels the operation (terminally, by its
// cancellation slot), waits until it has let go of its buffers, and throws process_exit. Use I/O objects of
// io_context_of(this_system()), each by one process at a time.
//
// Errors are thrown as boost::system::system_error; `await[ec]` stores them instead. Completion arguments
// behind the error are the result: nothing, the value, or a std::tuple of several. Throws std::logic_error
// outside of a process and in a simulation, which has no event loop. Owner process. The only header of actors
// that includes Asio, and for that reason not part of the umbrella.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace rakka {

/// What `await[ec]` is.
struct await_into {
    boost::system::error_code* error;
};

/// The type of `await`, a completion token.
struct await_t {
    [[nodiscard]] constexpr await_into operator[](boost::system::error_code& error) const noexcept {
        return {&error};
    }
};
inline constexpr await_t await{};

namespace detail {

/// An operation that a process waits for; on its stack.
class awaited_operation;

/// Calls start(arg, op), which begins an operation whose handler calls over(op) once, and blocks until it
/// has. Throws what start throws, and then process_exit.
void await_operation(void (*start)(void* arg, awaited_operation& op), void* arg);
/// Any thread.
void over(awaited_operation& op) noexcept;
[[nodiscard]] boost::asio::cancellation_slot slot_of(awaited_operation& op) noexcept;

/// Stores what the operation completes with. One that is destroyed without having been called, because its
/// event loop is, leaves nothing there.
template <class Stored>
class await_handler {
public:
    using cancellation_slot_type = boost::asio::cancellation_slot;

    await_handler(awaited_operation& op, std::optional<Stored>& out) noexcept : op_(&op), out_(&out) {}
    await_handler(await_handler&& other) noexcept
        : op_(std::exchange(other.op_, nullptr)), out_(other.out_) {}
    await_handler& operator=(await_handler&&) = delete;
    ~await_handler() {
        if (op_ != nullptr) over(*op_);
    }
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return slot_of(*op_); }

    template <class... Args>
    void operator()(Args&&... args) {
        try {
            out_->emplace(std::forward<Args>(args)...);
        } catch (...) {  // no result, then: the event loop is no place for exceptions
            out_->reset();
        }
        over(*std::exchange(op_, nullptr));
    }

private:
    awaited_operation* op_;
    std::optional<Stored>* out_;
};

template <class First>
inline constexpr bool is_failure =
    std::same_as<First, boost::system::error_code> || std::same_as<First, std::exception_ptr>;

inline void raise(const boost::system::error_code& error, boost::system::error_code* into) {
    if (into != nullptr) {
        *into = error;
    } else if (error) {
        throw boost::system::system_error(error);
    }
}
inline void raise(const std::exception_ptr& error, boost::system::error_code*) {
    if (error) std::rethrow_exception(error);
}

template <std::size_t From, class Stored>
auto await_result(Stored& stored) {
    constexpr std::size_t count = std::tuple_size_v<Stored> - From;
    if constexpr (count == 1) {
        return std::move(std::get<From>(stored));
    } else if constexpr (count > 1) {
        return std::apply(
            []<class... Rest>(auto& first, Rest&... rest) {
                if constexpr (From == 0) {
                    return std::tuple(std::move(first), std::move(rest)...);
                } else {
                    return std::tuple(std::move(rest)...);
                }
            },
            stored);
    }
}

template <class... Args>
struct awaiting {
    using stored = std::tuple<std::decay_t<Args>...>;
    static constexpr bool may_fail = [] {
        if constexpr (sizeof...(Args) == 0) {
            return false;
        } else {
            return is_failure<std::tuple_element_t<0, stored>>;
        }
    }();

    template <class Initiation, class... InitArgs>
    static auto run(boost::system::error_code* error, Initiation&& initiation, InitArgs&&... args) {
        std::optional<stored> out;
        auto start = [&](awaited_operation& op) {
            await_handler<stored> handler(op, out);  // first: whatever is thrown from here on is over with it
            std::forward<Initiation>(initiation)(std::move(handler), std::forward<InitArgs>(args)...);
        };
        await_operation([](void* p, awaited_operation& op) { (*static_cast<decltype(start)*>(p))(op); },
                        &start);
        if constexpr (may_fail && std::default_initializable<stored>) {
            if (!out && error != nullptr) {
                *error = boost::asio::error::operation_aborted;
                out.emplace();
                return await_result<1>(*out);
            }
        }
        if (!out) throw boost::system::system_error(boost::asio::error::operation_aborted);
        if constexpr (may_fail) raise(std::get<0>(*out), error);
        return await_result < may_fail ? 1 : 0 > (*out);
    }
};

}  // namespace detail
}  // namespace rakka

template <class R, class... Args>
class boost::asio::async_result<rakka::await_t, R(Args...)> {
public:
    template <class Initiation, class... InitArgs>
    static auto initiate(Initiation&& initiation, rakka::await_t, InitArgs&&... args) {
        return rakka::detail::awaiting<Args...>::run(nullptr, std::forward<Initiation>(initiation),
                                                     std::forward<InitArgs>(args)...);
    }
};

template <class R, class... Args>
class boost::asio::async_result<rakka::await_into, R(Args...)> {
public:
    template <class Initiation, class... InitArgs>
    static auto initiate(Initiation&& initiation, rakka::await_into token, InitArgs&&... args) {
        return rakka::detail::awaiting<Args...>::run(token.error, std::forward<Initiation>(initiation),
                                                     std::forward<InitArgs>(args)...);
    }
};
