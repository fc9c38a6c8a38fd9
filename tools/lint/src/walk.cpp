#include "walk.hpp"

#include "vocabulary.hpp"

#include <clang/AST/RecursiveASTVisitor.h>
#include <deque>
#include <set>
#include <utility>

namespace rakka::lint {

namespace {

using clang::dyn_cast;

/// A function that processes reach, and how.
struct reached {
    const clang::FunctionDecl* function;
    const reached* from;              ///< null: an entry point
    clang::SourceLocation called_at;  ///< in `from`; for an entry point, where it is made one
    clang::SourceLocation mine_at;    ///< the last place on the way that is not in a header of the system
    bool in_blocking;                 ///< on a thread of the side pool, which may wait
    std::string why;                  ///< for an entry point
};

// A longer way than this is not shown whole.
constexpr unsigned shown_calls = 3;

const clang::FunctionDecl* with_body(const clang::FunctionDecl* f) {
    const clang::FunctionDecl* definition = nullptr;
    if (f->hasBody(definition)) return definition;
    const clang::FunctionDecl* const pattern = f->getTemplateInstantiationPattern();
    return pattern != nullptr && pattern->hasBody(definition) ? definition : nullptr;
}

const clang::CXXRecordDecl* class_of(const clang::Expr* object) {
    if (object == nullptr) return nullptr;
    const clang::QualType t = object->IgnoreParenImpCasts()->getType();
    return t->isPointerType() ? t->getPointeeCXXRecordDecl() : t->getAsCXXRecordDecl();
}

/// Goes through the body of one function after the other.
class walker : public clang::RecursiveASTVisitor<walker> {
    using base = clang::RecursiveASTVisitor<walker>;

public:
    walker(const collected& start, reporter& out) : start_(start), out_(out) {}

    void walk_all() {
        for (const entry_point& e : start_.entries)
            reach(e.function, {nullptr, nullptr, e.where, e.where, false, e.why});
        while (!waiting_.empty()) {
            current_ = waiting_.front();
            waiting_.pop_front();
            in_blocking_ = current_->in_blocking;
            walk_one(*current_->function);
        }
    }

    bool shouldVisitImplicitCode() const { return true; }

    // A lambda in process code is taken for called, unless a thread of its own runs it.
    bool TraverseLambdaExpr(clang::LambdaExpr* e) {
        for (clang::Expr* const init : e->capture_inits())
            TraverseStmt(init);
        const clang::CXXRecordDecl* const c = e->getLambdaClass();
        if (start_.on_threads.contains(c)) return true;
        const bool before = std::exchange(in_blocking_, in_blocking_ || start_.blocking.contains(c));
        for (const clang::FunctionDecl* const f : call_operators(*c))
            call(f, e->getBeginLoc());
        in_blocking_ = before;
        return true;
    }

    bool TraverseCallExpr(clang::CallExpr* e) {
        const clang::FunctionDecl* const f = e->getDirectCallee();
        const bool blocks = f != nullptr && handing_of(*f) == handing::blocking;
        const bool before = std::exchange(in_blocking_, in_blocking_ || blocks);
        const bool result = base::TraverseCallExpr(e);
        in_blocking_ = before;
        return result;
    }

    bool VisitCallExpr(clang::CallExpr* e) {
        const clang::FunctionDecl* const f = e->getDirectCallee();
        if (f == nullptr) return true;
        const auto* const member = dyn_cast<clang::CXXMemberCallExpr>(e);
        check_call(*f, member == nullptr ? nullptr : class_of(member->getImplicitObjectArgument()),
                   name_in_call(*e));
        return true;
    }

    bool VisitCXXConstructExpr(clang::CXXConstructExpr* e) {
        check_call(*e->getConstructor(), nullptr, e->getExprLoc());
        call(e->getConstructor(), e->getExprLoc());
        return true;
    }

    bool VisitDeclRefExpr(clang::DeclRefExpr* e) {
        if (e->isNonOdrUse() != clang::NOUR_Unevaluated) check_name(*e->getDecl(), e->getLocation());
        return true;
    }
    bool VisitMemberExpr(clang::MemberExpr* e) {
        if (e->isNonOdrUse() != clang::NOUR_Unevaluated) check_name(*e->getMemberDecl(), e->getMemberLoc());
        return true;
    }

    bool VisitVarDecl(clang::VarDecl* v) {
        destroy(v->getType(), v->getLocation());
        return true;
    }
    bool VisitCXXBindTemporaryExpr(clang::CXXBindTemporaryExpr* e) {
        destroy(e->getType(), e->getExprLoc());
        return true;
    }
    bool VisitCXXDeleteExpr(clang::CXXDeleteExpr* e) {
        destroy(e->getDestroyedType(), e->getExprLoc());
        return true;
    }

private:
    void walk_one(const clang::FunctionDecl& f) {
        if (const auto* const constructor = dyn_cast<clang::CXXConstructorDecl>(&f)) {
            for (const clang::CXXCtorInitializer* const init : constructor->inits())
                TraverseStmt(init->getInit());
        }
        if (const auto* const destructor = dyn_cast<clang::CXXDestructorDecl>(&f)) {
            for (const clang::FieldDecl* const field : destructor->getParent()->fields())
                destroy(field->getType(), f.getLocation());
        }
        TraverseStmt(f.getBody());
    }

