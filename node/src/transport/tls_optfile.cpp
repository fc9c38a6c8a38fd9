#include "transport/tls_optfile.hpp"

#include "transport/tls_failure.hpp"

#include <rakka/etf/convert.hpp>
#include <rakka/etf/parse.hpp>
#include <rakka/etf/term.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace rakka::transport {
namespace {

using problem = std::optional<std::string>;  // what is wrong with a value

problem expected(std::string_view what) {
    return fmt::format("{} is expected", what);
}

problem take_text(term_view v, std::string& into, std::string_view what) {
    const auto text = as_text(v);
    if (!text || text->empty()) return expected(what);
    into = *text;
    return {};
}

problem take_file(term_view v, std::filesystem::path& into) {
    std::string name;
    if (auto p = take_text(v, name, "the name of a file, a string,")) return p;
    into = name;
    return {};
}

problem take_bool(term_view v, bool& into) {
    const auto b = v.as<bool>();
    if (!b) return expected("true or false");
    into = *b;
    return {};
}

problem take_password(term_view v, tls_side_options& o) {
    return take_text(v, o.password, "a string (a fun cannot be called)");
}

problem take_verify(term_view v, tls_side_options& o) {
    if (v.is(kind::atom) && v.atom_text() == "verify_none") {
        o.verify = tls_verify::none;
    } else if (v.is(kind::atom) && v.atom_text() == "verify_peer") {
        o.verify = tls_verify::peer;
    } else {
        return expected("verify_none or verify_peer");
    }
    return {};
}

problem take_depth(term_view v, tls_side_options& o) {
    const auto depth = v.as<std::uint8_t>();
    if (!depth) return expected("a number from 0 to 255");
    o.depth = *depth;
    return {};
}

problem take_versions(term_view v, tls_side_options& o) {
    const auto list = v.as<list_view>();
    if (!list) return expected("a list of versions");
    o.versions.clear();
    for (const term_view one : *list) {
        const std::string_view name = one.is(kind::atom) ? one.atom_text() : std::string_view();
        if (name == "tlsv1.2") {
            o.versions.push_back(tls_version::tls_1_2);
        } else if (name == "tlsv1.3") {
            o.versions.push_back(tls_version::tls_1_3);
        } else {
            return fmt::format("{} is not a version that Rakka speaks: only 'tlsv1.2' and 'tlsv1.3'",
                               one.to_string());
        }
    }
    if (o.versions.empty()) return expected("'tlsv1.2', 'tlsv1.3' or both");
    return {};
}

/// "A:B:C", a list of such names, or atoms.
problem take_names(term_view v, std::vector<std::string>& into) {
    std::vector<std::string> names;
    if (const auto text = as_text(v); text && !text->empty()) {
        std::size_t begin = 0;
        while (begin <= text->size()) {
            const std::size_t end = std::min(text->find(':', begin), text->size());
            names.push_back(text->substr(begin, end - begin));
            begin = end + 1;
        }
    } else if (const auto list = v.as<list_view>(); list) {
        for (const term_view one : *list) {
            const auto name =
                one.is(kind::atom) ? result<std::string>(std::string(one.atom_text())) : as_text(one);
            if (!name) return fmt::format("{}: only names are understood, as strings", one.to_string());
            names.push_back(*name);
        }
    } else {
        return expected("a list of names, as strings,");
    }
    const auto empty = [](const std::string& n) { return n.empty(); };
    if (names.empty() || std::any_of(names.begin(), names.end(), empty)) return expected("a name");
    into = std::move(names);
    return {};
}

problem take_server_name(term_view v, tls_side_options& o) {
    if (v.is(kind::atom) && v.atom_text() == "disable") {
        o.check_hostname = false;
        return {};
    }
    return take_text(v, o.server_name, "disable or the name of a host, a string,");
}

/// What has no meaning here unless it asks for something that we do not do.
problem only(term_view v, std::initializer_list<std::string_view> allowed) {
    for (const std::string_view a : allowed)
        if (v.is(kind::atom) && v.atom_text() == a) return {};
    return fmt::format("{} is not supported by Rakka, only {}", v.to_string(), fmt::join(allowed, ", "));
}

struct option {
    std::string_view name;
    problem (*take)(term_view, tls_side_options&);
};

constexpr auto options = std::to_array<option>({
    {"certfile", [](term_view v, tls_side_options& o) { return take_file(v, o.certfile); }},
    {"keyfile", [](term_view v, tls_side_options& o) { return take_file(v, o.keyfile); }},
    {"password", take_password},
    {"cacertfile", [](term_view v, tls_side_options& o) { return take_file(v, o.cacertfile); }},
    {"dhfile", [](term_view v, tls_side_options& o) { return take_file(v, o.dhfile); }},
    {"verify", take_verify},
    {"fail_if_no_peer_cert",
     [](term_view v, tls_side_options& o) { return take_bool(v, o.fail_if_no_peer_cert); }},
    {"depth", take_depth},
    {"versions", take_versions},
    {"ciphers", [](term_view v, tls_side_options& o) { return take_names(v, o.ciphers); }},
    {"supported_groups", [](term_view v, tls_side_options& o) { return take_names(v, o.groups); }},
    {"eccs", [](term_view v, tls_side_options& o) { return take_names(v, o.groups); }},
    {"server_name_indication", take_server_name},
    {"honor_cipher_order",
     [](term_view v, tls_side_options& o) { return take_bool(v, o.honor_cipher_order); }},
    {"client_renegotiation",
     [](term_view v, tls_side_options& o) { return take_bool(v, o.client_renegotiation); }},
    // Fine as long as they are off, or say what holds here anyway.
    {"crl_check", [](term_view v, tls_side_options&) { return only(v, {"false"}); }},
    {"protocol", [](term_view v, tls_side_options&) { return only(v, {"tls"}); }},
    {"early_data", [](term_view v, tls_side_options&) { return only(v, {"disabled"}); }},
    {"stapling", [](term_view v, tls_side_options&) { return only(v, {"no_staple"}); }},
    {"ocsp_stapling", [](term_view v, tls_side_options&) { return only(v, {"false"}); }},
    {"secure_renegotiate", [](term_view v, tls_side_options&) { return only(v, {"true"}); }},
    {"handshake", [](term_view v, tls_side_options&) { return only(v, {"full"}); }},
});

// How a BEAM runs its side: the peer sees no difference, whatever the value.
constexpr auto harmless = std::to_array<std::string_view>({
    "reuse_sessions",
    "hibernate_after",
    "ktls",
    "log_level",
    "log_alert",
    "crl_cache",
    "honor_ecc_order",
    "renegotiate_at",
    "key_update_at",
    "max_handshake_size",
    "beast_mitigation",
    "padding_check",
    "keep_secrets",
    "sender_spawn_opts",
    "receiver_spawn_opts",
    "session_tickets",
    "middlebox_comp_mode",
    "nodelay",
});

problem take_option(term_view entry, tls_side_options& o, std::vector<std::string_view>& seen) {
    if (!entry.is_tuple(2) || !entry.tuple()[0].is(kind::atom))
        return fmt::format("{} is not an option: {{Name, Value}} is expected", entry.to_string());
    const std::string_view name = entry.tuple()[0].atom_text();
    const term_view value = entry.tuple()[1];
    // As Erlang has it, the first of several counts.
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) return {};
    seen.push_back(name);
    if (std::find(harmless.begin(), harmless.end(), name) != harmless.end()) return {};
    for (const option& known : options) {
        if (known.name != name) continue;
        if (auto p = known.take(value, o)) return fmt::format("option {}: {}", name, *p);
        return {};
    }
    std::string_view cure = "take it out, or use a BEAM for what it does";
    if (name == "cert" || name == "key" || name == "cacerts" || name == "certs_keys")
        cure = "use certfile, keyfile and cacertfile";
    return fmt::format("option {} is not supported by Rakka: {}", name, cure);
}

