#!/usr/bin/env python3
"""Checks the rules of the repository that no compiler checks; part of "make test".

    tools/tidy.py          check everything; prints FILE:LINE: what is wrong, exits with 1 if anything is
    tools/tidy.py rules    print the layers as they are understood from CMakeLists.txt

Rules: file and function length, unfinished marks, absolute paths of somebody's machine, who includes whom,
third-party headers only where they belong, the CMake list against the folders, links in the documents, the packages
of tools/setup against docs/dependencies.md.
"""
import pathlib
import re
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
SKIPPED = {"build", "data", "dist", ".git", "node_modules", "__pycache__", ".pytest_cache"}
SOURCE_ENDINGS = {".cpp", ".hpp", ".py", ".js", ".css", ".html", ".sql", ".cmake", ".sh"}
SCRIPT_FOLDERS = {"tools", ".ci"}

# What each folder may include besides itself, in words of folders; the links in CMakeLists.txt may not go beyond it.
LAYERS = {
    "base": set(),
    "asio": set(),
    "model": {"base"},
    "shape": {"base", "model"},
    "http": {"base", "asio"},
    "render": {"base", "model", "shape"},
    "contract": {"base", "model", "shape"},
    "table": {"base", "model", "shape", "contract"},
    "config": {"base", "model", "shape", "contract"},
    "engine/*": {"base", "asio", "model", "shape", "contract"},
    "engine/open": {"base", "model", "shape", "contract", "engine/*"},
    "kit": {"base", "model", "shape", "contract"},
    "channel/*": {"base", "asio", "model", "shape", "contract", "kit"},
    "universe/*": {"base", "asio", "model", "shape", "contract", "kit", "http", "universe/core"},
    "route": {"base", "model", "contract"},
    "delivery": {"base", "model", "shape", "render", "contract", "kit", "table", "route"},
    "report": {"base", "model", "shape", "render", "contract", "table"},
    "jobs": {"base", "model", "shape", "render", "contract", "table", "route", "delivery", "report"},
    "api": {"base", "model", "shape", "http", "render", "contract", "table", "route", "config", "delivery", "report",
            "jobs"},
    "app": {"*"},
    "": {"app", "base"},  # src/main.cpp
}
# Which folders may include which third-party headers; a test may include more.
FOREIGN = {
    "boost/beast": {"http", "universe/core"},
    "boost/asio": {"asio", "http", "channel/*", "universe/*", "engine/*"},
    "nghttp2/": {"universe/core"},
    "sqlite3.h": {"engine/sqlite"},
    "curl/": {"engine/curl", "app"},
    "hiredis/": {"engine/redis"},
    "libpq-fe.h": {"engine/postgres"},
    "amqp": {"engine/rabbitmq"},
    "gmime/": {"universe/mail"},
    "toml++/": {"config", "universe/core"},
    "prometheus/": {"api", "report", "app"},
    "CLI/": {"app"},
    "openssl/": {"base", "http", "engine/curl", "engine/redis", "channel/*", "universe/*"},
}
# Assembled here, so that this file does not contain the marks itself.
MARKS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
MACHINE_PATHS = re.compile(r"(?<![\w.$~{}-])/(work|home|root|farm|Users)/[A-Za-z0-9_.-]+")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
PLUG_CALL = re.compile(r"hongyan_plug_folders\(\s*(\w+)\s*(?:LINK([^)]*))?\)", re.S)
FOLDER_CALL = re.compile(r"hongyan_folder\(\s*([\w/]+)\s*(?:LINK([^)]*))?\)", re.S)

problems = []


