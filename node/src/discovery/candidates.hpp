// The nodes that have been found, and when each of them is dialled.
#pragma once

#include <rakka/node/discovery.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace rakka::discovery {

/// What the service knows of nodes. Calls and clocks in, names to dial out. One thread at a time.
class candidates {
public:
    using time = std::chrono::nanoseconds;  ///< of a clock that does not go back

    explicit candidates(const settings& how) : how_(how) {}

    // ---- what strategies say. The result of both: how many names there was no room for.
    std::size_t found(std::size_t strategy, const std::vector<std::string>& nodes, time now);
    /// `gone` gets the nodes that no strategy lists any more, of those that this one did list.
    std::size_t all(std::size_t strategy, const std::vector<std::string>& nodes, time now,
                    std::vector<std::string>& gone);

    // ---- what becomes of nodes; of those that are not known nothing is remembered
    void connected(const std::string& node);
    void lost(const std::string& node, time now);
    void failed(const std::string& node, time now);
    /// It can never be dialled: it is not tried again as long as it is known.
    void useless(const std::string& node);

    /// The nodes whose time has come, `most` at most; they are being dialled until connected(), lost() or
    /// failed() says otherwise. Forgets those that have not been heard of for long.
    [[nodiscard]] std::vector<std::string> due(time now, std::size_t most);
    /// When to ask again at the latest, were there room for all; nothing: when something has happened.
    [[nodiscard]] std::optional<time> next() const;

    [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }

private:
    enum class state : std::uint8_t { waiting, dialled, up, useless };
    struct candidate {
        state is = state::waiting;
        time when{};                                    // waiting: to be dialled
        unsigned failures = 0;                          // in a row
        std::map<std::size_t, std::optional<time>> by;  // strategies: when heard of last; nothing: listed
    };

    candidate* know(const std::string& node, time now);
    [[nodiscard]] bool forgotten(candidate& c, time now) const;

    const settings how_;
    std::unordered_map<std::string, candidate> nodes_;
};

}  // namespace rakka::discovery
