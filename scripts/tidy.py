#!/usr/bin/env python3
"""Checks the rules of CONTRIBUTING.md that a machine can check; run by ctest (label `style`).

usage: scripts/tidy.py [FOLDER]      FOLDER defaults to the repository this script is in
Prints one line `path:line: what is wrong` for each finding and exits 1 if there are any.
"""
import os
import pathlib
import re
import subprocess
import sys

MAX_COLUMNS = 120  # clang-format keeps C++ to 110
MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 600
USUAL_FILE_LINES = 400
LONG_FILES = 10  # one in this many files may be longer than is usual

# What each component may include of Rakka; dependencies point down only.
MAY_SEE = {
    "base": {"base"},
    "etf": {"base", "etf"},
    "ei": {"base", "etf", "ei"},
    "actors": {"base", "etf", "actors"},
    "otp": {"base", "etf", "actors", "otp"},
    "metrics_http": {"base", "etf", "actors", "otp", "metrics_http"},
    "node": {"base", "etf", "actors", "node"},
}
# Asio is the event loop of node/ and of the scheduler; nobody else's headers or sources know it.
WITHOUT_ASIO = {"base", "etf", "ei", "otp"}

CPP_SUFFIXES = {".hpp", ".cpp", ".h", ".c"}
CODE_SUFFIXES = CPP_SUFFIXES | {".py", ".sh", ".cmake", ".erl", ".escript", ".ex", ".exs"}
TEXT_SUFFIXES = CODE_SUFFIXES | {".md", ".json", ".yml", ".yaml", ".txt", ".in", ""}

MARKERS = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home)/\w")
REGISTRY_HOST = re.compile(
    r"\b(?:(?:deb|security|snapshot|archive|ftp(?:\.\w+)?)\.debian\.org|registry\.npmjs\.org|"
    r"proxy\.golang\.org|pypi\.org|files\.pythonhosted\.org|repo\.hex\.pm|archive\.ubuntu\.com)\b")


def component_of(path):
    """The component a file belongs to, or None: etf/base/… is base, etf/ei/… is ei, actors/… is actors."""
    parts = path.split("/")
    if len(parts) > 2 and (parts[0], parts[1]) in (("etf", "base"), ("etf", "ei"), ("otp", "metrics_http")):
        return parts[1]
    return parts[0] if parts[0] in MAY_SEE else None


# Macros that need no semicolon, as they stand before a namespace or a function.
MACRO_CALLS = re.compile(r"^(?:[A-Z][A-Z0-9_]+\s*\((?:[^()]|\([^()]*\))*\)\s*)+")


def blank_out(text):
    """C++ text with comments, literals and preprocessor lines replaced by blanks; line breaks stay."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/'
        r'|(?:\b(?:u8|[uUL]))?R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'
        r'|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'"
        r"|^[ \t]*\#(?:\\\n|[^\n])*",
        re.S | re.M)

    def replacement(match):
        kept = re.sub(r"[^\n]", " ", match.group(0))
        return '""' + kept[2:] if match.group(0)[0] == '"' else kept

    return pattern.sub(replacement, text)


TYPE_HEADER = re.compile(r"(?:^|[\s;>])(?:class|struct|union|enum)\s")
LAMBDA_HEADER = re.compile(r"\[[^\[\]]*\]\s*(?:\([^{}]*\))?\s*(?:mutable|noexcept|->[^{}]*)?\s*$")
CONSTRUCTOR_INITIALISERS = re.compile(r"\)[\w\s()]*(?<!:):(?!:)")


def without_template_lists(header):
    """The header with each `template <…>` taken out, nested angle brackets and all."""
    while found := re.search(r"\btemplate\s*<", header):
        depth, at = 1, found.end()
        while depth and at < len(header):
            depth += {"<": 1, ">": -1}.get(header[at], 0)
            at += 1
        header = header[:found.start()] + " " + header[at:]
    return header


def opens(header, inside):
    """What the brace after `header` (the text since the last statement) opens inside an `inside`."""
    if inside in ("function", "block"):
        return "block"
    if LAMBDA_HEADER.search(header):
        return "function"
    if inside == "initialiser":
        return "initialiser"
    header = header.strip()
    if re.match(r"(?:inline\s+)?namespace\b|extern\s*\"\"\s*$|export\s*$", MACRO_CALLS.sub("", header)):
        return "scope"
    plain = without_template_lists(header)
    outside_parentheses = re.sub(r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", "()", plain)
    if TYPE_HEADER.search(outside_parentheses) and \
            not re.search(r"\)\s*(?:const|noexcept|override|final|\s)*$", outside_parentheses):
        return "scope"
    if CONSTRUCTOR_INITIALISERS.search(header) and re.search(r"[\w>]$", header) and \
            not re.search(r"\b(?:const|noexcept|override|final|try)$", header):
        return "initialiser"
    if "(" in plain and not re.search(r"=\s*(?:[\w:<>, ]+)?$", plain):
        return "function"
    return "initialiser"


def functions(text):
    """(first line, last line) of every outermost function body with its head, in order."""
    code = blank_out(text)
    found = []
    stack = []  # (kind, header start, parentheses open around it) of each open brace
    start = 0   # where the present statement began
    depth = 0   # of parentheses
    for at, char in enumerate(code):
        if char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
        elif char == "{":
            inside = stack[-1][0] if stack else "scope"
            if depth and inside == "scope":
                inside = "initialiser"
            kind = opens(code[start:at], inside)
            stack.append((kind, start, depth))
            depth = 0
            if kind != "initialiser":
                start = at + 1
        elif char == "}" and stack:
            kind, begun, depth = stack.pop()
            if kind == "function":
                head = re.match(r"(?:\s|(?:public|private|protected)\s*:)*", code[begun:]).end()
                found.append((code.count("\n", 0, begun + head) + 1, code.count("\n", 0, at) + 1))
            if kind != "initialiser":
                start = at + 1
        elif char == ";" and not depth:
            start = at + 1
    return found


def check_text(path, text):
    """Findings (line, message) that one file's text gives by itself."""
    suffix = pathlib.PurePosixPath(path).suffix
    lines = text.splitlines()
    is_script = not suffix and text.startswith("#!")
    is_code = suffix in CODE_SUFFIXES or path.endswith("CMakeLists.txt") or is_script
    if path.startswith("bench/peers/"):
        is_code = False  # measured as they are: a peer's program is not ours to reformat
    for number, line in enumerate(lines, 1):
        if is_code and len(line) > MAX_COLUMNS:
            yield number, f"{len(line)} columns, the limit is {MAX_COLUMNS}"
        if MARKERS.search(line):
            yield number, "a marker for unfinished work; finish it or file an issue"
        if MACHINE_PATH.search(line):
            yield number, "a path of one particular machine"
        if REGISTRY_HOST.search(line):
            yield number, "the host of a package registry; take it from the machine's configuration"
    if suffix in CPP_SUFFIXES:
        yield from check_cpp(path, text, lines)
    if is_code and len(lines) > MAX_FILE_LINES:
        yield len(lines), f"{len(lines)} lines, the limit is {MAX_FILE_LINES}"


