#include "log/report.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/otp/service.hpp>

#include <algorithm>
#include <cctype>

namespace rakka::detail {
namespace {

using how = service_entry::how;

/// A request taken apart: `{add, 1, 2}`, or the atom of a function without arguments.
struct taken_apart {
    term_view name;
    std::vector<term> arguments;
};

std::optional<taken_apart> take_apart(const term& request) {
    if (request.is(kind::atom)) return taken_apart{request, {}};
    if (!request.is(kind::tuple) || request.tuple().size() == 0) return std::nullopt;
    const tuple_view t = request.tuple();
    taken_apart out{t[0], {}};
    for (std::size_t i = 1; i < t.size(); ++i)
        out.arguments.push_back(request.share(t[i]));
    return out;
}

class service_server final : public gen_server {
public:
    service_server(std::shared_ptr<const service_table> table, const std::function<service_state()>& make)
        : table_(std::move(table)), state_(make()) {}

private:
    result handle_call(const term& request, const from& sender) override {
        const auto call = take_apart(request);
        const service_entry* const entry =
            call ? table_->find(true, call->name, call->arguments.size()) : nullptr;
        auto value = entry ? entry->run(state_.get(), sender, call->arguments) : std::nullopt;
        if (!value) return reply(bad_request(request, true));
        if (entry->kind == how::deferred_call) return noreply();
        return reply(*value);
    }
    result handle_cast(const term& request) override {
        const auto cast = take_apart(request);
        const service_entry* const entry =
            cast ? table_->find(false, cast->name, cast->arguments.size()) : nullptr;
        if (!entry || !entry->run(state_.get(), {}, cast->arguments))
            log_report(log_level::warning, term(map("label"_a, tuple("service"_a, "bad_cast"_a), "name"_a,
                                                    table_->name, "error"_a, bad_request(request, false))));
        return noreply();
    }
    result handle_info(const term& message) override {
        if (table_->on_info) table_->on_info(state_.get(), message);
        return noreply();
    }

    /// `{error, {bad_request, #{expected => […], got => Request}}}`: what could have been meant, by name if
    /// that is known.
    [[nodiscard]] term bad_request(const term& request, bool call) const {
        const auto given = take_apart(request);
        std::vector<std::string> same_name, all;
        for (const service_entry& e : table_->entries) {
            if ((e.kind != how::cast) != call) continue;
            all.push_back(e.shape());
            if (given && given->name.is_atom(e.name)) same_name.push_back(e.shape());
        }
        const auto& expected = same_name.empty() ? all : same_name;
        return tuple(atoms::known<"error">,
                     tuple("bad_request"_a, map("expected"_a, expected, "got"_a, request)));
    }

    std::shared_ptr<const service_table> table_;
    service_state state_;
};

/// `{Name, Argument, …}`, the bare name without arguments.
term request_of(atom name, const std::vector<term>& arguments) {
    if (arguments.empty()) return name;
    std::size_t size = 2 + arguments.size();
    for (const term& a : arguments)
        size += etf::term_traits<term>::size(a);
    etf::builder b(size);
    etf::detail::word* cells = nullptr;
    const etf::detail::word root = b.put_tuple(1 + arguments.size(), cells);
    *cells++ = term(name).word();
    for (const term& a : arguments)
        *cells++ = b.put_term(a);
    return b.finish(root);
}

/// The call or cast of one entry as an exported function.
exported_function exported(const std::shared_ptr<const service_table>& table, const service_entry& entry) {
    return [table, name = entry.name,
            call = entry.kind != how::cast](const std::vector<term>& arguments) -> term {
        const term request = request_of(name, arguments);
        if (!call) {
            gen_server::cast(table->name, request);
            return atoms::known<"ok">;
        }
        term answer = gen_server::call(table->name, request);
        const bool refused =
            answer.is_tagged(atoms::known<"error">, 2) && answer.tuple()[1].is_tagged("bad_request"_a, 2);
        if (refused) no_function_clause(table->name, name, arguments);
        return answer;
    };
}

/// `snake_case` names of Erlang are names of Elixir functions as they are; others are quoted.
std::string elixir_name(std::string_view name) {
    const bool plain =
        !name.empty() && (std::islower(static_cast<unsigned char>(name[0])) != 0 || name[0] == '_') &&
        std::all_of(name.begin(), name.end(), [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '?' || c == '!';
        });
    return plain ? std::string(name) : "unquote(:\"" + std::string(name) + "\")";
}

std::string joined(const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& p : parts)
        all += (all.empty() ? "" : ", ") + p;
    return all;
}

std::string elixir_function(const service_entry& e) {
    std::vector<std::string> arguments;
    for (std::size_t i = 1; i <= e.parameters.size(); ++i)
        arguments.push_back("arg" + std::to_string(i));
    const std::string name = elixir_name(e.name.text());
    const std::string quoted = ":\"" + std::string(e.name.text()) + "\"";
    const std::string request = arguments.empty() ? quoted : "{" + quoted + ", " + joined(arguments) + "}";
    const bool cast = e.kind == how::cast;
    std::string out =
        "  @spec " + name + "(" + joined(e.parameters) + ") :: " + (cast ? ":ok" : e.result) + "\n";
    out += "  def " + name + "(" + joined(arguments) + "), do: GenServer." + (cast ? "cast" : "call") +
           "(@server, " + request + ")\n";
    return out;
}

}  // namespace

std::string service_entry::shape() const {
    if (parameters.empty()) return term(name).to_string();
    return "{" + term(name).to_string() + ", " + joined(parameters) + "}";
}

void service_table::add(service_entry entry) {
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const service_entry& e) {
        return e.name == entry.name && e.parameters.size() == entry.parameters.size() &&
               (e.kind == how::cast) == (entry.kind == how::cast);
    });
    if (same != entries.end()) {
        *same = std::move(entry);
    } else {
        entries.push_back(std::move(entry));
    }
}

const service_entry* service_table::find(bool call, term_view wanted, std::size_t arity) const noexcept {
    for (const service_entry& e : entries)
        if ((e.kind != how::cast) == call && e.parameters.size() == arity && wanted.is_atom(e.name))
            return &e;
    return nullptr;
}

start_result<std::pair<pid, reference>> start_service(std::shared_ptr<const service_table> table,
                                                      std::function<service_state()> make,
                                                      start_options options, int mode) {
    if (!options.name.has_value()) options.name = table->name;
    const auto first = [](auto started) -> start_result<std::pair<pid, reference>> {
        if (!started) return started.error();
        return std::pair(*started, reference());
    };
    if (mode == 0)
        return first(gen_server::start<service_server>(options, std::move(table), std::move(make)));
    if (mode == 1)
        return first(gen_server::start_link<service_server>(options, std::move(table), std::move(make)));
    return gen_server::start_monitor<service_server>(options, std::move(table), std::move(make));
}

void export_service(const std::shared_ptr<const service_table>& table, export_table& exports) {
    for (const service_entry& e : table->entries)
        exports.add(table->name, e.name, e.parameters.size(), exported(table, e));
}

std::string elixir_module_of(const service_table& table, std::string_view module, std::string_view node) {
    std::string out = "defmodule " + std::string(module) + " do\n";
    out += "  @moduledoc \"Calls the service `" + std::string(table.name.text()) + "` of a C++ node.\"\n\n";
    out += "  @server {:\"" + std::string(table.name.text()) + "\", :\"" + std::string(node) + "\"}\n";
    for (const service_entry& e : table.entries)
        out += "\n" + elixir_function(e);
    return out + "end\n";
}

}  // namespace rakka::detail
