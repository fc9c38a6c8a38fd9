#include "reporter.hpp"

#include <algorithm>

namespace rakka::lint {

bool reporter::is_system(clang::SourceLocation at) const {
    return at.isInvalid() || sources_.isInSystemHeader(sources_.getExpansionLoc(at));
}

place reporter::place_of(clang::SourceLocation at) const {
    const clang::SourceLocation where = sources_.getExpansionLoc(at);
    const clang::FileEntry* const file = sources_.getFileEntryForID(sources_.getFileID(where));
    std::string name;
    if (file != nullptr) {
        const llvm::StringRef real = file->tryGetRealPathName();
        name = (real.empty() ? file->getName() : real).str();
    }
    return {std::move(name), sources_.getExpansionLineNumber(where),
            sources_.getExpansionColumnNumber(where)};
}

note reporter::note_at(clang::SourceLocation at, std::string text) const {
    return {place_of(at), std::move(text)};
}

const allowances& reporter::comments_of(clang::FileID file) {
    const auto known = comments_.find(file);
    if (known != comments_.end()) return known->second;
    const llvm::StringRef text = sources_.getBufferData(file);
    return comments_.emplace(file, allowances(std::string_view(text.data(), text.size()))).first->second;
}

bool reporter::is_allowed(warning kind, clang::SourceLocation at) {
    if (at.isInvalid()) return false;
    const clang::SourceLocation where = sources_.getExpansionLoc(at);
    return comments_of(sources_.getFileID(where)).allowed(kind, sources_.getExpansionLineNumber(where));
}

void reporter::report(warning kind, clang::SourceLocation at, std::string text, std::vector<note> notes,
                      const declarations& also_allowed_at) {
    if (disabled_[static_cast<std::size_t>(kind)] || is_system(at) || is_allowed(kind, at)) return;
    for (const clang::Decl* const d : also_allowed_at) {
        if (d != nullptr && is_allowed(kind, d->getLocation())) return;
    }
    findings_.push_back({place_of(at), kind, std::move(text), std::move(notes)});
}

bool reporter::is_marked(const clang::FunctionDecl& f) {
    const clang::SourceLocation at = sources_.getExpansionLoc(f.getBeginLoc());
    if (is_system(at)) return false;
    return comments_of(sources_.getFileID(at)).is_process_code(sources_.getExpansionLineNumber(at));
}

void reporter::report_mistakes() {
    if (disabled_[static_cast<std::size_t>(warning::bad_allowance)]) return;
    for (unsigned i = 0; i < sources_.local_sloc_entry_size(); ++i) {
        const clang::SrcMgr::SLocEntry& entry = sources_.getLocalSLocEntry(i);
        if (!entry.isFile()) continue;
        const clang::SourceLocation start = clang::SourceLocation::getFromRawEncoding(entry.getOffset());
        const clang::FileID file = sources_.getFileID(start);
        if (is_system(start) || sources_.getFileEntryForID(file) == nullptr) continue;
        for (const allowances::mistake& m : comments_of(file).mistakes()) {
            place where = place_of(start);
            where.line = m.line;
            where.column = m.column;
            findings_.push_back({std::move(where), warning::bad_allowance, m.text, {}});
        }
    }
}

}  // namespace rakka::lint