def check_cpp(path, text, lines):
    component = component_of(path)
    if path.endswith(".hpp"):
        if not lines or not re.match(r"//+ ?\S|/\*", lines[0]):
            yield 1, "a header starts with a comment that says what it is for"
        if not any(line.strip() == "#pragma once" for line in lines):
            yield 1, "no #pragma once"
    for number, line in enumerate(lines, 1):
        included = re.match(r'\s*#\s*include\s*[<"]([^>"]+)', line)
        if not included or component is None:
            continue
        rakka = re.match(r"rakka/(\w+)[/.]", included.group(1))
        if rakka and rakka.group(1) not in MAY_SEE[component]:
            yield number, f"{component} must not see {rakka.group(1)}"
        if component in WITHOUT_ASIO and included.group(1).startswith("boost/asio"):
            yield number, f"{component} must not see Asio"
    for first, last in functions(text):
        if last - first + 1 > MAX_FUNCTION_LINES:
            yield first, f"a function of {last - first + 1} lines, the limit is {MAX_FUNCTION_LINES}"


def check_file_sizes(texts):
    """At least 90 % of the C++ files stay under 400 lines."""
    sizes = {path: text.count("\n") for path, text in texts.items() if path.endswith((".hpp", ".cpp"))}
    large = sorted((path for path in sizes if sizes[path] > USUAL_FILE_LINES), key=lambda path: -sizes[path])
    if len(large) * LONG_FILES > len(sizes):
        message = f"{len(large)} of {len(sizes)} files have over {USUAL_FILE_LINES} lines"
        yield large[0], sizes[large[0]], message


def sources_in(list_file):
    """The .cpp files that the text of a CMakeLists.txt names, `${variable}` of a foreach over items filled in."""
    text = re.sub(r"#.*", "", list_file).replace("${CMAKE_CURRENT_SOURCE_DIR}/", "")
    loops = re.findall(r"foreach\((\w+)\s+(?:IN\s+ITEMS\s+)?([^)]*)\)", text)
    for name in re.findall(r"[^\s()\"]+\.cpp\b", text):
        names = [name]
        for variable, items in loops:
            if "${" + variable + "}" in name:
                names = [name.replace("${" + variable + "}", item) for item in items.split()]
        yield from names


def check_listed(texts):
    """Every .cpp is named in some CMakeLists.txt: a file nobody compiles is not code."""
    listed = set()
    for path, text in texts.items():
        if os.path.basename(path) != "CMakeLists.txt":
            continue
        for name in sources_in(text):
            if name.startswith("${PROJECT_SOURCE_DIR}/"):
                listed.add(name.removeprefix("${PROJECT_SOURCE_DIR}/"))
            else:
                listed.add(os.path.normpath(os.path.join(os.path.dirname(path), name)))
    for path in texts:
        if path.endswith(".cpp") and path not in listed:
            yield path, 1, "not in any CMakeLists.txt"


def findings(texts):
    """Every finding (path, line, message) for a tree given as {path: text}."""
    for path in sorted(texts):
        for line, message in check_text(path, texts[path]):
            yield path, line, message
    yield from check_file_sizes(texts)
    yield from check_listed(texts)


def read_tree(root):
    """The text files of a checkout (or of an unpacked archive) as {path: text}."""
    command = ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, capture_output=True, check=False)
    if listing.returncode == 0:
        names = [name for name in listing.stdout.decode().split("\0") if name]
    else:
        names = [path.relative_to(root).as_posix() for path in pathlib.Path(root).rglob("*")
                 if path.relative_to(root).parts[0] not in ("build", ".git", ".cache")]
    texts = {}
    for name in names:
        path = pathlib.Path(root, name)
        if path.is_file() and not path.is_symlink() and path.suffix in TEXT_SUFFIXES:
            try:
                texts[name] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # binary samples
    return texts


def main(arguments):
    root = arguments[0] if arguments else str(pathlib.Path(__file__).resolve().parent.parent)
    texts = read_tree(root)
    count = 0
    for path, line, message in findings(texts):
        print(f"{path}:{line}: {message}")
        count += 1
    print(f"tidy: {len(texts)} files, {count} findings")
    return 1 if count or not texts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