problem take_side(term_view list, tls_side_options& o) {
    const auto entries = list.as<list_view>();
    if (!entries) return expected("a list of options");
    std::vector<std::string_view> seen;
    for (const term_view entry : *entries)
        if (auto p = take_option(entry, o, seen)) return p;
    return {};
}

/// Options can be made from a text as well, so that the error has to be named.
boost::system::result<tls_options, std::string> bad(std::string why) {
    return {boost::system::in_place_error, std::move(why)};
}

}  // namespace

boost::system::result<tls_options, std::string> parse_tls_optfile(std::string_view text) {
    const auto terms = parse_terms(text);
    if (!terms) return bad(fmt::format("at {}", terms.error().message()));
    const auto wanted = "one term is expected, [{server, [...]}, {client, [...]}]";
    if (terms->size() != 1 || !terms->front().view().as<list_view>()) return bad(wanted);
    tls_options all;
    // Erlang's own defaults; a client of OTP 25 would not verify either.
    all.server.verify = tls_verify::none;
    all.server.fail_if_no_peer_cert = false;
    for (const term_view side : terms->front().list()) {
        if (!side.is_tuple(2) || !side.tuple()[0].is(kind::atom)) return bad(wanted);
        const std::string_view name = side.tuple()[0].atom_text();
        if (name != "server" && name != "client")
            return bad(fmt::format("{} is neither server nor client: {}", name, wanted));
        if (auto p = take_side(side.tuple()[1], name == "server" ? all.server : all.client))
            return bad(fmt::format("{}: {}", name, *p));
    }
    return all;
}

boost::system::result<tls_options, std::string> read_tls_optfile(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.good() && !in.eof())
        return bad(
            fmt::format("the TLS option file {} cannot be read: {}", file.string(), std::strerror(errno)));
    auto parsed = parse_tls_optfile(text);
    if (!parsed) return bad(fmt::format("the TLS option file {}: {}", file.string(), parsed.error()));
    return parsed;
}

}  // namespace rakka::transport
