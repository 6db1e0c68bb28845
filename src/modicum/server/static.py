"""The interface's files: hashed assets for ever, index.html for every other path, and instructions when there are none."""

import html
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

STATIC = Path(__file__).parent.parent / "static"

MISSING = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>modicum</title></head><body>
<h1>The interface has not been built</h1>
<p>This is a checkout without the built browser interface. Run <code>make ui</code> in the repository, or install a released
wheel with <code>pip install modicum</code>, then load this page again. The HTTP interface under <code>/api</code> works.</p>
</body></html>"""


def serve_static(path: str, request: Request) -> Response:
    """The file a path names; index.html for a page of the interface; 503 with instructions while nothing is built."""
    return answer(STATIC, path, request.scope.get("root_path", ""))


def answer(folder: Path, path: str, root_path: str) -> Response:
    index = folder / "index.html"
    if not index.is_file():
        return HTMLResponse(MISSING, 503, {"retry-after": "60"})
    file = find_file(folder, path)
    if file is not None and file != index.resolve():
        forever = path.startswith("assets/")  # vite writes the hash of the content into these names
        kept = "public, max-age=31536000, immutable" if forever else "no-cache"
        return FileResponse(file, headers={"cache-control": kept})
    if path.startswith("assets/"):
        return HTMLResponse("not found", 404)
    return HTMLResponse(with_base(index.read_text(encoding="utf-8"), root_path), headers={"cache-control": "no-cache"})


def find_file(folder: Path, path: str) -> Path | None:
    """The file below `folder` that `path` names, if there is one; nothing outside of it, whatever the path says."""
    try:
        file = (folder / path).resolve()
        inside = file.is_relative_to(folder.resolve()) and file.is_file()
    except (OSError, ValueError):
        return None
    return file if inside else None


def with_base(page: str, root_path: str) -> str:
    """The page with a <base href>, so that a deep link finds the assets wherever the server is mounted."""
    base = html.escape("/" + root_path.strip("/") + "/" if root_path.strip("/") else "/")
    page = re.sub(r"<base\b[^>]*>", "", page)
    return re.sub(r"<head[^>]*>", lambda head: f'{head.group()}<base href="{base}">', page, count=1)
