// Turns what was found at a place of the syntax tree into a finding, unless a comment allows it.
#pragma once

#include "allowances.hpp"
#include "warnings.hpp"

#include <clang/AST/ASTContext.h>
#include <clang/AST/Decl.h>
#include <clang/Basic/SourceManager.h>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace rakka::lint {

/// Findings of one translation unit. Lives as long as its syntax tree.
class reporter {
public:
    reporter(const clang::ASTContext& context, const warning_set& disabled)
        : sources_(context.getSourceManager()), disabled_(disabled) {}

    /// Nothing is reported about the headers of the system (`-isystem`, the standard library).
    [[nodiscard]] bool is_system(clang::SourceLocation at) const;

    /// A place where an allowance for the finding may also stand: a declaration.
    using declarations = std::vector<const clang::Decl*>;

    /// Macros count where they are used.
    void report(warning kind, clang::SourceLocation at, std::string text, std::vector<note> notes = {},
                const declarations& also_allowed_at = {});
    [[nodiscard]] note note_at(clang::SourceLocation at, std::string text) const;

    /// True for a function with the comment `process-code`.
    [[nodiscard]] bool is_marked(const clang::FunctionDecl& f);

    /// Reports the comments that cannot be understood.
    void report_mistakes();

    [[nodiscard]] std::vector<finding> take() { return std::move(findings_); }

private:
    [[nodiscard]] place place_of(clang::SourceLocation at) const;
    [[nodiscard]] const allowances& comments_of(clang::FileID file);
    [[nodiscard]] bool is_allowed(warning kind, clang::SourceLocation at);

    const clang::SourceManager& sources_;
    const warning_set disabled_;
    std::map<clang::FileID, allowances> comments_;
    std::vector<finding> findings_;
};

}  // namespace rakka::lint
