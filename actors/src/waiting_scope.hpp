// True while a process sleeps in a receive or a call: what process_info shows.
#pragma once

#include "process_record.hpp"

namespace rakka::detail {

class waiting_scope {
public:
    explicit waiting_scope(process& self) noexcept : self_(self) { self_.waiting = true; }
    ~waiting_scope() { self_.waiting = false; }
    waiting_scope(const waiting_scope&) = delete;
    waiting_scope& operator=(const waiting_scope&) = delete;

private:
    process& self_;
};

}  // namespace rakka::detail
