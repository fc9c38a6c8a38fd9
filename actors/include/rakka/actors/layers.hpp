// Where the layers above meet in one system although they do not see each other: otp/ shows the figures of
// parts it knows nothing else about, and takes them down in order; a node is such a part.
#pragma once

#include <rakka/actors/log.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <typeindex>
#include <utility>
#include <vector>

namespace rakka {

class system;

/// One figure of the present moment, as metrics name them: see docs/metrics.md. Figures of one name have the
/// same help and kind, and differ in their labels.
struct figure {
    enum class kind : std::uint8_t {
        counter,  ///< only grows, but for a new beginning at 0; its name ends in `_total`
        gauge,
    };
    std::string name;  ///< letters, digits and `_`
    std::string help;  ///< a sentence
    kind type = kind::gauge;
    std::vector<std::pair<std::string, std::string>> labels{};  ///< name and value; in any order
    double value = 0;
};

/// A part of a system that only its own layer knows more of. The functions may be called on any thread but an
/// I/O handler, until the last share of it is gone, and at the same time.
class system_part {
public:
    system_part() = default;
    system_part(const system_part&) = delete;
    system_part& operator=(const system_part&) = delete;
    virtual ~system_part() = default;

    /// For the log: "node adder@127.0.0.1".
    [[nodiscard]] virtual std::string name() const = 0;
    /// Appends what there is to count. Must not block for long.
    virtual void figures(std::vector<figure>& out) const { static_cast<void>(out); }
    /// From now on nobody new is let in; who is there already is served as before. Idempotent. May block for
    /// a moment.
    virtual void stop_accepting() {}
    /// What has been taken on and is still to be done, in whatever unit; 0: the part may end without a loss.
    [[nodiscard]] virtual std::size_t unfinished() const { return 0; }
    /// The system is about to end. Idempotent. May block for a while.
    virtual void close() {}
};

/// The system knows `part` as long as somebody else has a share of it. Any thread.
void add_part(system& s, const std::shared_ptr<system_part>& part);
/// In the order of add_part(). Any thread.
[[nodiscard]] std::vector<std::shared_ptr<system_part>> parts_of(system& s);

/// That the whole program is to end.
struct stop_request {
    int status = 0;      ///< the program's exit status if all goes well
    std::string reason;  ///< who wants it, for the log: "init:stop/0 of a@127.0.0.1"
};

/// Who ends the program when it is asked to: must return at once, and not throw. An empty function: nobody
/// any more. Any thread.
void set_stop_handler(system& s, std::function<void(const stop_request&)> handler);
/// Asks for it; false when there is nobody who would do it. Any thread.
bool request_stop(system& s, const stop_request& request);

/// Says something that is about no process in the system's log. Any thread.
void report(system& s, log_level level, std::string text) noexcept;

namespace detail {

[[nodiscard]] std::shared_ptr<void> attachment(system& s, std::type_index key,
                                               std::shared_ptr<void> (*make)(system& s));

/// The one T of this system, made with T(system&) when it is first asked for. It goes when the system does,
/// after all processes, unless others have a share of it still: its destructor must not need the system. When
/// several threads are the first to ask, T objects may be made in vain. Any thread.
template <class T>
[[nodiscard]] std::shared_ptr<T> attached(system& s) {
    return std::static_pointer_cast<T>(attachment(
        s, typeid(T), [](system& of) -> std::shared_ptr<void> { return std::make_shared<T>(of); }));
}

}  // namespace detail
}  // namespace rakka
