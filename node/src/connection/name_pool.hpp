// The names this node gives to peers that have none of their own. [dist §Dynamic node names]
#pragma once

#include <rakka/base/result.hpp>
#include <rakka/node/creation.hpp>
#include <rakka/node/node_name.hpp>

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rakka::detail {

/// A name that nobody else has, for as long as it is in use. Names given back are given out again, with the
/// next creation, as a BEAM does: however often nameless peers come and go, no node sees more names than
/// there were such peers at a time. I/O thread.
class name_pool {
public:
    struct given {
        node_name name;
        rakka::creation creation;
    };
    /// Names kept for their next use at most.
    static constexpr std::size_t max_free = 1024;

    /// A name on `host` for which `taken` is false. Errors: those of node_name::parse, when `host` is no host
    /// part or so long that no name fits.
    [[nodiscard]] result<given> take(std::string_view host,
                                     const std::function<bool(const node_name&)>& taken);
    /// Nothing happens when this name is not in use.
    void give_back(std::string_view name);

    [[nodiscard]] std::size_t in_use() const noexcept { return in_use_.size(); }
    [[nodiscard]] std::size_t free() const noexcept { return free_.size(); }

private:
    std::unordered_map<std::string, given> in_use_;
    std::list<given> free_;  // the oldest first
};

}  // namespace rakka::detail
