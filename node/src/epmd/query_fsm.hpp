// One question to epmd: where is that node (PORT2), or which nodes are there (NAMES).
#pragma once

#include "epmd/epmd_client_io.hpp"
#include "epmd/epmd_messages.hpp"

#include <optional>
#include <string>

namespace rakka::epmd {

/// See epmd_client_io.hpp for how to drive it; uses connect, write, read, done and fail. `done` may come
/// before epmd closes.
class query_fsm {
public:
    /// A NAMES reply beyond this is refused.
    static constexpr std::size_t max_reply_size = std::size_t{1} << 20;

    /// Looks up the node whose alive part is `name`. `address` (host:port) is for error texts.
    static query_fsm lookup(std::string name, std::string address);

    /// Lists all names of the epmd on `port`; an epmd that reports another port fails with
    /// `epmd_wrong_address`, since then something else answers in its place.
    static query_fsm names(std::uint16_t port, std::string address);

    [[nodiscard]] action resume(const event& e);

    /// After `done` of a lookup. An unknown name ends with `fail` and node_not_registered.
    const node_entry& node() const;
    /// After `done` of a names query.
    const names_reply& all_names() const;
    /// After `fail`.
    const epmd_error& error() const;

private:
    enum class phase { idle, connecting, sending, awaiting_reply, finished };

    query_fsm(request question, std::uint16_t port, std::string doing, std::string address);

    action on_received(byte_view data);
    action on_closed(const std::string& reason);
    action finish_lookup(port2_reply reply);
    action fail(node_errc code, std::string received);

    request question_;
    std::uint16_t port_;
    std::string doing_;
    std::string address_;
    phase phase_ = phase::idle;
    bytes buffer_;
    std::optional<node_entry> node_;
    std::optional<names_reply> names_;
    std::optional<epmd_error> error_;
};

}  // namespace rakka::epmd
