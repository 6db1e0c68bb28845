"""Zips, lists and addresses: what strangers pack or write down reaches nothing it should not."""

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow.ingest_parts import Bench, picture, write_pictures
from modicum.errors import ModicumError, NotFoundError, SourceError
from modicum.ingest import read_uri
from modicum.sources import uris
from modicum.sources.entries import Entry, Options
from modicum.sources.listing import list_source
from modicum.types import JobState


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.db.close()


# --- zip ---------------------------------------------------------------------------------------------------------------


def pack(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_zip_is_imported_without_being_unpacked(bench: Bench, tmp_path: Path) -> None:
    members = {
        "dogs/basset/1.png": picture(1),
        "dogs/chow chow/ü!/2.png": picture(2),
        "top.jpg": picture(3, "JPEG"),
        "__MACOSX/dogs/._1.png": b"resource fork",
        ".hidden/4.png": picture(4),
        "readme.md": b"text",
    }
    job = bench.take(pack(tmp_path / "my dogs!.zip", members), labels=True)
    assert (job.state, job.added, job.rejected) == (JobState.DONE, 3, 0)
    assert job.message == "files of other kinds were passed over: .md (1)"
    assert bench.labels() == {"dogs/basset/1.png": "basset", "dogs/chow chow/ü!/2.png": "ü!"}
    for item in bench.items():
        assert read_uri(bench.home, item.uri) == members[item.name]
    assert {path.name for path in tmp_path.iterdir()} == {"home", "my dogs!.zip"}
    assert bench.take(tmp_path / "my dogs!.zip").duplicates == 3


def test_names_that_lead_out_of_the_zip_lead_nowhere(bench: Bench, tmp_path: Path) -> None:
    names = ["../../escape.png", "/etc/escape2.png", "a/../../escape3.png"]
    job = bench.take(pack(tmp_path / "slip.zip", {name: picture(n) for n, name in enumerate(names)}))
    assert job.added == 3
    assert {item.name for item in bench.items()} == {"escape.png", "etc/escape2.png", "a/escape3.png"}
    assert not list(tmp_path.parent.rglob("escape*"))
    for item in bench.items():
        assert read_uri(bench.home, item.uri)


def test_bad_members_are_listed_and_the_rest_goes_on(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "mixed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.png", picture(1))
        archive.writestr("text.png", b"no picture")
        archive.writestr("damaged.png", picture(2) + b"DAMAGE ME")
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("secret.png", picture(3))
        archive.writestr("squeezed.png", bytes(2**26), zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes().replace(b"DAMAGE ME", b"damaged!!"))
    data[data.rindex(b"secret.png") - 46 + 8] |= 1  # the encryption flag, in the directory
    path.write_bytes(data)
    job = bench.take(path)
    assert (job.state, job.added, job.rejected) == (JobState.DONE, 1, 5)
    reasons = {name: entry.reason for name, entry in bench.rejections().items()}
    assert "JPEG, PNG" in reasons["text.png"]
    assert "Bad CRC-32" in reasons["damaged.png"]
    assert "links are not followed" in reasons["link.png"]
    assert "encrypted; unpack the zip" in reasons["secret.png"] or "is encrypted" in reasons["secret.png"]
    assert "more than 200 times its size" in reasons["squeezed.png"]


def test_zips_that_cannot_be_are_refused_as_a_whole(bench: Bench, tmp_path: Path) -> None:
    bomb = pack(tmp_path / "bomb.zip", {f"{n}.png": bytes(2**24) for n in range(4)})
    assert "claims 67 MB unpacked" in bench.take(bomb).message
    locked = pack(tmp_path / "locked.zip", {"a.png": picture(1)})
    data = bytearray(locked.read_bytes())
    data[data.rindex(b"a.png") - 46 + 8] |= 1
    locked.write_bytes(data)
    assert bench.take(locked).message == "locked.zip is encrypted; unpack it and give the folder"
    cut = pack(tmp_path / "cut.zip", {"a.png": picture(1)})
    cut.write_bytes(cut.read_bytes()[:-30])
    assert "is no zip that can be read" in bench.take(cut).message
    empty = pack(tmp_path / "empty.zip", {})
    assert "holds no pictures" in bench.take(empty).message


@given(data=st.data())
def test_a_damaged_zip_is_refused_in_words(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("zip") / "x.zip"
    sample = bytearray(pack(path, {"a/1.png": picture(1), "2.png": picture(2)}).read_bytes())
    for position, value in data.draw(st.lists(st.tuples(st.integers(0, len(sample) - 1), st.integers(0, 255)), max_size=6)):
        sample[position] = value
    path.write_bytes(sample)
    entries: list[object] = []
    try:
        entries = list(list_source(path, Options()))
        for entry in entries:
            if isinstance(entry, Entry):
                entry.read()
    except ModicumError as error:
        entries.append(error)
    assert len(entries) <= 3


# --- lists -------------------------------------------------------------------------------------------------------------


def test_a_csv_names_pictures_and_labels(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "list me"
    write_pictures(source / "in here", range(4))
    write_pictures(tmp_path / "else where", [9])
    table = source / "labels.csv"
    table.write_text(
        "\ufeffLabel;Path\r\nbasset;in here/0000.png\r\n;in here/0001.png\r\n\r\n"
        f'"chow; chow";"in here/0002.png"\r\nbasset;{tmp_path / "else where" / "0009.png"}\r\n'
        f"chow; {(source / 'in here' / '0003.png').as_uri()}\r\n",
        encoding="utf-8",
    )
    job = bench.take(table)
    assert (job.state, job.added, job.rejected) == (JobState.DONE, 5, 0)
    outside = str(tmp_path / "else where" / "0009.png")
    assert [item.name for item in bench.items()][:3] == ["in here/0000.png", "in here/0001.png", "in here/0002.png"]
    labels = bench.labels()
    assert labels.pop(outside) == "basset"
    assert list(labels.values()) == ["basset", "chow; chow", "chow"]


def test_bad_lines_are_named_by_their_number(bench: Bench, tmp_path: Path) -> None:
    write_pictures(tmp_path, [1, 2])
    (tmp_path / "text.png").write_text("no picture")
    long = "x" * 101
    lines = [
        "file,label",
        "0001.png,basset",
        ",basset",
        "gone.png,basset",
        "https://example.org/a.png,basset",
        "../../../etc/passwd,basset",
        f"0002.png,{long}",
        "bad\0name.png,a",
        "text.png,basset",
        "0002.png,basset",
    ]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    job = bench.take(tmp_path / "list.csv")
    assert (job.state, job.added, job.rejected) == (JobState.DONE, 2, 7)
    reasons = {name: entry.reason for name, entry in bench.rejections().items()}
    assert reasons["list.csv#line=3"] == "line 3 of list.csv: the column file is empty"
    assert "there" in reasons["list.csv#line=4"] or "No such file" in reasons["list.csv#line=4"]
    assert "only files of this machine are read, not https:" in reasons["list.csv#line=5"]
    assert "leads out of the list's folder" in reasons["list.csv#line=6"]
    assert "a name has 1 to 100 characters, this one has 101" in reasons["list.csv#line=7"]
    assert reasons["list.csv#line=8"].startswith("line 8 of list.csv: ")
    assert "JPEG, PNG" in reasons["text.png"]


def test_a_jsonl_names_pictures_and_labels(bench: Bench, tmp_path: Path) -> None:
    write_pictures(tmp_path, range(3))
    rows = [
        json.dumps({"image": "0000.png", "label": "犬", "more": [1]}),
        "{",
        json.dumps(["0001.png"]),
        "",
        json.dumps({"uri": "0001.png", "label": 7}),
        json.dumps({"uri": 5}),
        json.dumps({"path": "0002.png", "label": ["a"]}),
        "[" * 100_000,
        json.dumps({"path": "0002.png", "label": None}),
    ]
    (tmp_path / "list.jsonl").write_text("\n".join(rows), encoding="utf-8")
    job = bench.take(tmp_path / "list.jsonl")
    assert (job.state, job.added, job.rejected) == (JobState.DONE, 3, 5)
    assert bench.labels() == {"0000.png": "犬", "0001.png": "7"}
    numbers = {int(name.split("=")[1]) for name in bench.rejections()}
    assert numbers == {2, 3, 6, 7, 8}
    assert all("\n" not in entry.reason for entry in bench.rejections().values())


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("list.csv", "0001.png\n0002.png\n", "the first line of list.csv is '0001.png'; it must name one of the columns path"),
        ("list.csv", "", "it must name one of the columns path"),
        ("list.csv", "path,label\n", "holds no pictures"),
        ("list.jsonl", "x" * 1_000_001, "longer than 1,000,000 characters"),
    ],
)
def test_lists_that_are_none_are_refused(bench: Bench, tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    job = bench.take(tmp_path / name)
    assert job.state is JobState.FAILED
    assert message in job.message


def test_the_same_line_twice_is_a_duplicate_and_another_label_a_conflict(bench: Bench, tmp_path: Path) -> None:
    write_pictures(tmp_path, range(2))
    (tmp_path / "list.csv").write_text("path,label\n0000.png,a\n0000.png,a\n0000.png,b\n0001.png,\n0001.png,b\n")
    job = bench.take(tmp_path / "list.csv")
    assert (job.added, job.duplicates) == (2, 3)
    assert bench.labels() == {"0000.png": "a"}
    assert "2 duplicates carry another label" in job.message
    assert "has no label from its first import" in bench.rejections()["0001.png"].reason


def test_a_list_from_the_browser_reaches_only_what_came_with_it(bench: Bench, tmp_path: Path) -> None:
    upload = bench.home.uploads / "0123456789abcdef"
    write_pictures(upload, [1])
    write_pictures(tmp_path / "private", [2])
    secret = tmp_path / "private" / "0002.png"
    (upload / "list.csv").write_text(f"path\n0001.png\n{secret}\n{secret.as_uri()}\n../../../private/0002.png\n")
    job = bench.take(upload / "list.csv")
    assert (job.added, job.rejected) == (1, 3)
    reasons = [entry.reason for entry in bench.rejections().values()]
    assert sum("lies outside the upload" in reason for reason in reasons) == 2


# --- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX systems only")
@given(st.binary(min_size=1, max_size=60).filter(lambda b: b"\0" not in b))
def test_every_file_name_survives_its_address(name: bytes) -> None:
    path = Path("/folder") / os.fsdecode(name).strip("/")
    uri = uris.file_uri(path)
    assert uri.isascii()
    assert uris._path(uri.removeprefix("file://")) == path
    assert "!" not in uris.file_uri(path)


@pytest.mark.parametrize("uri", ["http://localhost/a.png", "a.png", "", "zip:///gone.zip!/a.png", "file:///gone.png"])
def test_addresses_that_lead_nowhere_are_refused(bench: Bench, uri: str) -> None:
    with pytest.raises((SourceError, NotFoundError)):
        read_uri(bench.home, uri)
