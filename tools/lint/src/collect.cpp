#include "collect.hpp"

#include "vocabulary.hpp"

#include <clang/AST/RecursiveASTVisitor.h>

namespace rakka::lint {

namespace {

using clang::dyn_cast;

/// A call that hands callables or values to a process, a server or a thread.
struct handing_call {
    const clang::FunctionDecl* callee;
    llvm::ArrayRef<const clang::Expr*> arguments;
    clang::SourceLocation where;
    handing how;
    bool thread;
};

/// Finds the calls; they are examined when all lambdas are known.
class finder : public clang::RecursiveASTVisitor<finder> {
public:
    explicit finder(reporter& out) : out_(out) {}

    bool shouldVisitTemplateInstantiations() const { return true; }
    bool shouldVisitImplicitCode() const { return true; }

    bool TraverseDecl(clang::Decl* d) {
        if (d != nullptr && !clang::isa<clang::TranslationUnitDecl>(d) && out_.is_system(d->getLocation()) &&
            d->getLocation().isValid())
            return true;
        return RecursiveASTVisitor::TraverseDecl(d);
    }

    bool VisitLambdaExpr(clang::LambdaExpr* e) {
        lambdas.emplace(e->getLambdaClass(), e);
        return true;
    }
    bool VisitCallExpr(clang::CallExpr* e) {
        if (const clang::FunctionDecl* const f = e->getDirectCallee())
            note_call(*f, {e->getArgs(), e->getNumArgs()}, name_in_call(*e));
        return true;
    }
    bool VisitCXXConstructExpr(clang::CXXConstructExpr* e) {
        note_call(*e->getConstructor(), {e->getArgs(), e->getNumArgs()}, e->getExprLoc());
        return true;
    }
    bool VisitCXXMethodDecl(clang::CXXMethodDecl* m) {
        for (const clang::CXXMethodDecl* const base : m->overridden_methods())
            overriders.emplace(base->getCanonicalDecl(), m);
        return true;
    }
    bool VisitFunctionDecl(clang::FunctionDecl* f) {
        if (f->isThisDeclarationADefinition() && !f->isImplicit() && out_.is_marked(*f)) marked.push_back(f);
        return true;
    }
    bool VisitCXXRecordDecl(clang::CXXRecordDecl* c) {
        if (c->isThisDeclarationADefinition() && !c->isDependentContext() && is_server(*c))
            servers.push_back(c);
        return true;
    }

    std::map<const clang::CXXRecordDecl*, const clang::LambdaExpr*> lambdas;
    std::vector<handing_call> calls;
    std::vector<const clang::CXXRecordDecl*> servers;
    std::vector<const clang::FunctionDecl*> marked;
    std::multimap<const clang::CXXMethodDecl*, const clang::CXXMethodDecl*> overriders;

private:
    void note_call(const clang::FunctionDecl& f, llvm::ArrayRef<const clang::Expr*> arguments,
                   clang::SourceLocation where) {
        const handing how = handing_of(f);
        const bool thread = thread_start(f).has_value();
        if (how != handing::none || thread) calls.push_back({&f, arguments, where, how, thread});
    }

    reporter& out_;
};

std::string quoted(const clang::NamedDecl& d) {
    return "'" + d.getNameAsString() + "'";
}

/// The local variable whose address this expression is, if any.
const clang::VarDecl* local_behind(const clang::Expr* e) {
    e = e->IgnoreParenImpCasts();
    bool address = e->getType()->isArrayType();  // decays
    if (const auto* const op = dyn_cast<clang::UnaryOperator>(e); op && op->getOpcode() == clang::UO_AddrOf) {
        e = op->getSubExpr()->IgnoreParenImpCasts();
        address = true;
    }
    const auto* const ref = dyn_cast<clang::DeclRefExpr>(e);
    if (!address || ref == nullptr) return nullptr;
    const auto* const variable = dyn_cast<clang::VarDecl>(ref->getDecl());
    return variable != nullptr && variable->hasLocalStorage() ? variable : nullptr;
}

/// Looks at what one call hands over.
class examiner {
public:
    examiner(const finder& found, const handing_call& call, collected& into, reporter& out)
        : found_(found), call_(call), into_(into), out_(out) {}

    void examine_all() {
        for (const clang::Expr* const argument : call_.arguments)
            examine(argument, 0);
    }

private:
    // Deeper than this nobody writes an argument.
    static constexpr unsigned depth_limit = 16;

