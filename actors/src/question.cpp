#include "question.hpp"

#include "signal_delivery.hpp"
#include "system_core.hpp"

namespace rakka::detail {

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
