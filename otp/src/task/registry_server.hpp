// The processes of a registry: one that holds it, and those that take away the entries of processes that have
// ended.
#pragma once

#include "task/registry_table.hpp"

#include <rakka/otp/gen_server.hpp>

#include <memory>
#include <vector>

namespace rakka::detail {

using shared_table = std::shared_ptr<registry_table>;

/// Tells the listeners. In a process.
void tell_registered(const registry_table& table, const term& key, const pid& process, const term& value);
void tell_unregistered(const registry_table& table, const term& key, const pid& process);

/// Linked to every process that has an entry it looks after.
class registry_watcher final : public gen_server {
public:
    explicit registry_watcher(shared_table table) : table_(std::move(table)) {}
    result init() override;
    result handle_info(const term& message) override;

private:
    shared_table table_;
};

/// Starts the watchers, and ends with the first of them.
class registry_server final : public gen_server {
public:
    explicit registry_server(shared_table table) : table_(std::move(table)) {}
    /// A kill leaves no time for terminate(); handles must know all the same.
    ~registry_server() override { close(); }
    result init() override;
    result handle_info(const term& message) override;
    void terminate(term_view reason) override;

private:
    void export_names();
    void close() noexcept;

    shared_table table_;
};

/// How the table stands in a term.
struct table_box {
    shared_table table;
};
/// The function under which it is found: `Name:'$registry'/0`.
inline constexpr const char* table_function = "$registry";

}  // namespace rakka::detail
