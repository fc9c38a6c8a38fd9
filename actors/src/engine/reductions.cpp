#include "engine/reductions.hpp"

#include "engine/current.hpp"

#include <exception>

namespace rakka::detail {

no_preempt_scope::no_preempt_scope() noexcept : task_(current_task()) {
    if (task_ != nullptr) ++task_->no_preempt_depth_;
}

no_preempt_scope::~no_preempt_scope() noexcept(false) {
    if (task_ == nullptr || --task_->no_preempt_depth_ != 0) return;
    if (std::uncaught_exceptions() == 0) consume_reductions(0);
}

}  // namespace rakka::detail
