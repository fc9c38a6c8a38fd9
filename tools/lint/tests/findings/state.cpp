// Variables that processes share.
#include "state.hpp"

#include <rakka/actors.hpp>
#include <rakka/otp.hpp>

#include <map>
#include <string>

using namespace rakka;

namespace {

int hits = 0;
std::map<int, std::string> cache;
std::string names[2];
char* const place = names[0].data();
thread_local int depth = 0;

struct config {
    static int level;
    inline static std::string text;
};
int config::level = 0;

int count() {
    static int n = 0;
    return ++n;  // expect: shared-state@14
}

std::map<int, int>& registry() {
    static auto& made = *new std::map<int, int>;
    return made;  // expect: shared-state
}

void deeper() {
    ++hits;  // expect: shared-state
    ++hits;
}

void deep() {
    deeper();
}

// Nobody's process comes here.
void aside() {
    ++hits;
    ++depth;
}

class base {
public:
    virtual ~base() = default;
    virtual void work() {}
};

class derived : public base {
    void work() override { cache.clear(); }  // expect: shared-state
};

void body() {
    count();
    registry();
    deep();
    names[0].clear();       // expect: shared-state
    *place = 'x';           // expect: shared-state
    config::level = 1;      // expect: shared-state
    config().text.clear();  // expect: shared-state
    ++depth;                // expect: thread-local
    const std::unique_ptr<base> b = std::make_unique<derived>();
    b->work();
    static_cast<void>(sizeof(hits));
}

void begin(rakka::system& sys) {
    sys.spawn(body);
    sys.spawn(&body);
    sys.spawn([] {
        std::for_each(names, names + 2, [](std::string& s) {  // expect: shared-state
            s.clear();
            ++hits;  // expect: shared-state
        });
        blocking([] { ++hits; });  // expect: shared-state
        blocking([] { ++depth; });
    });
    // A process as well, although the caller waits: its references are good, its globals are not.
    int n = 0;
    sys.run([&n] { n = hits; });  // expect: shared-state
    aside();
}

class server : public gen_server {
public:
    server() { cache[1] = "made"; }        // expect: shared-state
    ~server() override { cache.clear(); }  // expect: shared-state

private:
    result init() override {
        cache.clear();  // expect: shared-state
        return noreply();
    }
    result handle_call(const term&, const from&) override { return reply(calls_++); }  // expect: shared-state
    result handle_cast(const term& request) override {
        // The callbacks of a pattern, also the generic ones.
        match(request, on(tuple_of("add"_a, x<int>), [](auto n) { hits += n; }),  // expect: shared-state
              on(any, [] { from_a_header(); }));
        return noreply();
    }
    inline static int calls_ = 0;
};

class handler : public message_handler {
public:
    handler() { ++hits; }  // in the process that spawns it, if in any

private:
    next handle(term) override {
        ++hits;  // expect: shared-state
        return next::wait();
    }
    void terminate(term_view) noexcept override { ++hits; }  // expect: shared-state
};

// rakka-lint: process-code
void called_by_processes_elsewhere() {
    ++hits;  // expect: shared-state
}

}  // namespace
