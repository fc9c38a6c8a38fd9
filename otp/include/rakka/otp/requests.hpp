// Calls that do not wait: the request goes out now, the reply is taken later, alone or as one of many.
//
// For servers of every kind (gen_server, gen_statem, supervisors, of C++ and of a BEAM). Owner process: the
// one that has made the request. Erlang: gen_server:send_request/2 and its family, the same in gen_statem and
// gen_event.
#pragma once

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/otp/server_name.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace rakka {

/// A request under way. A value: copies are the same request. Erlang: `request_id()`.
class request_id {
public:
    friend bool operator==(const request_id&, const request_id&) = default;

private:
    friend class request_access;
    explicit request_id(const reference& ref) : ref_(ref) {}
    reference ref_;
};

/// What became of a request: the reply, or why there is none.
using response = boost::system::result<term, gen::no_reply>;

/// Sends `request` as a gen_server::call does and returns at once. A server that is not there, and an
/// unreachable node, are the response. May wait for a busy connection. Erlang: gen_server:send_request/2,
/// gen_statem:send_request/2.
[[nodiscard]] request_id send_request(const server_ref& server, const term& request);

/// Waits for the response. Nothing after `timeout`: the request is then given up, and its reply never reaches
/// the mailbox. Blocks; throws process_exit. Erlang: gen_server:receive_response/2.
[[nodiscard]] std::optional<response> receive_response(
    const request_id& id, std::optional<std::chrono::milliseconds> timeout = std::nullopt);
/// The same, but after `timeout` the request lives on and can be waited for again. Erlang:
/// gen_server:wait_response/2.
[[nodiscard]] std::optional<response> wait_response(
    const request_id& id, std::optional<std::chrono::milliseconds> timeout = std::nullopt);
/// Whether `message`, which the caller has received, is the response to the request; nothing: it is none.
/// Does not block. Erlang: gen_server:check_response/2.
[[nodiscard]] std::optional<response> check_response(const term& message, const request_id& id);

/// Requests under way, each with a label, waited for together: the response that comes first is taken.
/// Erlang: `request_id_collection()`.
class request_ids {
public:
    struct labelled_response {
        rakka::response response;
        term label;
    };

    /// Erlang: gen_server:reqids_add/3, send_request/4.
    void add(const request_id& id, term label) { all_.emplace_back(id, std::move(label)); }
    /// Erlang: gen_server:reqids_size/1, reqids_to_list/1.
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
    [[nodiscard]] const std::vector<std::pair<request_id, term>>& list() const noexcept { return all_; }

    /// Waits for the first response of any, which leaves the collection. Nothing after `timeout`: all
    /// requests in it are then given up and it is empty; nothing at once when it is empty. Blocks. Erlang:
    /// receive_response/3 with Delete.
    [[nodiscard]] std::optional<labelled_response> receive_response(
        std::optional<std::chrono::milliseconds> timeout = std::nullopt);
    /// The same, but after `timeout` all live on. Erlang: wait_response/3 with Delete.
    [[nodiscard]] std::optional<labelled_response> wait_response(
        std::optional<std::chrono::milliseconds> timeout = std::nullopt);
    /// Whether `message` is the response to one of them, which then leaves. Erlang: check_response/3 with
    /// Delete.
    [[nodiscard]] std::optional<labelled_response> check_response(const term& message);

private:
    [[nodiscard]] std::optional<labelled_response> take(const term& message);
    std::vector<std::pair<request_id, term>> all_;
};

}  // namespace rakka
