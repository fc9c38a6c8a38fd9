// What dialling may cost: how many attempts run at a time, how many wait, how soon a node is tried again.
#pragma once

#include "transport/io_loop.hpp"

#include <rakka/etf/atom.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace rakka::detail {

class dial_limits;

/// Who wants to be connected decides which bounds there are.
enum class dial_wish : std::uint8_t {
    of_the_program,  ///< none: it asked for just that
    of_a_signal,     ///< all
};

/// The right to have one attempt under way; given back when destroyed. I/O thread.
class dial_place {
public:
    dial_place() noexcept = default;
    explicit dial_place(dial_limits& from) noexcept : from_(&from) {}
    dial_place(dial_place&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
    dial_place& operator=(dial_place&& other) noexcept {
        std::swap(from_, other.from_);
        return *this;
    }
    ~dial_place();

private:
    dial_limits* from_ = nullptr;
};

/// A peer can put pids of any node into its messages, and each answer to one of them is a reason to dial:
/// this keeps what comes of it within bounds. What the program asks for itself, `node::connect` for instance,
/// is never refused, nor does it wait. I/O thread, unless a function says otherwise.
class dial_limits {
public:
    using clock = std::chrono::steady_clock;
    struct settings {
        std::size_t max_under_way;
        std::size_t max_waiting;
        std::chrono::milliseconds backoff;  ///< after a failure, the node is not tried again by itself
        bool once = false;                  ///< nor is one that was lost, ever
    };
    /// Failures remembered at most.
    static constexpr std::size_t max_failures = 4096;

    dial_limits(transport::io_loop& io, settings s) : io_(io), settings_(s) {}

    /// Whether an attempt to reach `node` has failed within the last `backoff`. Any thread.
    [[nodiscard]] bool failed_lately(atom node, clock::time_point now = clock::now()) const;
    /// Whether it was lost, and with `once` only the program may dial it. Any thread.
    [[nodiscard]] bool is_barred(atom node) const;
    void failed(atom node, clock::time_point now = clock::now());
    void succeeded(atom node);
    /// The connection to `node` has ended. So many are remembered as nodes can connect, see
    /// node_options::max_peer_names.
    void lost(atom node);

    /// A place whether or not there is one.
    [[nodiscard]] dial_place take() noexcept {
        ++under_way_;
        return dial_place(*this);
    }
    enum class admission { granted, waiting, refused };
    /// Calls `go` with a place: before it returns (granted), later from the event loop (waiting), or not at
    /// all (refused: too many wait already, or stop_waiting came first).
    [[nodiscard]] admission ask(const void* who, std::function<void(dial_place)> go);
    void stop_waiting(const void* who);

    [[nodiscard]] std::size_t under_way() const noexcept { return under_way_; }
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
    [[nodiscard]] const settings& limits() const noexcept { return settings_; }

private:
    friend class dial_place;
    struct candidate {
        const void* who;
        std::function<void(dial_place)> go;
    };
    void give_back() noexcept;
    void admit();

    transport::io_loop& io_;
    const settings settings_;
    std::size_t under_way_ = 0;
    std::list<candidate> waiting_;

    mutable std::mutex mutex_;
    std::unordered_map<atom, clock::time_point> failures_;  // when; guarded by mutex_
    std::unordered_set<atom> lost_;                         // with `once`; guarded by mutex_
};

inline dial_place::~dial_place() {
    if (from_ != nullptr) from_->give_back();
}

}  // namespace rakka::detail
