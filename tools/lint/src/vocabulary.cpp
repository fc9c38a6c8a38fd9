#include "vocabulary.hpp"

#include <algorithm>
#include <array>

namespace rakka::lint {

namespace {

using std::string_view;

string_view name_of(const clang::NamedDecl& d) {
    const clang::IdentifierInfo* const id = d.getIdentifier();
    return id == nullptr ? string_view() : string_view(id->getName().data(), id->getName().size());
}

template <std::size_t N>
bool is_one_of(string_view name, const std::array<string_view, N>& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// The outermost namespace around it; empty for the global one.
string_view outer_namespace(const clang::Decl& d) {
    string_view out;
    for (const clang::DeclContext* c = d.getDeclContext(); c != nullptr; c = c->getParent()) {
        if (const auto* const n = llvm::dyn_cast<clang::NamespaceDecl>(c)) out = name_of(*n);
    }
    return out;
}

/// The namespace directly around it, inline ones looked through.
string_view inner_namespace(const clang::Decl& d) {
    const clang::DeclContext* c = d.getDeclContext()->getEnclosingNamespaceContext();
    while (c->isInlineNamespace())
        c = c->getParent();
    const auto* const n = llvm::dyn_cast<clang::NamespaceDecl>(c);
    return n == nullptr ? string_view() : name_of(*n);
}

bool is_std_or_boost(const clang::Decl& d) {
    const auto space = outer_namespace(d);
    return space == "std" || space == "boost";
}

/// True when a base of `c`, direct or not, is one that `which` accepts.
template <class Predicate>
bool any_base(const clang::CXXRecordDecl& c, const Predicate& which) {
    if (!c.hasDefinition()) return false;
    for (const clang::CXXBaseSpecifier& base : c.getDefinition()->bases()) {
        const clang::CXXRecordDecl* const b = base.getType()->getAsCXXRecordDecl();
        if (b != nullptr && (which(*b) || any_base(*b, which))) return true;
    }
    return false;
}

constexpr std::array<string_view, 8> behaviours{"message_handler", "process_body", "gen_server",
                                                "gen_statem",      "gen_event",    "supervisor",
                                                "application",     "event_handler"};
constexpr std::array<string_view, 12> mutexes{"mutex",
                                              "timed_mutex",
                                              "recursive_mutex",
                                              "recursive_timed_mutex",
                                              "shared_mutex",
                                              "shared_timed_mutex",
                                              "upgrade_mutex",
                                              "once_flag",
                                              "condition_variable",
                                              "condition_variable_any",
                                              "null_mutex",
                                              "spinlock"};
constexpr std::array<string_view, 7> guards{"lock_guard",   "unique_lock",       "scoped_lock", "shared_lock",
                                            "upgrade_lock", "shared_lock_guard", "strict_lock"};
constexpr std::array<string_view, 9> atomics{
    "atomic",  "atomic_flag", "atomic_ref", "counting_semaphore", "latch",
    "barrier", "stop_source", "stop_token", "__atomic_base"};
constexpr std::array<string_view, 17> locking_functions{"pthread_mutex_lock",
                                                        "pthread_mutex_trylock",
                                                        "pthread_mutex_timedlock",
                                                        "pthread_mutex_clocklock",
                                                        "pthread_rwlock_rdlock",
                                                        "pthread_rwlock_wrlock",
                                                        "pthread_rwlock_tryrdlock",
                                                        "pthread_rwlock_trywrlock",
                                                        "pthread_rwlock_timedrdlock",
                                                        "pthread_rwlock_timedwrlock",
                                                        "pthread_spin_lock",
                                                        "pthread_spin_trylock",
                                                        "pthread_cond_wait",
                                                        "pthread_cond_timedwait",
                                                        "mtx_lock",
                                                        "cnd_wait",
                                                        "pthread_barrier_wait"};
constexpr std::array<string_view, 10> waiting_functions{
    "sleep", "usleep",  "nanosleep", "clock_nanosleep", "system",
    "wait",  "waitpid", "pause",     "pthread_join",    "thrd_sleep"};

std::string qualified(const clang::NamedDecl& d) {
    return d.getQualifiedNameAsString();
}

bool all_fields_safe(const clang::CXXRecordDecl& c) {
    for (const clang::CXXBaseSpecifier& base : c.bases()) {
        if (!is_safe_to_share(base.getType())) return false;
    }
    return std::all_of(c.field_begin(), c.field_end(),
                       [](const clang::FieldDecl* f) { return is_safe_to_share(f->getType()); });
}

bool is_safe_class(const clang::CXXRecordDecl& c) {
    const auto name = name_of(c);
    if (is_std_or_boost(c) && (is_one_of(name, mutexes) || is_one_of(name, atomics))) return true;
    if (!c.hasDefinition() || c.isDependentContext() || c.isUnion()) return false;
    return all_fields_safe(*c.getDefinition());
}

}  // namespace

handing handing_of(const clang::FunctionDecl& f) {
    if (outer_namespace(f) != "rakka" || inner_namespace(f) != "rakka") return handing::none;
    const auto name = name_of(f);
    if (name.starts_with("spawn") || name.starts_with("apply_")) return handing::spawned;
    const auto* const method = llvm::dyn_cast<clang::CXXMethodDecl>(&f);
    if (method == nullptr) return name == "blocking" ? handing::blocking : handing::none;
    const clang::CXXRecordDecl& of = *method->getParent();
    if (name_of(of) == "system" && name == "run") return handing::run;
    if (is_behaviour(of) && name.starts_with("start")) return handing::started;
    return handing::none;
}

bool is_behaviour(const clang::CXXRecordDecl& c) {
    return inner_namespace(c) == "rakka" && outer_namespace(c) == "rakka" &&
           is_one_of(name_of(c), behaviours);
}

bool is_server(const clang::CXXRecordDecl& c) {
    return any_base(c, is_behaviour);
}

bool is_made_inside(const clang::CXXRecordDecl& c) {
    return any_base(c, [](const clang::CXXRecordDecl& b) {
        return is_behaviour(b) && name_of(b) != "message_handler" && name_of(b) != "process_body";
    });
}

bool is_thread_class(const clang::CXXRecordDecl& c) {
    const auto name = name_of(c);
    return is_std_or_boost(c) && (name == "thread" || name == "jthread" || name == "thread_pool");
}

std::optional<std::string> thread_start(const clang::FunctionDecl& f) {
    const auto name = name_of(f);
    if (f.isExternC() && (name == "pthread_create" || name == "thrd_create")) return std::string(name);
    if (!is_std_or_boost(f)) return std::nullopt;
    if (name == "async" && !llvm::isa<clang::CXXMethodDecl>(f) && inner_namespace(f) != "asio")
        return qualified(f);
    const auto* const made = llvm::dyn_cast<clang::CXXConstructorDecl>(&f);
    if (made == nullptr || !is_thread_class(*made->getParent()) || made->isCopyOrMoveConstructor())
        return std::nullopt;
    // std::thread() is no thread yet; a thread_pool() is.
    if (made->getNumParams() == 0 && name_of(*made->getParent()) != "thread_pool") return std::nullopt;
    return qualified(*made->getParent());
}

std::optional<std::string> lock_taken(const clang::FunctionDecl& f, const clang::CXXRecordDecl* object) {
    const auto name = name_of(f);
    if (f.isExternC()) {
        if (is_one_of(name, locking_functions)) return std::string(name);
        return std::nullopt;
    }
    if (!is_std_or_boost(f)) return std::nullopt;
    if (const auto* const made = llvm::dyn_cast<clang::CXXConstructorDecl>(&f)) {
        const clang::CXXRecordDecl& c = *made->getParent();
        if (!is_one_of(name_of(c), guards) || made->getNumParams() == 0 || made->isCopyOrMoveConstructor())
            return std::nullopt;
        return qualified(c);
    }
    if (name == "call_once" || (name == "lock" && !llvm::isa<clang::CXXMethodDecl>(f))) return qualified(f);
    if (object == nullptr || !is_std_or_boost(*object) || !is_one_of(name_of(*object), mutexes))
        return std::nullopt;
    if (name.find("lock") == string_view::npos && !name.starts_with("wait")) return std::nullopt;
    if (name.starts_with("unlock")) return std::nullopt;
    return qualified(*object) + "::" + std::string(name);
}

std::optional<std::string> wait_made(const clang::FunctionDecl& f, const clang::CXXRecordDecl* object) {
    const auto name = name_of(f);
    if (f.isExternC()) {
        if (is_one_of(name, waiting_functions)) return std::string(name);
        return std::nullopt;
    }
    if (!is_std_or_boost(f)) return std::nullopt;
    if (inner_namespace(f) == "this_thread" && name.starts_with("sleep")) return qualified(f);
    if (inner_namespace(f) == "std" && name == "system") return qualified(f);
    if (object == nullptr || !is_std_or_boost(*object)) return std::nullopt;
    const auto of = name_of(*object);
    const bool waits = name.starts_with("wait") || name == "get" || name == "join" ||
                       name.ends_with("acquire") || name == "arrive_and_wait" ||
                       name.starts_with("try_acquire_");
    const bool may_wait = of == "future" || of == "shared_future" || of == "counting_semaphore" ||
                          of == "latch" || of == "barrier" || of.starts_with("atomic") ||
                          is_thread_class(*object);
    if (!waits || !may_wait || name == "try_acquire") return std::nullopt;
    return qualified(*object) + "::" + std::string(name);
}

bool is_safe_to_share(clang::QualType t) {
    if (t.isNull() || t->isDependentType()) return true;  // judged where it is instantiated
    t = t.getCanonicalType();                             // has the const of an array's elements at the array
    if (t->isReferenceType() || t->isPointerType()) {
        if (t->isPointerType() && !t.isConstQualified()) return false;
        const clang::QualType to = t->getPointeeType();
        return to->isFunctionType() || is_safe_to_share(to) || outlives_processes(to);
    }
    if (const clang::ArrayType* const array = t->getAsArrayTypeUnsafe())
        return is_safe_to_share(array->getElementType().withFastQualifiers(t.getLocalFastQualifiers()));
    if (t.isConstQualified()) return true;
    const clang::CXXRecordDecl* const c = t->getAsCXXRecordDecl();
    return c != nullptr && is_safe_class(*c);
}

bool outlives_processes(clang::QualType t) {
    const clang::QualType object = t.getNonReferenceType();
    const clang::CXXRecordDecl* const c =
        object->isPointerType() ? object->getPointeeCXXRecordDecl() : object->getAsCXXRecordDecl();
    return c != nullptr && inner_namespace(*c) == "rakka" &&
           (name_of(*c) == "system" || name_of(*c) == "node");
}

bool is_view(clang::QualType t) {
    const clang::CXXRecordDecl* const c = t->getAsCXXRecordDecl();
    if (c == nullptr) return false;
    const auto name = name_of(*c);
    if (is_std_or_boost(*c))
        return name == "reference_wrapper" || name == "basic_string_view" || name == "span";
    return outer_namespace(*c) == "rakka" && name.ends_with("_view");
}

bool is_of_std(const clang::Decl& d) {
    const auto space = outer_namespace(d);
    return space == "std" || space == "__gnu_cxx";
}

bool makes_reference(const clang::FunctionDecl& f) {
    return is_of_std(f) && (name_of(f) == "ref" || name_of(f) == "cref");
}

clang::SourceLocation name_in_call(const clang::CallExpr& e) {
    const clang::Expr* const callee = e.getCallee()->IgnoreParenImpCasts();
    if (const auto* const ref = llvm::dyn_cast<clang::DeclRefExpr>(callee)) return ref->getLocation();
    if (const auto* const member = llvm::dyn_cast<clang::MemberExpr>(callee)) return member->getMemberLoc();
    return e.getExprLoc();
}

}  // namespace rakka::lint
