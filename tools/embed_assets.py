#!/usr/bin/env python3
"""Turns web files into an assembler file with .incbin and a C++ table; called by cmake/embed.cmake.

    tools/embed_assets.py [--brotli SCRIPT] OUT_FOLDER PATH=FILE... =FOLDER...

PATH is below the root, without a slash before; of a folder each file is embedded under its path in there, except hidden
ones. Writes OUT_FOLDER/assets.S, assets.cpp and one blob a file: plain, gzipped, and with Brotli by the Node.js script.
The same input gives the same bytes. "data:" images in a style sheet become files of their own, so that no page needs
them allowed.
"""
import argparse
import base64
import gzip
import hashlib
import pathlib
import re
import subprocess
import urllib.parse

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpeg": "image/jpeg",
    ".woff2": "font/woff2",
}
IMAGE_ENDINGS = {"image/svg+xml": ".svg", "image/png": ".png", "image/jpeg": ".jpeg"}
DATA_URL = re.compile(r"""url\(("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^)"']*)\)""")


def content_type(path):
    """The type for the ending of the path; a page has none."""
    return CONTENT_TYPES[pathlib.PurePosixPath(path).suffix if path.startswith("assets/") else ".html"]


def read_data_url(text):
    """The ending and bytes of a data: URL as it stands in CSS."""
    head, _, body = text[len("data:"):].partition(",")
    kind = head.split(";")[0]
    body = re.sub(r"\\(.)", r"\1", body)
    raw = base64.b64decode(body) if head.endswith(";base64") else urllib.parse.unquote_to_bytes(body)
    return IMAGE_ENDINGS[kind], raw


def split_images(path, raw):
    """The style sheet with links in place of data: images, and those images by path."""
    images = {}

    def replace(match):
        text = match.group(1).strip("\"'")
        if not text.startswith("data:"):
            return match.group(0)
        ending, image = read_data_url(text)
        name = "image-" + hashlib.sha256(image).hexdigest()[:12] + ending
        images[f"{path.rpartition('/')[0]}/{name}"] = image
        return f"url({name})"

    return DATA_URL.sub(replace, raw.decode()).encode(), images


def without_source_map(raw):
    """The maps are not embedded, so nothing should ask for them."""
    return re.sub(rb"\n?(//# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ ?\*/)\s*$", b"\n", raw)


def expand(pairs):
    """Each PATH=FILE as it is, each =FOLDER as the files in it."""
    for pair in pairs:
        path, _, file = pair.partition("=")
        if path:
            yield path, file
            continue
        folder = pathlib.Path(file)
        for below in sorted(folder.rglob("*")):
            name = below.relative_to(folder)
            if below.is_file() and not any(part.startswith(".") for part in name.parts):
                yield name.as_posix(), below


def collect(pairs):
    files = {}
    for path, file in expand(pairs):
        raw = pathlib.Path(file).read_bytes()
        if path.endswith((".css", ".js")):
            raw = without_source_map(raw)
        if path.endswith(".css"):
            raw, images = split_images(path, raw)
            files.update(images)
        files[path] = raw
    return dict(sorted(files.items()))


def write_blob(folder, name, raw):
    (folder / name).write_bytes(raw)
    digest = hashlib.sha256(raw).hexdigest()
    # One more byte, so that an empty file still has an address of its own.
    return (f"    .globl hongyan_{name}\nhongyan_{name}: /* {digest} */\n"
            f"    .incbin \"{folder / name}\"\n    .byte 0\n")


def pack_gzip(raw):
    packed = gzip.compress(raw, 9, mtime=0)
    return packed if len(packed) < len(raw) else b""


def pack_brotli(folder, files, script):
    """What Brotli makes of those files that get smaller, by path."""
    if not script:
        return {}
    plain = folder / "plain"
    plain.mkdir(exist_ok=True)
    sources = {path: plain / f"{index}" for index, path in enumerate(files)}
    for path, source in sources.items():
        source.write_bytes(files[path])
    subprocess.run(["node", script, *map(str, sources.values())], check=True)
    packed = {path: source.with_suffix(".br") for path, source in sources.items()}
    return {path: file.read_bytes() for path, file in packed.items() if file.exists()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--brotli")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("pairs", nargs="+")
    arguments = parser.parse_args()
    folder = arguments.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    files = collect(arguments.pairs)
    brotli = pack_brotli(folder, files, arguments.brotli)
    assembly = ["    .section .rodata\n"]
    externs, rows = [], []
    for index, (path, raw) in enumerate(files.items()):
        views = []
        for name, data in ((f"asset_{index}", raw), (f"asset_{index}_gzip", pack_gzip(raw)),
                           (f"asset_{index}_br", brotli.get(path, b""))):
            if not data:
                views.append("{}")
                continue
            assembly.append(write_blob(folder, name, data))
            externs.append(f"extern const char hongyan_{name}[{len(data)}];")
            views.append(f"{{hongyan_{name}, {len(data)}}}")
        etag = hashlib.sha256(raw).hexdigest()[:16]
        rows.append(f'    {{.path = "{path}",\n     .content_type = "{content_type(path)}",\n     .etag = "{etag}",\n'
                    f"     .bytes = {views[0]},\n     .gzip = {views[1]},\n     .br = {views[2]}}},")
    assembly.append('    .section .note.GNU-stack,"",%progbits\n')
    (folder / "assets.S").write_text("".join(assembly))
    (folder / "assets.cpp").write_text(
        "// Generated by tools/embed_assets.py.\n#include \"web/assets.hpp\"\n\n"
        'extern "C" {\n' + "\n".join(externs) + "\n}\n\n"
        "namespace hongyan::web {\nnamespace {\n\nconstinit const http::Asset all_assets[] = {\n"
        + "\n".join(rows) + "\n};\n\n}  // namespace\n\n"
        "std::span<const http::Asset> assets() { return all_assets; }\n\n}  // namespace hongyan::web\n")


if __name__ == "__main__":
    main()
