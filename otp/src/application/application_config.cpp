// Configuration of applications: the form of Erlang's sys.config.
#include "application/application_controller.hpp"
#include "application/application_table.hpp"

#include <rakka/actors/layers.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/etf/parse.hpp>
#include <rakka/otp/application.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace rakka::applications {
namespace {

using configuration = detail::application_table::configuration;
using failure = std::optional<config_error>;

constexpr int deepest_include = 16;

/// `[{Key, Value}]`
failure read_environment(const term& list, atom name, environment& out) {
    const auto bad = [&](const std::string& what) {
        return config_error{"of " + std::string(name.text()) + ": " + what};
    };
    if (!list.is(kind::list) && !list.is(kind::nil))
        return bad("expected a list of {Key, Value}, not " + list.to_string());
    for (const term_view one : list.list()) {
        const auto key = one.is_tuple(2) ? one.tuple()[0].as<atom>() : result<atom>(etf::errc::wrong_type);
        if (!key) return bad("expected {Key, Value}, not " + one.to_string());
        out.emplace_back(*key, list.share(one.tuple()[1]));
    }
    return std::nullopt;
}

failure read_file(const std::filesystem::path& path, int depth, configuration& out);

/// `[{Name, [{Key, Value}]} | "other.config"]`. `folder` null: names of files are not allowed.
failure read_configuration(const term& all, const std::filesystem::path* folder, int depth,
                           configuration& out) {
    if (!all.is(kind::list) && !all.is(kind::nil))
        return config_error{"expected a list, not " + all.to_string()};
    for (const term_view one : all.list()) {
        const auto name = one.is_tuple(2) ? one.tuple()[0].as<atom>() : result<atom>(etf::errc::wrong_type);
        if (name) {
            environment env;
            if (auto f = read_environment(all.share(one.tuple()[1]), *name, env)) return f;
            out.emplace_back(*name, std::move(env));
            continue;
        }
        std::string file;
        if (folder != nullptr && one.is(kind::list)) {
            for (const term_view c : one.list())
                if (const auto byte = c.as<unsigned char>()) file.push_back(static_cast<char>(*byte));
        }
        if (file.empty()) return config_error{"expected {Name, [{Key, Value}]}, not " + one.to_string()};
        if (auto f = read_file(*folder / file, depth + 1, out)) return f;
    }
    return std::nullopt;
}

failure read_file(const std::filesystem::path& path, int depth, configuration& out) {
    if (depth > deepest_include) return config_error{path.string() + ": files name each other"};
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) return config_error{path.string() + ": cannot be read"};
    const auto parsed = parse_term(text.str());
    if (!parsed) return config_error{path.string() + ":" + parsed.error().message()};
    const std::filesystem::path folder = path.parent_path();
    auto f = read_configuration(*parsed, &folder, depth, out);
    if (f && !f->what.starts_with(folder.string() + "/")) f->what = path.string() + ": " + f->what;
    return f;
}

void take(const configuration& all) {
    const auto table = detail::attached<detail::application_table>(this_system());
    for (detail::application_table::change& c : table->configure(all))
        gen_server::cast(detail::controller(), make_native(std::move(c)));
}

}  // namespace

std::optional<config_error> configure(const term& given) {
    configuration all;
    auto f = read_configuration(given, nullptr, 0, all);
    if (!f) take(all);
    return f;
}

std::optional<config_error> load_config(const std::string& path) {
    configuration all;
    auto f = read_file(path, 0, all);
    if (!f) take(all);
    return f;
}

}  // namespace rakka::applications
