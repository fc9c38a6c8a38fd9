#include "lint.hpp"

#include "collect.hpp"
#include "compile_arguments.hpp"
#include "reporter.hpp"
#include "walk.hpp"

#include <algorithm>
#include <atomic>
#include <clang/AST/ASTConsumer.h>
#include <clang/Basic/DiagnosticSema.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/FrontendAction.h>
#include <clang/Frontend/TextDiagnosticPrinter.h>
#include <clang/Tooling/CompilationDatabase.h>
#include <clang/Tooling/Tooling.h>
#include <filesystem>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/VirtualFileSystem.h>
#include <map>
#include <mutex>
#include <thread>

namespace rakka::lint {

namespace {

namespace tooling = clang::tooling;

/// What all files together gave. Any thread.
class collection {
public:
    void add(std::vector<finding> found) {
        const std::lock_guard lock(mutex_);
        for (finding& f : found) {
            // One kind of warning at one place is one finding, however many ways lead there; captures are
            // told apart.
            std::string which = f.kind == warning::reference_capture ? f.text : std::string();
            findings_.try_emplace({f.where, f.kind, std::move(which)}, std::move(f));
        }
    }
    [[nodiscard]] std::vector<finding> take() {
        std::vector<finding> out;
        for (auto& [key, f] : findings_)
            out.push_back(std::move(f));
        return out;
    }

private:
    std::mutex mutex_;
    std::map<std::tuple<place, warning, std::string>, finding> findings_;
};

class consumer : public clang::ASTConsumer {
public:
    consumer(const warning_set& disabled, collection& into) : disabled_(disabled), into_(into) {}

    void HandleTranslationUnit(clang::ASTContext& context) override {
        reporter out(context, disabled_);
        walk(collect(context, out), out);
        out.report_mistakes();
        into_.add(out.take());
    }

private:
    const warning_set& disabled_;
    collection& into_;
};

class action : public clang::ASTFrontendAction {
public:
    action(const warning_set& disabled, collection& into) : disabled_(disabled), into_(into) {}
    std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance&,
                                                          llvm::StringRef) override {
        return std::make_unique<consumer>(disabled_, into_);
    }

private:
    const warning_set& disabled_;
    collection& into_;
};

class action_factory : public tooling::FrontendActionFactory {
public:
    action_factory(const warning_set& disabled, collection& into) : disabled_(disabled), into_(into) {}
    std::unique_ptr<clang::FrontendAction> create() override {
        return std::make_unique<action>(disabled_, into_);
    }

private:
    const warning_set& disabled_;
    collection& into_;
};

/// Prints errors, but for what is right in C++20 and clang 14 does not know: capturing structured bindings.
/// The rest of the file is checked all the same.
class diagnostics : public clang::TextDiagnosticPrinter {
public:
    diagnostics() : TextDiagnosticPrinter(llvm::errs(), new clang::DiagnosticOptions) {}

    void HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic& info) override {
        const unsigned id = info.getID();
        if (level != clang::DiagnosticsEngine::Note)
            left_out_ = id == clang::diag::err_reference_to_local_in_enclosing_context ||
                        id == clang::diag::err_capture_does_not_name_variable;
        if (!left_out_) TextDiagnosticPrinter::HandleDiagnostic(level, info);
    }

private:
    bool left_out_ = false;  // with the notes that follow it
};

std::unique_ptr<tooling::CompilationDatabase> open_database(const request& what, std::string& error) {
    if (!what.arguments.empty())
        return std::make_unique<tooling::FixedCompilationDatabase>(".", what.arguments);
    if (!what.build_dir.empty())
        return tooling::CompilationDatabase::loadFromDirectory(what.build_dir, error);
    if (what.files.empty()) return tooling::CompilationDatabase::autoDetectFromDirectory(".", error);
    return tooling::CompilationDatabase::autoDetectFromSource(what.files.front(), error);
}

bool is_below(const std::filesystem::path& file, const std::filesystem::path& folder) {
    const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
    return end == folder.end() || (std::next(end) == folder.end() && end->empty());
}

bool is_cpp(const std::filesystem::path& file) {
    const auto suffix = file.extension();
    return suffix == ".cpp" || suffix == ".cc" || suffix == ".cxx" || suffix == ".C" || suffix == ".c++";
}

/// The files asked for, folders replaced by what the database knows below them.
std::vector<std::string> files_to_check(const request& what, const tooling::CompilationDatabase& database,
                                        std::string& error) {
    namespace fs = std::filesystem;
    std::vector<std::string> out;
    const auto add_below = [&](const fs::path& folder) {
        for (const std::string& file : database.getAllFiles()) {
            // What a build generates is not somebody's code to warn about.
            const bool generated = !what.build_dir.empty() && is_below(file, fs::canonical(what.build_dir));
            if (is_cpp(file) && is_below(file, folder) && !generated) out.push_back(file);
        }
    };
    if (what.files.empty()) add_below("/");
    for (const std::string& name : what.files) {
        std::error_code missing;
        const fs::path path = fs::canonical(name, missing);
        if (missing) {
            error = name + ": " + missing.message();
        } else if (fs::is_directory(path)) {
            const auto before = out.size();
            add_below(path);
            if (out.size() == before) error = name + ": the compilation database has no file below it";
        } else {
            out.push_back(path.string());
        }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    if (out.empty() && error.empty()) error = "no files to check";
    return out;
}

bool check_file(const tooling::CompilationDatabase& database, const std::string& file, action_factory& make) {
    // A file system of its own, because each has a working directory and several are checked at once.
    tooling::ClangTool tool(database, {file}, std::make_shared<clang::PCHContainerOperations>(),
                            llvm::vfs::createPhysicalFileSystem());
    tool.clearArgumentsAdjusters();
    tool.appendArgumentsAdjuster(
        [](const tooling::CommandLineArguments& from, llvm::StringRef) { return compile_arguments(from); });
    tool.setPrintErrorMessage(false);
    diagnostics errors;
    tool.setDiagnosticConsumer(&errors);
    return tool.run(&make) == 0;
}

}  // namespace

report check(const request& what) {
    report out;
    const auto database = open_database(what, out.error);
    if (database == nullptr) {
        out.error = "no compile_commands.json in " +
                    (what.build_dir.empty() ? "the folders above" : what.build_dir) +
                    "; have one made (CMake: CMAKE_EXPORT_COMPILE_COMMANDS=ON) and say where with -p BUILD,"
                    " or give the compiler's options after --";
        return out;
    }
    out.error.clear();  // what was tried before it was found
    const auto files = files_to_check(what, *database, out.error);
    if (!out.error.empty()) return out;
    collection found;
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> broken{0};
    const auto work = [&] {
        action_factory make(what.disabled, found);
        for (std::size_t i = next++; i < files.size(); i = next++) {
            if (!check_file(*database, files[i], make)) ++broken;
        }
    };
    {
        std::vector<std::jthread> helpers;
        for (unsigned i = 1; i < std::min<std::size_t>(what.jobs, files.size()); ++i)
            helpers.emplace_back(work);
        work();
    }
    out.findings = found.take();
    out.files = files.size();
    out.broken = broken;
    return out;
}

}  // namespace rakka::lint
