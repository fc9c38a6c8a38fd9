"""tidy.py finds what it says it finds, and nothing in what is right."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tidy  # noqa: E402

HEADER = "// Purpose.\n#pragma once\n"


def messages(path, text):
    return [message for _, message in tidy.check_text(path, text)]


def body(lines):
    return "".join(f"    statement({i});\n" for i in range(lines))


class function_length(unittest.TestCase):
    def lengths(self, text):
        return [last - first + 1 for first, last in tidy.functions(text)]

    def test_a_function_is_measured_from_its_head_to_its_brace(self):
        self.assertEqual(self.lengths("int f(int a,\n      int b) {\n    return a;\n}\n"), [4])

    def test_seventy_lines_pass_and_seventy_one_do_not(self):
        self.assertEqual(messages("etf/src/x.cpp", "void f() {\n" + body(68) + "}\n"), [])
        self.assertIn("71 lines", messages("etf/src/x.cpp", "void f() {\n" + body(69) + "}\n")[0])

    def test_namespaces_and_classes_are_not_functions(self):
        text = "namespace a::b {\nnamespace {\nclass c final : public d<int(int)> {\npublic:\n" \
               "    int x() const { return 1; }\n" \
               "    int y_{0};\n};\nenum class e : int { one, two };\n}  // namespace\n}\n"
        self.assertEqual(self.lengths(text), [1])

    def test_methods_of_templates_are_found(self):
        text = "template <class T, class U>\nstruct s {\n    template <class V>\n" \
               "    V f(V v) noexcept {\n        return v;\n    }\n};\n"
        self.assertEqual(self.lengths(text), [4])

    def test_methods_of_specialisations_and_constrained_types_are_found(self):
        text = "template <class... P>\nstruct traits<expr<P...>> {\n    int f() {\n" \
               "        return 1;\n    }\n};\n" \
               "template <class T>\n    requires(sizeof(T) > 1)\n" \
               "struct alignas(8) b : c<decltype(d())> {\n    int g() { return 1; }\n};\n"
        self.assertEqual(self.lengths(text), [3, 1])

    def test_a_constructor_with_braced_initialisers_is_one_function(self):
        text = "a::a(int x)\n    : b_{x}, c_{make(x)},\n      d_(x) {\n    go();\n}\n" \
               "a::a() : b_{1}, c_{2} {}\n"
        self.assertEqual(self.lengths(text), [5, 1])

    def test_lambdas_and_local_types_belong_to_the_function_around_them(self):
        text = "void f() {\n    auto g = [](int x) {\n        return x;\n    };\n" \
               "    struct s { int h() { return 1; } };\n}\n"
        self.assertEqual(self.lengths(text), [6])

    def test_braces_in_literals_comments_and_macros_do_not_count(self):
        text = "#define OPEN {\nvoid f() {\n    // {\n" \
               "    auto s = \"{\\\"{\"; char c = '{'; auto r = R\"x({\")x\";\n" \
               "    int big = 1'000'000;\n}\nvoid g() {}\n"
        self.assertEqual(self.lengths(text), [5, 1])

    def test_tables_are_not_functions(self):
        text = "constexpr std::array<row, 2> rows{{\n    {1, f(2)},\n    {2, f(3)},\n}};\n" \
               "const std::map<int, int> m = {\n{1, 2}};\n"
        self.assertEqual(self.lengths(text), [])

    def test_lambdas_outside_functions_are_functions(self):
        text = "const auto f = [](int x) -> int {\n    return x;\n};\n" \
               "INSTANTIATE(a, [](auto& i) {\n    return i;\n});\n"
        self.assertEqual(self.lengths(text), [3, 3])

    def test_a_test_case_is_a_function(self):
        self.assertEqual(self.lengths("TEST_P(suite, name) {\n    EXPECT_TRUE(x);\n}\n"), [3])

    def test_functions_that_return_a_struct_by_elaborated_name_or_take_defaults_are_found(self):
        text = "struct tm now(int x = 0) {\n    return {};\n}\nauto f(options o = {}) -> int {\n" \
               "    return 1;\n}\n"
        self.assertEqual(self.lengths(text), [3, 3])

    def test_requires_clauses_do_not_hide_the_function(self):
        text = "template <class T>\n    requires requires(T t) { t.x(); }\nvoid f(T t) {\n" + body(80) + "}\n"
        self.assertGreater(max(self.lengths(text)), 70)


class headers(unittest.TestCase):
    def test_a_good_header_passes(self):
        self.assertEqual(messages("etf/include/rakka/etf/x.hpp", HEADER), [])

    def test_purpose_and_guard_are_asked_for(self):
        found = messages("etf/include/rakka/etf/x.hpp", "#include <vector>\n")
        self.assertEqual(len(found), 2)


class layering(unittest.TestCase):
    def include(self, path, included):
        return messages(path, HEADER + f"#include {included}\n")

    def test_upward_and_sideways_includes_are_found(self):
        self.assertIn("etf must not see actors", self.include("etf/src/x.hpp", "<rakka/actors/send.hpp>"))
        self.assertIn("actors must not see node", self.include("actors/src/x.hpp", "<rakka/node.hpp>"))
        self.assertIn("otp must not see node", self.include("otp/src/x.hpp", "<rakka/node/rpc.hpp>"))
        self.assertIn("node must not see otp", self.include("node/tests/x.hpp", '"rakka/otp/gen_server.hpp"'))
        self.assertIn("base must not see etf", self.include("etf/base/x.hpp", "<rakka/etf/term.hpp>"))
        self.assertIn("actors must not see rakka", self.include("actors/src/x.hpp", "<rakka/rakka.hpp>"))

    def test_downward_includes_pass(self):
        self.assertEqual(self.include("node/src/x.hpp", "<rakka/actors.hpp>"), [])
        self.assertEqual(self.include("etf/src/x.hpp", "<rakka/base/result.hpp>"), [])
        self.assertEqual(self.include("interop_tests/x.hpp", "<rakka/node.hpp>"), [])

    def test_asio_stays_in_node_and_the_scheduler(self):
        self.assertIn("otp must not see Asio", self.include("otp/src/x.hpp", "<boost/asio/post.hpp>"))
        self.assertEqual(self.include("node/src/x.hpp", "<boost/asio/post.hpp>"), [])


class text_rules(unittest.TestCase):
    def test_long_lines_are_found_in_code_and_allowed_in_prose(self):
        self.assertEqual(len(messages("cmake/x.cmake", "a" * 121 + "\n")), 1)
        self.assertEqual(messages("cmake/x.cmake", "é" * 120 + "\n"), [])
        self.assertEqual(messages("README.md", "a" * 300 + "\n"), [])

    def test_markers_paths_and_hosts_are_found(self):
        self.assertEqual(len(messages("a.md", "TO" + "DO: later\n")), 1)
        self.assertEqual(len(messages("a.md", "see /ho" + "me/alice/x\n")), 1)
        self.assertEqual(len(messages("a.md", "from deb.deb" + "ian.org\n")), 1)
        self.assertEqual(messages("a.md", "mktemp rakka-XXXX, net/home/page, $HOME/x\n"), [])

    def test_files_over_the_limit_are_found(self):
        self.assertIn("601 lines", messages("etf/src/x.cpp", "\n" * 601)[-1])


class tree_rules(unittest.TestCase):
    def test_unlisted_sources_are_found(self):
        texts = {"etf/CMakeLists.txt": "add(src/a.cpp # src/c.cpp\n tests/../src/d.cpp)", "etf/src/a.cpp": "",
                 "etf/src/b.cpp": "", "etf/src/c.cpp": "", "etf/src/d.cpp": ""}
        found = [path for path, _, _ in tidy.check_listed(texts)]
        self.assertEqual(found, ["etf/src/b.cpp", "etf/src/c.cpp"])

    def test_sources_named_by_a_loop_are_listed(self):
        texts = {"node/CMakeLists.txt": "foreach(m IN ITEMS a\n b)\nf(fuzz/x_${m}.cpp)\nendforeach()",
                 "node/fuzz/x_a.cpp": "", "node/fuzz/x_b.cpp": "", "node/fuzz/x_c.cpp": ""}
        self.assertEqual([path for path, _, _ in tidy.check_listed(texts)], ["node/fuzz/x_c.cpp"])

    def test_one_file_in_ten_may_be_long(self):
        texts = {f"etf/src/{i}.cpp": "" for i in range(9)} | {"etf/src/long.cpp": "\n" * 401}
        self.assertEqual(list(tidy.check_file_sizes(texts)), [])
        texts["etf/src/longer.cpp"] = "\n" * 402
        self.assertEqual([path for path, _, _ in tidy.check_file_sizes(texts)], ["etf/src/longer.cpp"])


if __name__ == "__main__":
    unittest.main()
