"""Dropped files: hostile names, many pieces, and what is refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.errors import InputError, NotFoundError
from modicum.names import MAX_BYTES, Distinct, safe_name
from modicum.server.uploads import Receiving, create_beside, safe_path, upload_folder

BOUNDARY = "xxBOUNDARYxx"


def body(*files: tuple[str, bytes]) -> bytes:
    parts = b"".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode() + data + b"\r\n"
        for name, data in files
    )
    return parts + f"--{BOUNDARY}--\r\n".encode()


def receive(folder: Path, data: bytes, piece: int = 7) -> Receiving:
    folder.mkdir(parents=True, exist_ok=True)
    receiving = Receiving(folder, f"multipart/form-data; boundary={BOUNDARY}")
    for start in range(0, len(data), piece):
        receiving.write(data[start : start + piece])
    receiving.close()
    return receiving


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_files_arrive_whole_however_the_body_is_cut(tmp_path: Path, piece: int) -> None:
    data = bytes(range(256)) * 5 + b"\r\n--xxBOUND not the end"
    received = receive(tmp_path / "up", body(("photos/a b.jpg", data), ("photos/ü/c.png", b"")), piece)
    assert received.files == 2
    assert files_below(tmp_path / "up") == {"photos/a b.jpg": data, "photos/ü/c.png": b""}


def test_hostile_names_stay_inside(tmp_path: Path) -> None:
    names = [
        "../../../etc/passwd",
        "/etc/shadow",
        "C:\\\\windows\\\\x",
        "..",
        "a/../../b",
        "con.jpg",
        "x\x07.jpg",
        "\u202egpj.exe",
        "",
    ]
    receive(tmp_path / "up", body(*[(name, b"x") for name in names]))
    assert list(tmp_path.iterdir()) == [tmp_path / "up"]
    assert all(".." not in name and "\u202e" not in name and "\x07" not in name for name in files_below(tmp_path / "up"))


def test_two_files_of_one_name_are_both_kept(tmp_path: Path) -> None:
    receive(tmp_path / "up", body(("a.jpg", b"1"), ("a.jpg", b"2"), ("a.jpg/b.jpg", b"3")))
    assert sorted(files_below(tmp_path / "up").values()) == [b"1", b"2", b"3"]


def test_a_body_that_ends_in_the_middle_leaves_no_half_file(tmp_path: Path) -> None:
    receive(tmp_path / "up", body(("a.jpg", b"1"), ("b.jpg", b"2" * 1000))[:-600])
    assert list(files_below(tmp_path / "up")) == ["a.jpg"]


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "", "text/plain; boundary=x"])
def test_other_bodies_are_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InputError, match="multipart"):
        Receiving(tmp_path, kind)


def test_a_broken_body_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="broken"):
        receive(tmp_path / "up", b"no boundary here at all, only text")


@pytest.mark.parametrize("upload_id", ["..", "../x", "", "abc", "0" * 16, "/etc"])
def test_unknown_uploads_are_refused(tmp_path: Path, upload_id: str) -> None:
    with pytest.raises(NotFoundError):
        upload_folder(tmp_path, upload_id)


def test_folders_too_deep_are_refused() -> None:
    with pytest.raises(InputError, match="deep"):
        safe_path("a/" * 30 + "b.jpg")


@given(st.text(max_size=300))
def test_a_safe_name_is_one_harmless_segment_and_stays_as_it_is(name: str) -> None:
    safe = safe_name(name)
    assert safe not in ("", ".", "..")
    assert "/" not in safe
    assert "\\" not in safe
    assert "\0" not in safe
    assert len(safe.encode()) <= MAX_BYTES + 1
    assert safe_name(safe) == safe


@given(st.lists(st.sampled_from(["a.jpg", "A.JPG", "a (2).jpg", "b", "a"]), max_size=12))
def test_distinct_names_differ_in_more_than_case(names: list[str]) -> None:
    distinct = Distinct()
    given_out = [distinct(name).casefold() for name in names]
    assert len(set(given_out)) == len(names)


def test_emoji_and_right_to_left_names_stay_readable() -> None:
    assert safe_name("🐕 chien.jpg") == "🐕 chien.jpg"
    assert safe_name("כלב") == "כלב"


def test_a_folder_named_like_an_earlier_file_gets_out_of_its_way(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("file")
    create_beside(tmp_path / "a" / "b.jpg").close()
    assert (tmp_path / "a_" / "b.jpg").exists()
