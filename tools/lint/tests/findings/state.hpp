// Headers are checked where they are used.
#pragma once

inline int header_count = 0;

inline void from_a_header() {
    ++header_count;  // expect: shared-state
}