    [[nodiscard]] bool outlived() const {
        return call_.how == handing::spawned || call_.how == handing::started;
    }

    /// `kept`: the value itself gets into the process, rather than what some function makes of it.
    void examine(const clang::Expr* e, unsigned depth, bool kept = true) {
        if (e == nullptr || depth > depth_limit) return;
        e = e->IgnoreUnlessSpelledInSource();
        if (const auto* const lambda = dyn_cast<clang::LambdaExpr>(e)) {
            hand_over(*lambda);
        } else if (const auto* const made = dyn_cast<clang::CXXConstructExpr>(e)) {
            for (const clang::Expr* const argument : made->arguments())
                examine(argument, depth + 1, kept);
        } else if (const auto* const cast = dyn_cast<clang::ExplicitCastExpr>(e)) {
            examine(cast->getSubExpr(), depth + 1, kept);
        } else if (const auto* const called = dyn_cast<clang::CallExpr>(e)) {
            examine_call(*called, depth, kept);
        } else if (const auto* const list = dyn_cast<clang::InitListExpr>(e)) {
            for (const clang::Expr* const element : list->inits())
                examine(element, depth + 1, kept);
        } else if (const auto* const op = dyn_cast<clang::UnaryOperator>(e)) {
            if (const clang::VarDecl* const local = local_behind(e)) {
                if (kept) warn(e->getExprLoc(), "the address of the local variable " + quoted(*local), local);
            } else {
                examine(op->getSubExpr(), depth + 1, kept);
            }
        } else if (const auto* const ref = dyn_cast<clang::DeclRefExpr>(e)) {
            examine_name(*ref, depth, kept);
        }
        examine_type(*e);
    }

    void examine_call(const clang::CallExpr& e, unsigned depth, bool kept) {
        const clang::FunctionDecl* const f = e.getDirectCallee();
        if (f != nullptr && makes_reference(*f) && e.getNumArgs() == 1 &&
            !outlives_processes(e.getArg(0)->getType()))
            warn(name_in_call(e), "a reference made with std::" + f->getNameAsString(), nullptr);
        // std::bind, std::make_unique, std::move … put what they get into what they give.
        const bool keeps = kept && f != nullptr && is_of_std(*f);
        for (const clang::Expr* const argument : e.arguments())
            examine(argument, depth + 1, keeps);
    }

    void examine_name(const clang::DeclRefExpr& ref, unsigned depth, bool kept) {
        if (const auto* const f = dyn_cast<clang::FunctionDecl>(ref.getDecl())) {
            enter(f);
        } else if (const auto* const v = dyn_cast<clang::VarDecl>(ref.getDecl());
                   v != nullptr && v->hasInit() && !clang::isa<clang::ParmVarDecl>(v)) {
            examine(v->getInit(), depth + 1, kept);
        }
    }

    /// A callable that is known by its type alone: a functor, or a lambda that came through a parameter.
    void examine_type(const clang::Expr& e) {
        const clang::CXXRecordDecl* const c = e.getType()->getAsCXXRecordDecl();
        if (c == nullptr || !c->hasDefinition()) return;
        if (c->isLambda()) {
            const auto lambda = found_.lambdas.find(c);
            if (lambda != found_.lambdas.end()) hand_over(*lambda->second);
            return;
        }
        if (out_.is_system(c->getLocation())) return;
        for (const clang::CXXMethodDecl* const m : c->methods()) {
            if (m->getOverloadedOperator() != clang::OO_Call) continue;
            enter(m);
            check_fields(*c, e.getExprLoc());
        }
    }

    void check_fields(const clang::CXXRecordDecl& c, clang::SourceLocation at) {
        for (const clang::FieldDecl* const f : c.fields()) {
            if (f->getType()->isReferenceType() && !is_safe_to_share(f->getType()) && told_.insert(f).second)
                warn(at, "the reference " + quoted(*f) + " in a " + quoted(c), f);
        }
    }

    void hand_over(const clang::LambdaExpr& lambda) {
        const clang::CXXRecordDecl* const c = lambda.getLambdaClass();
        if (call_.thread) {
            into_.on_threads.insert(c);
        } else if (call_.how == handing::blocking) {
            into_.blocking.insert(c);
        } else {
            for (const clang::FunctionDecl* const f : call_operators(*c))
                enter(f);
            if (outlived()) check_captures(lambda);
        }
    }

