#include "question.hpp"

#include "signal_delivery.hpp"
#include "system_core.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/etf/builder.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <boost/system/system_error.hpp>

namespace rakka::detail {

term copy_of(term_view message) {
    try {
        return term::copy(message);
    } catch (const boost::system::system_error&) {
        return "cpp_object"_a;
    }
}

term messages_of(const process& p) {
    etf::builder b;
    etf::builder::word* cells = nullptr;
    const auto list = b.put_list(p.messages.size(), cells);
    for (signal* s = p.messages.first(); s != nullptr; s = s->next)
        *cells++ = b.put_term(copy_of(peek(*s)));
    return b.finish(list);
}

std::optional<pid> whom_to_ask(process& self, const pid& p) {
    const pid to = localised(*self.system, p);
    if (!is_here(*self.system, to)) {
        if (is_dead_incarnation(*self.system, to)) return std::nullopt;
        error(atoms::known<"badarg">);
    }
    self.pay();
    self.fetch();
    return to;
}

bool ask(process& self, const pid& to, control_signal& question) {
    system_core& core = *self.system;
    pending_question& mine = self.relate().occasionally().question.emplace();
    mine.number = core.questions.fetch_add(1, std::memory_order_relaxed);
    question.from = self.pid();
    question.ref.words[0] = static_cast<std::uint32_t>(mine.number >> 32);
    question.ref.words[1] = static_cast<std::uint32_t>(mine.number);
    deliver(core, to, question);
    for (;;) {
        self.fetch();
        if (mine.answered) break;
        self.check_exit();
        self.sleep();
    }
    mine.number = 0;
    return mine.value.has_value();
}

}  // namespace rakka::detail