    void reach(const clang::FunctionDecl* f, reached how) {
        f = with_body(f);
        if (f == nullptr || handing_of(*f) != handing::none) return;
        // Of the system's headers, the standard library's are followed: it calls back into our code.
        if (out_.is_system(f->getLocation()) && !is_of_std(*f)) return;
        if (!visited_.emplace(f, how.in_blocking).second) return;
        how.function = f;
        all_.push_back(std::move(how));
        waiting_.push_back(&all_.back());
    }

    void call(const clang::FunctionDecl* f, clang::SourceLocation at) {
        const clang::SourceLocation mine = out_.is_system(at) ? current_->mine_at : at;
        reach(f, {nullptr, current_, at, mine, in_blocking_, {}});
    }

    void destroy(clang::QualType t, clang::SourceLocation at) {
        if (t.isNull() || t->isDependentType()) return;
        const clang::CXXRecordDecl* const c =
            clang::QualType(t->getBaseElementTypeUnsafe(), 0)->getAsCXXRecordDecl();
        if (c == nullptr || !c->hasDefinition() || c->isDependentContext()) return;
        if (const clang::CXXDestructorDecl* const d = c->getDestructor()) call(d, at);
    }

    void check_name(const clang::ValueDecl& d, clang::SourceLocation at) {
        if (const auto* const v = dyn_cast<clang::VarDecl>(&d)) {
            check_variable(*v, at);
        } else if (const auto* const f = dyn_cast<clang::FunctionDecl>(&d)) {
            call(f, at);
            const auto* const m = dyn_cast<clang::CXXMethodDecl>(f);
            if (m == nullptr || !m->isVirtual()) return;
            const auto [first, last] = start_.overriders.equal_range(m->getCanonicalDecl());
            for (auto i = first; i != last; ++i)
                call(i->second, at);
        }
    }

    void check_variable(const clang::VarDecl& v, clang::SourceLocation at) {
        if (!v.hasGlobalStorage() || out_.is_system(v.getLocation())) return;
        const bool per_thread = v.getTLSKind() != clang::VarDecl::TLS_None;
        if (per_thread ? in_blocking_ || v.getType().isConstQualified() : is_safe_to_share(v.getType()))
            return;
        if (!used_.emplace(current_->function, v.getCanonicalDecl()).second) return;
        const warning kind = per_thread ? warning::thread_local_state : warning::shared_state;
        auto notes = way();
        notes.insert(notes.begin(),
                     out_.note_at(v.getLocation(), "'" + v.getNameAsString() + "' is declared here"));
        const std::string what = per_thread               ? "the thread-local variable "
                                 : v.isStaticLocal()      ? "the static variable "
                                 : v.isStaticDataMember() ? "the static member "
                                                          : "the global variable ";
        out_.report(kind, at, what + "'" + v.getNameAsString() + "' is used in process code",
                    std::move(notes), {&v, v.getType()->getAsCXXRecordDecl()});
    }

    void check_call(const clang::FunctionDecl& f, const clang::CXXRecordDecl* object,
                    clang::SourceLocation at) {
        if (in_blocking_) return;
        if (const auto name = thread_start(f)) {
            const bool mine = !out_.is_system(at);
            out_.report(warning::raw_thread, mine ? at : current_->mine_at,
                        "a thread is started in process code: " + *name, way());
        } else if (const auto lock = lock_taken(f, object)) {
            out_.report(warning::lock, at, "a lock is taken in process code: " + *lock, way());
        } else if (const auto wait = wait_made(f, object)) {
            out_.report(warning::blocking_call, at, "process code waits in " + *wait, way());
        }
    }

    /// How the present function came to be process code: the last calls, then the entry point.
    [[nodiscard]] std::vector<note> way() const {
        std::vector<note> out;
        unsigned shown = 0;
        const reached* r = current_;
        for (; r->from != nullptr; r = r->from) {
            if (out_.is_system(r->called_at) || is_lambda(*r->function) || ++shown > shown_calls) continue;
            out.push_back(
                out_.note_at(r->called_at, "'" + r->function->getNameAsString() + "' is reached from here"));
        }
        out.push_back(out_.note_at(r->called_at, r->why));
        return out;
    }

    static bool is_lambda(const clang::FunctionDecl& f) {
        const auto* const m = dyn_cast<clang::CXXMethodDecl>(&f);
        return m != nullptr && m->getParent()->isLambda();
    }

    const collected& start_;
    reporter& out_;
    std::deque<reached> all_;  // a deque: the addresses stay
    std::deque<const reached*> waiting_;
    const reached* current_ = nullptr;
    bool in_blocking_ = false;
    std::set<std::pair<const clang::FunctionDecl*, bool>> visited_;
    std::set<std::pair<const clang::FunctionDecl*, const clang::VarDecl*>> used_;
};

}  // namespace

void walk(const collected& start, reporter& out) {
    walker(start, out).walk_all();
}

}  // namespace rakka::lint
