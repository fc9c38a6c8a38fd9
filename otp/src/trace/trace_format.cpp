// Events of a trace as text and as terms: recon's words, and the tuples of erlang:trace/3.
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/print.hpp>
#include <rakka/otp/trace.hpp>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <ctime>
#include <utility>

namespace rakka::trace {
namespace {

using kind = event::kind;
using microseconds = std::chrono::microseconds;

std::int64_t micros_of(const event& e) {
    return std::chrono::duration_cast<microseconds>(e.time.time_since_epoch()).count();
}

std::string clock_of(const event& e) {
    const std::int64_t micros = micros_of(e);
    const auto seconds = static_cast<std::time_t>(micros / 1'000'000);
    std::tm t{};
    localtime_r(&seconds, &t);
    return fmt::format("{}:{}:{:02}.{:06}", t.tm_hour, t.tm_min, t.tm_sec, micros % 1'000'000);
}

/// Appends as much of `t` as there is room for.
class line {
public:
    explicit line(std::size_t most) : most_(most) {}
    line& operator<<(std::string_view text) {
        if (out_.size() < most_) out_ += text;
        return *this;
    }
    line& operator<<(term_view t) {
        if (out_.size() < most_)
            print(out_, t, {.charset = print_charset::unicode, .max_chars = most_ - out_.size()});
        return *this;
    }
    line& operator<<(atom a) { return *this << term_view(a); }
    line& operator<<(std::size_t n) { return *this << std::to_string(n); }
    [[nodiscard]] std::string text() && {
        if (out_.size() >= most_ && !out_.ends_with("...")) out_ += "...";
        return std::move(out_);
    }

private:
    const std::size_t most_;
    std::string out_;
};

void add_function(line& out, const event& e) {
    out << e.module << ":" << e.function;
}

void add_call(line& out, const event& e) {
    add_function(out, e);
    if (e.arguments == nullptr) {
        out << "/" << e.arity;
        return;
    }
    out << "(";
    for (std::size_t i = 0; i < e.arguments->size(); ++i)
        out << (i == 0 ? "" : ", ") << (*e.arguments)[i].view();
    out << ")";
}

term shown(term_view t) {
    try {
        return term::copy(t);
    } catch (const boost::system::system_error&) {
        return "cpp_object"_a;
    }
}

term shown(const std::vector<term>& all) {
    std::vector<term> out;
    out.reserve(all.size());
    for (const term& t : all)
        out.push_back(shown(t.view()));
    return term(out);
}

term now_of(const event& e) {
    const std::int64_t micros = micros_of(e);
    const std::int64_t seconds = micros / 1'000'000;
    return tuple(seconds / 1'000'000, seconds % 1'000'000, micros % 1'000'000);
}

}  // namespace

std::string format(const event& e, std::size_t most_chars) {
    line out(most_chars);
    const term who(e.process);
    out << clock_of(e) << " " << who.view() << " ";
    switch (e.what) {
        case kind::received:
            out << "< " << e.message;
            break;
        case kind::sent:
            out << "> " << e.to << ": " << e.message;
            break;
        case kind::sent_to_nobody:
            out << "> (non_existing) " << e.to << ": " << e.message;
            break;
        case kind::called:
            add_call(out, e);
            break;
        case kind::returned:
            add_function(out, e);
            out << "/" << e.arity << " --> " << e.message;
            break;
        case kind::failed:
            add_function(out, e);
            out << "/" << e.arity << " " << atoms::known<"error"> << " " << e.message;
            break;
    }
    return std::move(out).text();
}

term to_term(const event& e) {
    const atom trace = "trace_ts"_a;
    const term who(e.process);
    switch (e.what) {
        case kind::received:
            return tuple(trace, who, "receive"_a, shown(e.message), now_of(e));
        case kind::sent:
            return tuple(trace, who, "send"_a, shown(e.message), shown(e.to), now_of(e));
        case kind::sent_to_nobody:
            return tuple(trace, who, "send_to_non_existing_process"_a, shown(e.message), shown(e.to),
                         now_of(e));
        case kind::called: {
            const term arguments = e.arguments != nullptr ? shown(*e.arguments) : term(e.arity);
            return tuple(trace, who, atoms::known<"call">, tuple(e.module, e.function, arguments), now_of(e));
        }
        case kind::returned:
            return tuple(trace, who, "return_from"_a, tuple(e.module, e.function, e.arity), shown(e.message),
                         now_of(e));
        case kind::failed:
            return tuple(trace, who, "exception_from"_a, tuple(e.module, e.function, e.arity),
                         tuple(atoms::known<"error">, shown(e.message)), now_of(e));
    }
    return {};
}

}  // namespace rakka::trace
