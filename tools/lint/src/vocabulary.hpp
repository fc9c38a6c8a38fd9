// The names rakka-lint knows: what runs as a process, what starts a thread, what locks or waits, and which
// types are safe to share.
#pragma once

#include <clang/AST/DeclCXX.h>
#include <clang/AST/Expr.h>
#include <optional>
#include <string>
#include <string_view>

namespace rakka::lint {

/// What a function of Rakka does with the callables and values it is given.
enum class handing {
    none,      ///< nothing special
    spawned,   ///< a new process runs them, while the caller goes on
    started,   ///< a server keeps them
    run,       ///< a process runs them while the caller waits
    blocking,  ///< a thread of the side pool runs them while the process waits
};
[[nodiscard]] handing handing_of(const clang::FunctionDecl& callee);

/// `gen_server`, `message_handler` … themselves: classes whose virtual functions run inside a process.
[[nodiscard]] bool is_behaviour(const clang::CXXRecordDecl& c);
/// True when `c` derives from one. `c` has a definition.
[[nodiscard]] bool is_server(const clang::CXXRecordDecl& c);
/// True when its objects are made inside their process, too.
[[nodiscard]] bool is_made_inside(const clang::CXXRecordDecl& c);

/// A function or constructor that starts a thread, by the name to show.
[[nodiscard]] std::optional<std::string> thread_start(const clang::FunctionDecl& f);
/// std::thread and the like.
[[nodiscard]] bool is_thread_class(const clang::CXXRecordDecl& c);
/// A function or constructor that takes a lock. `object`: the class of the object it is called on, if any.
[[nodiscard]] std::optional<std::string> lock_taken(const clang::FunctionDecl& f,
                                                    const clang::CXXRecordDecl* object);
/// A function that holds up its thread.
[[nodiscard]] std::optional<std::string> wait_made(const clang::FunctionDecl& f,
                                                   const clang::CXXRecordDecl* object);

/// True when processes may share a variable of this type: it never changes, or takes care of itself.
[[nodiscard]] bool is_safe_to_share(clang::QualType t);
/// A system or node outlives its processes, and any thread may use it.
[[nodiscard]] bool outlives_processes(clang::QualType t);
/// An object that refers to another one: std::string_view, std::reference_wrapper, rakka::term_view …
[[nodiscard]] bool is_view(clang::QualType t);

/// Of the standard library, members of its classes included.
[[nodiscard]] bool is_of_std(const clang::Decl& d);
/// Where a call names what it calls: `sleep_for` of `std::this_thread::sleep_for(…)`.
[[nodiscard]] clang::SourceLocation name_in_call(const clang::CallExpr& e);
/// std::ref and std::cref.
[[nodiscard]] bool makes_reference(const clang::FunctionDecl& f);

}  // namespace rakka::lint
