// The process of a supervisor: a gen_server around an engine.
#pragma once

#include "supervisor/server_guise.hpp"
#include "supervisor/supervisor_engine.hpp"
#include "supervisor/supervisor_init.hpp"

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
    result handle_timeout() override;
    void terminate(term_view reason) override;

    [[nodiscard]] atom callback_module() const override { return module_; }
    [[nodiscard]] term initial_call() const override;
    [[nodiscard]] term status_part() const override;

protected:
    /// Traps exits. The name by which reports call it.
    [[nodiscard]] term begin();
    [[nodiscard]] result run(std::unique_ptr<supervisor_engine> engine);
    [[nodiscard]] result after(verdict v);
    /// `r`, and to hibernate when nothing comes for long.
    [[nodiscard]] result until_idle(result r) const;
    [[nodiscard]] supervisor_engine* engine() const noexcept { return engine_.get(); }
    /// Hibernates when nothing has come for so long; nothing: never.
    void hibernate_after(std::optional<milliseconds> idle) noexcept { idle_ = idle; }
    /// f(), the user's init among it, for a change of code: what is thrown becomes `{'EXIT', Reason}`.
    template <class F>
    static auto caught(F&& f);
    /// Why the code does not change.
    [[noreturn]] static void refuse(term reason);

private:
    atom module_;
    server_name name_;
    std::unique_ptr<supervisor_engine> engine_;
    std::optional<milliseconds> idle_;
};

class supervisor_process : public supervising_server {
public:
    /// `idle`: when it hibernates if its flags do not say.
    supervisor_process(std::unique_ptr<init_source> source, atom module, server_name name,
                       std::optional<milliseconds> idle)
        : supervising_server(module, std::move(name)), source_(std::move(source)), idle_by_default_(idle) {}

    result init() override;
    void code_change(const term& old_version, const term& extra) override;
    [[nodiscard]] term state() const override;

private:
    void take(const supervisor_flags& flags);

    std::unique_ptr<init_source> source_;
    std::optional<milliseconds> idle_by_default_;
    supervisor_flags flags_;
};

/// Starts one that asks `source`, linked to the caller. Blocks. Owner process.
[[nodiscard]] start_result<pid> start_supervisor(std::unique_ptr<init_source> source, atom module,
                                                 start_options options);

class dynamic_supervisor_process : public supervising_server {
public:
    using source = std::function<std::unique_ptr<dynamic_supervisor>()>;
    dynamic_supervisor_process(source make, atom module, server_name name)
        : supervising_server(module, std::move(name)), make_(std::move(make)) {}

    result init() override;
    result handle_cast(const term&) override { return noreply(); }
    result handle_info(const term& message) override;
    void code_change(const term& old_version, const term& extra) override;
    [[nodiscard]] term state() const override;

private:
    source make_;
    std::unique_ptr<dynamic_supervisor> supervisor_;
};

}  // namespace rakka::detail