def complain(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def all_files(folder=ROOT):
    for path in sorted(folder.iterdir()):
        if path.name in SKIPPED or path.is_symlink():
            continue
        if path.is_dir():
            yield from all_files(path)
        else:
            yield path


def is_source(path):
    return path.suffix in SOURCE_ENDINGS or (path.suffix == "" and path.parent.name in SCRIPT_FOLDERS) or \
        path.name in ("CMakeLists.txt", "Makefile")


def is_cpp(path):
    return path.suffix in (".cpp", ".hpp")


def is_test(path):
    return "test" in re.split(r"[_.]", path.name) or path.parent.name == "testing"


def folder_of(path):
    """The layer a file belongs to: "delivery", "engine/sqlite"; "" for src/main.cpp."""
    parts = path.relative_to(ROOT / "src").parts[:-1]
    if not parts:
        return ""
    return "/".join(parts[:2]) if parts[0] in ("engine", "channel", "universe") else parts[0]


def in_words(folder, words):
    """True if the folder is one of the words: "*", itself, or "engine/*"."""
    return "*" in words or folder in words or f"{folder.split('/')[0]}/*" in words


def allowed_by_layers(folder):
    return LAYERS.get(folder, LAYERS.get(f"{folder.split('/')[0]}/*"))


def check_size(path, lines):
    if len(lines) > FILE_LINES_MAX:
        complain(path, FILE_LINES_MAX + 1, f"{len(lines)} lines; a file has at most {FILE_LINES_MAX}")


def check_functions(path, lines):
    """Length of the functions that stand at the left margin, as clang-format lays them out."""
    start = None
    for number, line in enumerate(lines, 1):
        opens = line.endswith("{") and not line.startswith((" ", "}", "/", "#", "namespace", "extern"))
        if start is None and opens:
            start = number
            kind = line.split("(")[0].split()
        elif start is not None and line.startswith("}"):
            length = number - start + 1
            is_data = kind[0] in ("struct", "class", "enum", "union") or line.startswith("};")
            if length > FUNCTION_LINES_MAX and not is_data and not is_test(path):
                complain(path, start, f"a function of {length} lines; at most {FUNCTION_LINES_MAX}")
            start = None


def check_marks(path, lines):
    for number, line in enumerate(lines, 1):
        if mark := MARKS.search(line):
            complain(path, number, f"{mark.group(1)}: finish it or say it in an issue")


def check_paths(path, lines):
    for number, line in enumerate(lines, 1):
        if found := MACHINE_PATHS.search(line):
            complain(path, number, f"a path of one machine: {found.group(0)}")


def own_folders():
    """Every folder of src/ that holds C++, by its layer's name."""
    return {folder_of(path) for path in all_files(ROOT / "src") if is_cpp(path)} - {""}


def linked(folders):
    """For each folder of CMakeLists.txt the folders it reaches through its links."""
    by_name = {name.replace("/", "_"): name for name in folders}
    reach = {}
    for folder, (links, _) in folders.items():
        direct = [by_name[link] for link in links if link in by_name]
        reach[folder] = set(direct).union(*(reach.get(other, set()) for other in direct))
    return reach


def check_include(path, number, target, reach):
    folder = folder_of(path)
    other = folder_of(ROOT / "src" / target)
    if other == folder or is_test(path):
        return
    allowed = allowed_by_layers(folder)
    if allowed is not None and not in_words(other, allowed):
        complain(path, number, f'"{folder or "main"}" may not include "{other}" ({target})')
    elif folder in reach and other not in reach[folder]:
        complain(path, number, f'"{folder}" includes "{other}", but CMakeLists.txt does not link it')


def check_foreign(path, number, target):
    folder = folder_of(path)
    for start, words in FOREIGN.items():
        if target.startswith(start) and not in_words(folder, words) and not is_test(path):
            complain(path, number, f'<{target}> belongs to {", ".join(sorted(words))} only, not to "{folder}"')


def check_includes(path, lines, reach):
    if path.suffix == ".hpp" and not any(line.startswith("#pragma once") for line in lines):
        complain(path, 1, "a header starts with a comment and #pragma once")
    for number, line in enumerate(lines, 1):
        if not (match := INCLUDE.match(line)):
            continue
        quote, target = match.groups()
        if quote == "<":
            check_foreign(path, number, target)
        elif (ROOT / "src" / target).exists():
            check_include(path, number, target, reach)
        elif not (ROOT / target).exists() and not target.startswith("generated/"):  # web/assets.hpp is found from the root
            complain(path, number, f'"{target}" is not a file below src/; includes are written from there')


def cmake_folders():
    """The folders of CMakeLists.txt in their order, each with the libraries of ours it links and its line."""
    text = (ROOT / "CMakeLists.txt").read_text()
    folders = {}
    for call in FOLDER_CALL.finditer(text):
        links = re.findall(r"\bhy_(\w+)", call.group(2) or "")
        folders[call.group(1)] = (links, text.count("\n", 0, call.start()) + 1)
    for call in PLUG_CALL.finditer(text):
        links = re.findall(r"\bhy_(\w+)", call.group(2) or "")
        part = call.group(1)
        for folder in sorted(own_folders()):
            if folder.startswith(part + "/") and folder not in folders:
                folders[folder] = (links, text.count("\n", 0, call.start()) + 1)
    return folders


def check_cmake():
    path = ROOT / "CMakeLists.txt"
    folders = cmake_folders()
    by_name = {name.replace("/", "_"): name for name in folders}
    seen = set()
    for folder, (links, line) in sorted(folders.items(), key=lambda one: one[1][1]):
        allowed = allowed_by_layers(folder)
        if allowed is None:
            complain(path, line, f'"{folder}" has no place in the layers of tools/tidy.py')
        for link in links:
            other = by_name.get(link)
            if other is not None and other not in seen:
                complain(path, line, f'"{folder}" links "{other}", which stands below it in the list')
            if other is not None and allowed is not None and not in_words(other, allowed):
                complain(path, line, f'"{folder}" may not use "{other}"')
        seen.add(folder)
    for folder in sorted(own_folders() - set(folders)):
        complain(path, 1, f"src/{folder} is not in the list of folders")


def check_links(path, lines):
    fenced = False
    for number, line in enumerate(lines, 1):
        fenced ^= line.lstrip().startswith("```")
        if fenced:
            continue
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", target):
                continue
            name = urllib.parse.unquote(target.split("#")[0])
            if name.startswith("/"):
                complain(path, number, f"a link starts at its own file, not at the root: {target}")
            elif name and not (path.parent / name).exists():
                complain(path, number, f"a link to nothing: {target}")


def check_dependencies():
    """What tools/setup installs is explained in the document, package by package."""
    path = ROOT / "docs" / "dependencies.md"
    explained = set(re.findall(r"`([^`\s]+)`", path.read_text()))
    listed = subprocess.run([ROOT / "tools" / "setup", "--list"], check=True, capture_output=True, text=True).stdout
    for package in listed.split():
        if package not in explained:
            complain(path, 1, f"{package}, which tools/setup installs, is not explained here")


def check_files():
    reach = linked(cmake_folders())
    for path in all_files():
        if path.suffix == ".md":
            lines = path.read_text().splitlines()
            check_links(path, lines)
            check_paths(path, lines)
        if not is_source(path):
            continue
        lines = path.read_text().splitlines()
        check_size(path, lines)
        check_marks(path, lines)
        check_paths(path, lines)
        if is_cpp(path):
            check_functions(path, lines)
            if (ROOT / "src") in path.parents:
                check_includes(path, lines, reach)


def print_rules():
    for folder, (links, _) in cmake_folders().items():
        print(f"{folder:16} links {', '.join(links) or '-':40} may include {', '.join(sorted(allowed_by_layers(folder)))}")


def main():
    if sys.argv[1:] == ["rules"]:
        return print_rules()
    check_cmake()
    check_dependencies()
    check_files()
    for problem in sorted(set(problems)):
        print(problem)
    if problems:
        sys.exit(f"tidy: {len(set(problems))} problems")
    print("tidy: everything is in order")


if __name__ == "__main__":
    main()
