#include "log/signature.hpp"

#include <algorithm>

namespace rakka::log {

namespace {

/// Where the list of parameters opens: not in the arguments of a template, nor where `{lambda(int)#1}` has
/// one or
/// `(anonymous namespace)` stands.
std::size_t where_parameters_begin(std::string_view text) {
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '<' || text[i] == '{') ++depth;
        if ((text[i] == '>' || text[i] == '}') && depth > 0) --depth;
        if (text[i] != '(' || depth != 0) continue;
        if (text.substr(0, i).ends_with("operator") && text.substr(i).starts_with("()(")) return i + 2;
        if (!text.substr(i).starts_with("(anonymous")) return i;
        i = std::min(text.find(')', i), text.size());
    }
    return text.size();
}

/// Behind the type of the result, if one is written.
std::size_t where_name_begins(std::string_view text) {
    int depth = 0;
    for (std::size_t i = text.size(); i-- > 0;) {
        if (text[i] == '>' || text[i] == '}' || text[i] == ')') ++depth;
        if (text[i] == '<' || text[i] == '{' || text[i] == '(') --depth;
        if (text[i] == ' ' && depth == 0) return i + 1;
    }
    return 0;
}

std::uint32_t count_parameters(std::string_view text) {
    int depth = 0;
    std::uint32_t commas = 0;
    bool any = false;
    for (const char c : text) {
        if (c == ')' && depth == 0) break;
        if (c == '(' || c == '<' || c == '{' || c == '[') ++depth;
        if (c == ')' || c == '>' || c == '}' || c == ']') --depth;
        if (c == ',' && depth == 0) ++commas;
        any = any || c != ' ';
    }
    return any ? commas + 1 : 0;
}

}  // namespace

signature parts_of_signature(std::string_view text) {
    const std::size_t open = where_parameters_begin(text);
    const std::string_view before = text.substr(0, open);
    signature out;
    out.name = std::string(before.substr(where_name_begins(before)));
    if (open < text.size()) out.parameters = count_parameters(text.substr(open + 1));
    return out;
}

}  // namespace rakka::log