    void enter(const clang::FunctionDecl* f) {
        if (call_.thread || call_.how == handing::blocking) return;
        into_.entries.push_back(
            {f, call_.where, "handed to " + quoted(*call_.callee) + " here: it runs as a process"});
    }

    void check_captures(const clang::LambdaExpr& lambda) {
        for (const clang::LambdaCapture& capture : lambda.captures()) {
            const clang::SourceLocation at =
                capture.isExplicit() ? capture.getLocation() : lambda.getCaptureDefaultLoc();
            if (capture.getCaptureKind() == clang::LCK_This) {
                warn(at, "'this', the object around it", nullptr);
            } else if (capture.capturesVariable()) {
                check_capture(at, capture);
            }
        }
    }

    void check_capture(clang::SourceLocation at, const clang::LambdaCapture& capture) {
        const clang::VarDecl& v = *capture.getCapturedVar();
        if (outlives_processes(v.getType())) return;
        if (capture.getCaptureKind() == clang::LCK_ByRef) {
            warn(at, quoted(v) + " by reference", &v);
        } else if (is_view(v.getType()) && !is_literal(v)) {
            warn(at, quoted(v) + ", which only refers to what it shows", &v);
        } else if (v.getType()->isPointerType() && v.hasInit() && !clang::isa<clang::ParmVarDecl>(v)) {
            if (const clang::VarDecl* const local = local_behind(v.getInit()))
                warn(at, quoted(v) + ", a pointer to the local variable " + quoted(*local), &v);
        }
    }

    static bool is_literal(const clang::VarDecl& v) {
        if (!v.hasInit() || clang::isa<clang::ParmVarDecl>(v)) return false;
        const clang::Expr* const init = v.getInit()->IgnoreUnlessSpelledInSource();
        return clang::isa<clang::StringLiteral>(init) || clang::isa<clang::UserDefinedLiteral>(init);
    }

    void warn(clang::SourceLocation at, const std::string& what, const clang::Decl* declared) {
        if (!outlived()) return;
        const char* const to = call_.how == handing::started ? "a server is given " : "a process is given ";
        out_.report(warning::reference_capture, at, to + what,
                    {out_.note_at(call_.where, "handed to " + quoted(*call_.callee) + " here")}, {declared});
    }

    const finder& found_;
    const handing_call& call_;
    collected& into_;
    reporter& out_;
    std::set<const clang::FieldDecl*> told_;
};

void enter_server(const clang::CXXRecordDecl& c, collected& into, reporter& out) {
    const std::string of = quoted(c);
    for (const clang::CXXMethodDecl* const m : c.methods()) {
        const bool callback = m->size_overridden_methods() != 0 && !clang::isa<clang::CXXDestructorDecl>(m);
        const bool life = clang::isa<clang::CXXDestructorDecl>(m) ||
                          (clang::isa<clang::CXXConstructorDecl>(m) && is_made_inside(c));
        if (!m->isImplicit() && (callback || life))
            into.entries.push_back(
                {m, m->getLocation(), quoted(*m) + " of the server " + of + " runs in its process"});
    }
    for (const clang::FieldDecl* const f : c.fields()) {
        if (!f->getType()->isReferenceType() || is_safe_to_share(f->getType())) continue;
        out.report(warning::reference_capture, f->getLocation(),
                   "the server " + of + " keeps a reference in " + quoted(*f), {}, {&c});
    }
}

}  // namespace

std::vector<const clang::FunctionDecl*> call_operators(const clang::CXXRecordDecl& callable) {
    std::vector<const clang::FunctionDecl*> out;
    if (const clang::FunctionTemplateDecl* const generic = callable.getDependentLambdaCallOperator()) {
        out.push_back(generic->getTemplatedDecl());
        out.insert(out.end(), generic->spec_begin(), generic->spec_end());
    } else if (const clang::CXXMethodDecl* const plain = callable.getLambdaCallOperator()) {
        out.push_back(plain);
    }
    return out;
}

collected collect(clang::ASTContext& context, reporter& out) {
    finder found(out);
    found.TraverseAST(context);
    collected into;
    for (const clang::CXXRecordDecl* const c : found.servers)
        enter_server(*c, into, out);
    for (const clang::FunctionDecl* const f : found.marked)
        into.entries.push_back({f, f->getLocation(), "marked as process code"});
    for (const handing_call& call : found.calls)
        examiner(found, call, into, out).examine_all();
    into.overriders = std::move(found.overriders);
    return into;
}

}  // namespace rakka::lint
