"""The interface's files: deep links, hashed assets, nothing outside the folder, instructions when nothing is built."""

from pathlib import Path

import pytest

from modicum.server.static import answer, with_base


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text('<!doctype html><html><head lang="en"><title>m</title></head></html>')
    (static / "assets" / "index-abc123.js").write_text("1")
    (static / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    return static


@pytest.mark.parametrize("path", ["", "index.html", "p/dogs/annotate/17", "p/../../x", "%00", "a" * 5000, "\0"])
def test_pages_get_the_interface_with_a_base(folder: Path, path: str) -> None:
    found = answer(folder, path, "")
    assert found.status_code == 200
    assert b'<base href="/">' in found.body
    assert found.headers["cache-control"] == "no-cache"


def test_hashed_assets_are_kept_for_ever_and_others_are_not(folder: Path) -> None:
    assert "immutable" in answer(folder, "assets/index-abc123.js", "").headers["cache-control"]
    assert answer(folder, "favicon.svg", "").headers["cache-control"] == "no-cache"


def test_a_missing_asset_is_no_page(folder: Path) -> None:
    assert answer(folder, "assets/old.js", "").status_code == 404


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/passwd", "assets/../../secret.txt", "..\\secret.txt"])
def test_nothing_outside_the_folder_is_served(folder: Path, path: str) -> None:
    found = answer(folder, path, "")
    assert b"secret" not in found.body
    assert b"root:" not in found.body


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    assert b"secret" not in answer(folder, "link.txt", "").body


def test_without_a_built_interface_the_page_says_what_to_do(tmp_path: Path) -> None:
    found = answer(tmp_path, "p/dogs", "")
    assert found.status_code == 503
    assert b"make ui" in found.body


def test_the_base_is_where_the_server_is_mounted() -> None:
    assert '<head><base href="/labels/">' in with_base('<head><base href="/"></head>', "/labels")
    assert '"><script>' not in with_base("<head></head>", '/"><script>')
