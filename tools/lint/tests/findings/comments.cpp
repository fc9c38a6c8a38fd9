// Allowances that allow nothing.
#include <rakka/actors.hpp>

using namespace rakka;

namespace {

int hits = 0;

void body() {
    // expect-next: bad-allowance
    // rakka-lint: allow(shared-state)
    ++hits;  // expect: shared-state
}

void other() {
    // expect-next: bad-allowance@5
    // rakka-lint: allow(shared-stuff) it is called something else
    ++hits;  // expect: shared-state
}

void third() {
    // expect-next: bad-allowance
    // rakka-lint: forbid(shared-state) there is no such word
    // rakka-lint: allow(lock) another kind
    ++hits;  // expect: shared-state
    ++hits;
}

void begin(rakka::system& sys) {
    sys.spawn(body);
    sys.spawn(other);
    sys.spawn(third);
}

}  // namespace
