// The same as in ../findings, each with a reason.
// rakka-lint: allow-file(thread-local, blocking-call) the tests of comments need no better one
#include <rakka/actors.hpp>

#include <mutex>
#include <thread>

using namespace rakka;

namespace {

int hits = 0;
// rakka-lint: allow(shared-state) written before the first process starts
int level = 0;
int depth_limit = 0;  // rakka-lint: allow(shared-state) likewise
thread_local int depth = 0;

// rakka-lint: allow(shared-state) its functions lock
class log {
public:
    void write() {
        // rakka-lint: allow(lock) held for a few instructions, and nothing blocks meanwhile
        const std::lock_guard lock(mutex_);
        ++lines_;
    }

private:
    std::mutex mutex_;
    int lines_ = 0;
};
log the_log;

void body() {
    ++hits;  // rakka-lint: allow(shared-state) the tests run one process
    // rakka-lint: allow(shared-state, raw-thread) the comment
    // may have several lines
    std::thread([&] { ++hits; }).detach();
    if (level > depth_limit) the_log.write();
    ++depth;
    std::this_thread::sleep_for(std::chrono::seconds(level));
}

void begin(rakka::system& sys) {
    int n = 0;
    sys.spawn(body);
    // rakka-lint: allow(reference-capture) run_until_done() comes before the end of n
    sys.spawn([&n] { ++n; });
    sys.run_until_done();
}

}  // namespace
