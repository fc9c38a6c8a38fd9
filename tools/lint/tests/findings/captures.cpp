// What a process is given by reference.
#include <rakka/actors.hpp>
#include <rakka/otp.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

using namespace rakka;

namespace {

void explicit_reference(rakka::system& sys) {
    int n = 0;
    sys.spawn([&n] { ++n; });  // expect: reference-capture@17
}

void implicit_references() {
    int a = 0;
    int b = 0;
    spawn([&] { a += b; });          // expect: reference-capture@12 reference-capture@12
    spawn_link([=, &b] { b = a; });  // expect: reference-capture
}

void a_lambda_with_a_name() {
    std::string text;
    const auto body = [&text] { text.clear(); };  // expect: reference-capture
    spawn_monitor(body);
}

void by_way_of_initialisers() {
    int n = 0;
    spawn([p = &n] { *p = 1; });                // expect: reference-capture
    spawn([&alias = n] { alias = 1; });         // expect: reference-capture
    spawn([r = std::ref(n)] { r.get() = 1; });  // expect: reference-capture
    int* const q = &n;
    spawn([q] { *q = 2; });  // expect: reference-capture
}

void views(std::string_view seen, term_view message, std::span<int> numbers) {
    spawn([seen] { static_cast<void>(seen.size()); });                   // expect: reference-capture
    spawn([message] { static_cast<void>(message.is_foreign_atom()); });  // expect: reference-capture
    spawn([numbers] { static_cast<void>(numbers.size()); });             // expect: reference-capture
}

void add(int& to) {
    ++to;
}

void bound() {
    int n = 0;
    spawn(std::bind(add, std::ref(n)));          // expect: reference-capture
    spawn(std::bind([](int* p) { ++*p; }, &n));  // expect: reference-capture
}

class owner {
public:
    void start() {
        spawn([this] { ++n_; });  // expect: reference-capture
        spawn([=] { ++n_; });     // expect: reference-capture
        spawn([*this] { static_cast<void>(n_); });
    }

private:
    int n_ = 0;
};

struct functor {
    int& n;
    void operator()() const { ++n; }
};

void a_functor() {
    int n = 0;
    spawn(functor{n});  // expect: reference-capture
}

// A function of one's own that spawns what it is given.
template <class F>
void spawn_twice(F f) {
    spawn(f);
    spawn(std::move(f));
}

void through_a_wrapper() {
    int n = 0;
    spawn_twice([&n] { ++n; });  // expect: reference-capture
}

class server : public gen_server {
public:
    explicit server(int& n) : n_(n) {}

private:
    int& n_;  // expect: reference-capture
};

void a_server() {
    int n = 0;
    static_cast<void>(gen_server::start<server>({}, std::ref(n)));       // expect: reference-capture
    static_cast<void>(gen_server::start_link<server>({}, std::ref(n)));  // expect: reference-capture
}

class handler : public message_handler {
    next handle(term) override {
        int n = 0;
        spawn([&n] { ++n; });  // expect: reference-capture
        return next::wait();
    }
};

void handlers(rakka::system& sys) {
    sys.spawn(std::make_unique<handler>());
}

}  // namespace
