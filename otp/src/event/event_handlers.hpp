// The handlers of a gen_event manager, in the order in which they are called. No process in here.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/otp/event_handler.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace rakka::detail {

struct installed_handler {
    handler_id id;
    pid supervisor{};  ///< empty: none
    std::unique_ptr<event_handler> object{};

    /// A pid or `false`.
    [[nodiscard]] term shown_supervisor() const;
    /// The second of `{Module, Id, State}`: `false` without an id.
    [[nodiscard]] term shown_id() const;
};

/// Few, as a rule: searched from the front, which is where new ones go.
class event_handlers {
public:
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
    [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
    [[nodiscard]] installed_handler& operator[](std::size_t at) noexcept { return all_[at]; }
    [[nodiscard]] auto begin() const noexcept { return all_.begin(); }
    [[nodiscard]] auto end() const noexcept { return all_.end(); }

    /// Before the one that is there now.
    void insert(std::size_t at, installed_handler h);
    /// The first of that id.
    [[nodiscard]] std::optional<std::size_t> find(const handler_id& id) const noexcept;
    [[nodiscard]] installed_handler take(std::size_t at);
    /// All that this process supervises, in their order.
    [[nodiscard]] std::vector<installed_handler> take_supervised_by(const pid& supervisor);

    /// Erlang: the_handlers/1.
    [[nodiscard]] std::vector<term> names() const;
    /// Each once, in Erlang's order.
    [[nodiscard]] std::vector<atom> modules() const;

private:
    std::vector<installed_handler> all_;
};

}  // namespace rakka::detail
