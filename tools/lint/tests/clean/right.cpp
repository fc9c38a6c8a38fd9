// What is right in processes: nothing here is warned of.
#include <rakka/actors.hpp>
#include <rakka/otp.hpp>

#include <array>
#include <atomic>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

using namespace rakka;

namespace {

constexpr int limit = 3;
const std::string greeting = "hello";
const char* const words[] = {"a", "b"};
std::atomic<int> count = 0;
std::array<std::atomic<int>, 2> counts;
struct counters {
    std::atomic<long> in = 0;
    std::atomic<long> out = 0;
};
counters traffic;
std::mutex guard;
int guarded = 0;
thread_local int of_a_thread = 0;

int twice(int n) {
    static const int factor = 2;
    static constexpr std::string_view name = "twice";
    return n * factor + static_cast<int>(name.size());
}

void body() {
    ++count;
    ++counts[1];
    ++traffic.in;
    int n = limit;
    const auto add = [&n](int m) { n += m; };  // used here, handed to nobody
    add(twice(2));
    std::cout << greeting << words[0] << n << std::endl;
    static_cast<void>(receive_if([&n](term_view) { return n == 0; }, std::chrono::seconds(1)));
    // Threads of the side pool may wait, and the process waits for them.
    blocking([&n] {
        std::this_thread::sleep_for(std::chrono::milliseconds(n));
        const std::lock_guard lock(guard);
        ++of_a_thread;
        std::thread([] {}).join();
    });
    const auto job = [] { std::this_thread::yield(); };
    blocking(job);
}

void begin(rakka::system& sys) {
    const std::string text = "text";
    const auto shared = std::make_shared<const std::string>(text);
    std::unique_ptr<int> owned = std::make_unique<int>(1);
    constexpr std::string_view literal = "literal";
    const std::string_view also = "literal";
    const pid me = self();
    sys.spawn([text, shared, me] { send(me, text); });
    sys.spawn([owned = std::move(owned), literal] {
        static_cast<void>(*owned + static_cast<int>(literal.size()));
    });
    sys.spawn([=] { static_cast<void>(text.size() + also.size()); });
    // A system ends its processes before it ends.
    sys.spawn([&sys] { static_cast<void>(sys.now()); });
    sys.spawn(body, {.name = "body"_a});
    int result = 0;
    // Right in C++20, though the clang that rakka-lint is made of cannot compile it.
    const auto [one, two] = std::pair(1, 2);
    sys.run([&] { result = one + two; });
    // A thread of a program is none of a process's business.
    const std::jthread aside([&] {
        const std::lock_guard lock(guard);
        guarded = ++result;
    });
}

class server : public gen_server {
public:
    explicit server(std::string name, rakka::system& home) : name_(std::move(name)), home_(home) {}

private:
    result handle_call(const term&, const from&) override {
        ++n_;
        const auto mine = [this] { return n_; };
        return reply(mine());
    }
    std::string name_;
    rakka::system& home_;
    int n_ = 0;
};

void serve(rakka::system& sys) {
    static_cast<void>(gen_server::start<server>({.name = "server"_a}, std::string("name"), std::ref(sys)));
}

}  // namespace
