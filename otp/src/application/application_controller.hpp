// The process that starts and stops the applications of a system. Registered as `application_controller`.
#pragma once

#include "application/application_table.hpp"

#include <rakka/otp/gen_server.hpp>

#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rakka::detail {

/// Calls: `{start, Name, Type}` and `{stop, Name}` give `ok` or `{error, Reason}` when that is over;
/// `which_applications` and `{get_master, Name}` are what a node asks for. Applications start and stop beside
/// each other: the controller only waits for their masters' messages. What comes from peers and fits no form
/// does nothing, nor does what looks like a message of a master and has not its key.
class application_controller final : public gen_server {
public:
    application_controller();

private:
    struct attempt {
        application_type type;
        pid master;
        std::vector<from> waiting;
        term failure{};  // `{error, Reason}` once it has failed; answered when its processes have ended
    };
    using attempts = std::map<std::uint32_t, attempt>;

    result init() override;
    result handle_call(const term& request, const from& sender) override;
    result handle_cast(const term& request) override;
    result handle_info(const term& message) override;

    /// Carries out `{start, Name, Type}` or `{stop, Name}`; false: it is neither.
    bool carry_out(const term& request, const from& sender);
    void on_start(atom name, application_type type, const from& sender);
    void on_stop(atom name, const from& sender);
    [[nodiscard]] attempts::iterator attempt_of(const pid& master);
    /// An order to a master of this controller.
    void tell(const pid& master, const term& what) const;
    /// `application_started` or `application_ended`.
    void on_word_of_master(const term& message);
    void on_started(const pid& master, const term& outcome);
    void on_ended(const pid& master, const term& reason);
    void on_failed_start(attempts::iterator at, const term& outcome);
    void on_old_master_down(const term& message);
    /// An application that may not end has.
    void end_the_program(atom name, const term& reason);
    static void answer(std::vector<from>& waiting, const term& with);

    std::shared_ptr<application_table> table_;
    attempts starting_;                                // by the name's id, as those below
    std::map<std::uint32_t, application_type> types_;  // of those that run
    std::map<std::uint32_t, std::vector<from>> stopping_;
    struct ties {
        reference monitor;
        reference key;  // see application_master.hpp
    };
    std::unordered_map<pid, ties> masters_;  // that have not ended
    // Of a controller before this one that has died, as its masters do with it: nothing is started or stopped
    // until they have.
    std::vector<reference> old_masters_;
    std::vector<std::pair<term, from>> put_off_;
};

/// The controller of the caller's system, made when there is none yet. Owner process; may block for a moment.
[[nodiscard]] pid controller();

}  // namespace rakka::detail
