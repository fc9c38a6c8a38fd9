// First pass over a translation unit: which functions start running as processes, and the warnings about what
// is handed to them.
#pragma once

#include "reporter.hpp"

#include <clang/AST/ASTContext.h>
#include <clang/AST/DeclCXX.h>
#include <clang/AST/ExprCXX.h>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rakka::lint {

/// Where process code begins, and why.
struct entry_point {
    const clang::FunctionDecl* function;
    clang::SourceLocation where;
    std::string why;
};

struct collected {
    std::vector<entry_point> entries;
    /// Virtual functions of this translation unit by the ones they override.
    std::multimap<const clang::CXXMethodDecl*, const clang::CXXMethodDecl*> overriders;
    /// Lambdas that blocking() runs on a thread of the side pool.
    std::set<const clang::CXXRecordDecl*> blocking;
    /// Lambdas that a thread made by hand runs: no process code.
    std::set<const clang::CXXRecordDecl*> on_threads;
};

/// Reports reference captures to `out`.
[[nodiscard]] collected collect(clang::ASTContext& context, reporter& out);

/// The functions that a call of this lambda may run: its call operator, or the instances of a generic one.
[[nodiscard]] std::vector<const clang::FunctionDecl*> call_operators(const clang::CXXRecordDecl& callable);

}  // namespace rakka::lint
