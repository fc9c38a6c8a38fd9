// A small shop: a supervision tree of a server, an agent, tasks and a pool, for Elixir to use as its own.
#pragma once

#include <rakka/rakka.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace shop {

using namespace rakka;

inline std::int64_t price_of(const std::string& what) {
    static const std::map<std::string, std::int64_t> prices{{"tea", 250}, {"coffee", 300}, {"cake", 420}};
    const auto found = prices.find(what);
    if (found == prices.end()) error(tuple("no_such_thing"_a, what));  // ends whoever asks, as in Erlang
    return found->second;
}

/// `{sell, What, N}` is answered with the sum; `sold` with how much that was in all; `close` is a cast.
class till : public gen_server {
    std::int64_t sold_ = 0;
    bool open_ = true;

    result handle_call(const term& request, const from&) override {
        return *match(request,  //
                      on(tuple_of("sell"_a, x<std::string>, x<std::int64_t>),
                         [&](const std::string& what, std::int64_t n) {
                             const std::int64_t sum = n * price_of(what);
                             if (!open_) return reply(tuple("error"_a, "closed"_a));
                             sold_ += sum;
                             return reply(sum);
                         }),
                      on("sold"_a, [&] { return reply(sold_); }),
                      on(any, [&] { return reply(tuple("error"_a, tuple("bad_request"_a, request))); }));
    }
    result handle_cast(const term& request) override {
        if (request.is_atom("close"_a)) open_ = false;
        return noreply();
    }
    term state() const override { return map("sold"_a, sold_, "open"_a, open_); }
};

/// What was found in the shop, and how often.
using finds = std::map<std::string, std::int64_t>;

/// The functions that a caller on another node may name.
inline void add_exports(export_table& exports) {
    exports.add("shop"_a, "price"_a,
                [](const std::string& what, std::int64_t n) { return n * price_of(what); });
    exports.add("shop"_a, "found"_a, [](finds all, const std::string& what) {
        ++all[what];
        return all;
    });
    exports.add("shop"_a, "how_often"_a, [](const finds& all, const std::string& what) {
        const auto found = all.find(what);
        return found == all.end() ? 0 : found->second;
    });
    exports.add("shop"_a, "open_till"_a, [] { return start_answer(gen_server::start_link<till>()); });
}

/// Starts the tree, linked to the caller.
inline pid start_link() {
    add_exports(this_system().exports());
    return supervisor::start_link(
               {.strategy = restart_strategy::one_for_one, .intensity = 3},
               {child_of<till>("till"_a, {.name = "till"_a}),
                {.id = "finds"_a,
                 .start = [] { return agent::start_link([] { return finds(); }, {.name = "finds"_a}); }},
                {.id = "jobs"_a,
                 .start = [] { return task_supervisor::start_link({}, {.name = "jobs"_a}); },
                 .type = child_type::supervisor},
                {.id = "tills"_a,
                 .start = [] { return dynamic_supervisor::start_link({}, {.name = "tills"_a}); },
                 .type = child_type::supervisor}},
               {.name = "shop"_a})
        .value();
}

}  // namespace shop
