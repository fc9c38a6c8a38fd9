// The process of a supervisor: a gen_server around an engine.
#pragma once

#include "supervisor/server_guise.hpp"
#include "supervisor/supervisor_engine.hpp"

#include <rakka/otp/dynamic_supervisor.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/supervisor.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace rakka::detail {

/// Common to both kinds of supervisor. Erlang: supervisor's gen_server callbacks.
class supervising_server : public gen_server, public server_guise {
public:
    supervising_server(atom module, server_name name) : module_(module), name_(std::move(name)) {}

    result handle_call(const term& request, const from& sender) override;
    result handle_cast(const term& request) override;
    result handle_info(const term& message) override;
    void terminate(term_view reason) override;

    [[nodiscard]] atom callback_module() const override { return module_; }
    [[nodiscard]] term initial_call() const override;
    [[nodiscard]] term status_part() const override;

protected:
    /// Traps exits. The name by which reports call it.
    [[nodiscard]] term begin();
    [[nodiscard]] result run(std::unique_ptr<supervisor_engine> engine, bool hibernates);
    [[nodiscard]] result after(verdict v);
    [[nodiscard]] supervisor_engine* engine() const noexcept { return engine_.get(); }

private:
    atom module_;
    server_name name_;
    std::unique_ptr<supervisor_engine> engine_;
};

/// `{supervisor_data, {invalid_intensity, I} | {invalid_period, P}}`, or nothing.
[[nodiscard]] std::optional<term> wrong_limits(std::int64_t intensity, std::chrono::seconds period);

class supervisor_process final : public supervising_server {
public:
    using source = std::function<std::unique_ptr<supervisor>()>;
    supervisor_process(source make, atom module, server_name name)
        : supervising_server(module, std::move(name)), make_(std::move(make)) {}

    result init() override;
    [[nodiscard]] term state() const override;

private:
    source make_;
    std::unique_ptr<supervisor> supervisor_;
    supervisor_flags flags_;
};

class dynamic_supervisor_process : public supervising_server {
public:
    using source = std::function<std::unique_ptr<dynamic_supervisor>()>;
    dynamic_supervisor_process(source make, atom module, server_name name)
        : supervising_server(module, std::move(name)), make_(std::move(make)) {}

    result init() override;
    result handle_cast(const term&) override { return noreply(); }
    result handle_info(const term& message) override;
    [[nodiscard]] term state() const override;

private:
    source make_;
    std::unique_ptr<dynamic_supervisor> supervisor_;
};

}  // namespace rakka::detail
