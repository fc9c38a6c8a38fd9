#include "inspection/applications.hpp"

#include "services/rpc_calls.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <chrono>

namespace rakka::detail {
namespace {

/// The answer of the application controller, if there is one and it gives any.
std::optional<term> ask_controller(const term& request) {
    const auto controller = whereis("application_controller"_a);
    if (!controller || *controller == self()) return std::nullopt;
    auto answer = gen::call(*controller, atoms::known<"$gen_call">, request, std::chrono::seconds(5));
    return answer ? std::optional(*std::move(answer)) : std::nullopt;
}

}  // namespace

std::vector<term> which_applications() {
    const auto answer = ask_controller("which_applications"_a);
    std::vector<term> found;
    if (!answer || !is_proper_list(*answer)) return found;
    for (term& one : elements(*answer))
        if (one.is_tuple(3) && one.tuple()[0].is(kind::atom)) found.push_back(std::move(one));
    return found;
}

std::optional<pid> application_master_of(const term& name) {
    const auto answer = ask_controller(tuple("get_master"_a, name));
    const auto master = answer ? answer->as<pid>() : result<pid>(error_code());
    return answer && master ? std::optional(*master) : std::nullopt;
}

}  // namespace rakka::detail
