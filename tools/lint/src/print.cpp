#include "print.hpp"

#include <filesystem>
#include <ostream>
#include <string>

namespace rakka::lint {

namespace {

/// Relative where the file lies below the working directory, as it was most likely named.
std::string shown(const std::string& file) {
    std::error_code error;
    const auto here = std::filesystem::current_path(error).string() + '/';
    return !error && file.starts_with(here) ? file.substr(here.size()) : file;
}

std::ostream& begin(std::ostream& out, const place& p) {
    return out << shown(p.file) << ':' << p.line << ':' << p.column << ": ";
}

}  // namespace

void print(std::ostream& out, const finding& f, const print_options& how) {
    const warning_text& text = text_of(f.kind);
    begin(out, f.where) << (how.errors ? "error: " : "warning: ") << f.text << ": " << text.why << " [rakka-"
                        << text.id << "]\n";
    if (!how.notes) return;
    for (const note& n : f.notes)
        begin(out, n.where) << "note: " << n.text << '\n';
    begin(out, f.where) << "note: " << text.cure;
    if (f.kind != warning::bad_allowance)
        out << "; where it is right: '// rakka-lint: allow(" << text.id << ") why'";
    out << '\n';
}

}  // namespace rakka::lint
