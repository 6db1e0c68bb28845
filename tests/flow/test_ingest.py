"""Import: what is in the source becomes items once, in order, whatever happens in between."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from flow.ingest_parts import Bench, picture, write_encoder, write_pictures
from modicum import ingest
from modicum.errors import NotFoundError
from modicum.ingest import read_uri, run_import
from modicum.store import jobs, projects
from modicum.store.db import Database
from modicum.types import JobState, Split, Status


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.db.close()


def test_a_folder_becomes_items_in_order_with_their_vectors(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "my photos"
    paths = write_pictures(source / "b", range(40)) + write_pictures(source / "a", range(100, 130))
    job = bench.take(source)
    assert (job.state, job.done, job.total, job.added, job.rejected) == (JobState.DONE, 70, 70, 70, 0)
    found = bench.items()
    assert [item.name for item in found] == [f"a/{n:04}.png" for n in range(100, 130)] + [f"b/{n:04}.png" for n in range(40)]
    assert [item.row for item in found] == list(range(70))
    assert {(item.media, item.width, item.height, item.status) for item in found} == {("image/png", 20, 18, Status.POOL)}
    by_name = {str(path.relative_to(source)): path.read_bytes() for path in paths}
    for item, vector in zip(found, bench.vectors(), strict=True):
        assert item.sha256 == hashlib.sha256(by_name[item.name]).hexdigest()
        assert read_uri(bench.home, item.uri) == by_name[item.name]
        number = int(item.name[2:6])
        np.testing.assert_allclose(vector, [number % 256, number // 256, 99], atol=0.1)


def test_the_split_is_drawn_from_the_hash() -> None:
    assert ingest.split_of("00" * 32) is Split.HOLDOUT
    assert ingest.split_of("ff" * 32) is Split.TRAIN
    drawn = [ingest.split_of(hashlib.sha256(str(n).encode()).hexdigest()) for n in range(5000)]
    assert 0.18 < np.mean([split is Split.HOLDOUT for split in drawn]) < 0.22


def test_a_second_import_adds_nothing_and_new_files_are_found(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "photos"
    write_pictures(source, range(50))
    bench.take(source)
    again = bench.take(source)
    assert (again.state, again.done, again.added, again.duplicates) == (JobState.DONE, 50, 0, 50)
    write_pictures(source, range(50, 53))
    more = bench.take(source)
    assert (more.added, more.duplicates) == (3, 50)
    assert len(bench.items()) == len(bench.vectors()) == 53
    assert bench.rejections() == {}  # the same files are no news


def test_the_same_bytes_under_two_names_are_one_item(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "photos"
    write_pictures(source, range(100))
    write_pictures(source, [5, 6], prefix="twin-")
    job = bench.take(source)
    assert (job.added, job.duplicates) == (100, 2)
    left_out = bench.rejections()
    assert left_out["twin-0005.png"].kind == "duplicate"
    assert left_out["twin-0005.png"].reason == "the same bytes as 0005.png"


def test_what_another_project_has_encoded_is_not_encoded_again(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "photos"
    write_pictures(source, range(40))
    bench.take(source)
    first = bench.home.vectors_of(bench.project.id)
    marked = np.fromfile(first, "<f2").reshape(-1, 3)
    marked[:, 2] = np.arange(40)  # what no encoder gives: who has it has copied it
    marked.tofile(first)
    write_pictures(source, range(40, 45))
    second = bench.another("again")
    job = second.take(source)
    assert (job.state, job.added, job.duplicates, job.rejected) == (JobState.DONE, 45, 0, 0)
    np.testing.assert_array_equal(second.vectors()[:40], marked)
    np.testing.assert_allclose(second.vectors()[40:, 2], 99, atol=0.1)
    facts = [(item.name, item.media, item.width, item.height) for item in second.items()]
    assert facts[:40] == [(item.name, item.media, item.width, item.height) for item in bench.items()]

    os.truncate(first, 0)  # a project whose vectors are gone is no help, and no harm
    third = bench.another("once more")
    assert third.take(source).added == 45
    np.testing.assert_array_equal(third.vectors()[:40], marked)  # from the second

    write_encoder(bench.home.path, "brightest")
    (bench.home.path / "brightest.onnx").replace(bench.home.path / "model.onnx")  # of the same name, and another encoder
    fourth = bench.another("another encoder")
    assert fourth.take(source).added == 45
    np.testing.assert_allclose(fourth.vectors()[:, 2], 99, atol=0.1)


def test_class_folders_become_labels(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ("Chow",))
    source = tmp_path / "dogs"
    write_pictures(source / "train" / "basset", range(3))
    write_pictures(source / "train" / "chow", range(10, 12))
    write_pictures(source / "犬 🐶", range(20, 21))
    write_pictures(source, range(30, 31))
    job = bench.take(source, labels=True)
    assert job.added == 7
    assert set(bench.labels().values()) == {"basset", "Chow", "犬 🐶"}
    assert sum(label == "Chow" for label in bench.labels().values()) == 2
    assert "0030.png" not in bench.labels()
    assert {item.status for item in bench.items() if item.name in bench.labels()} == {Status.LABELED}
    with bench.db.read() as conn:
        assert projects.get(conn, bench.project.id).task_schema.classes[0].name == "Chow"


def test_the_first_of_two_labels_counts_and_the_conflict_is_told(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "dogs"
    write_pictures(source / "basset", [1, 2])
    write_pictures(source / "chow", [2, 3], prefix="also-")
    job = bench.take(source, labels=True)
    assert bench.labels() == {"basset/0001.png": "basset", "basset/0002.png": "basset", "chow/also-0003.png": "chow"}
    told = bench.rejections()["also-0002.png"].reason
    assert told.startswith("the same bytes as basset/0002.png; its label 'chow' was not taken: the item has the label 'basset'")
    assert "1 duplicates carry another label" in job.message


def test_bad_files_are_listed_and_the_rest_goes_on(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "with bad ones"
    write_pictures(source, range(5))
    from unit.test_images import png_header

    jpeg = picture(7, "JPEG")
    bad = {
        "a text.jpg": b"this is a text",
        "bomb.png": png_header(20_000, 20_000),
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "empty.gif": b"",
        "no suffix": b"\0" * 99,
    }
    for name, data in bad.items():
        (source / name).write_bytes(data)
    (source / "notes.txt").write_text("not looked at")
    (source / ".hidden.jpg").write_text("not looked at")
    (source / ".git").mkdir()
    (source / ".git" / "x.jpg").write_text("not looked at")
    job = bench.take(source)
    assert (job.state, job.done, job.added, job.rejected) == (JobState.DONE, 10, 5, 5)
    assert job.message == "files of other kinds were passed over: .txt (1)"
    reasons = {name.replace("%20", " "): entry.reason for name, entry in bench.rejections().items()}
    assert reasons.keys() == bad.keys()
    assert reasons["bomb.png"] == "the picture has 400 megapixels, at most 100 are read; scale it down"
    assert all("\n" not in reason and "JPEG, PNG" in reason for name, reason in reasons.items() if name != "bomb.png")
    (source / "cut.jpg").write_bytes(jpeg)
    assert bench.take(source).added == 1
    assert "cut.jpg" not in bench.rejections()  # mended, so no longer listed


@pytest.mark.skipif(os.name != "posix", reason="these files exist on POSIX systems only")
def test_strange_files_neither_hang_nor_loop(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "strange"
    write_pictures(source / "real", range(3))
    os.mkfifo(source / "pipe.jpg")
    (source / "itself.jpg").symlink_to(source / "itself.jpg")
    (source / "nowhere.jpg").symlink_to(source / "gone.jpg")
    (source / "real" / "up").symlink_to(source)
    (source / "linked.png").symlink_to(source / "real" / "0001.png")
    (source / "device.png").symlink_to("/dev/zero")
    latin = os.fsencode(source) + b"/caf\xe9.png"
    Path(os.fsdecode(latin)).write_bytes(picture(50))
    write_pictures(source / "x" / ("deep/" * 60), [77])
    job = bench.take(source)
    assert (job.state, job.added) == (JobState.DONE, 5)
    assert {name.split(".")[0] for name in bench.rejections()} == {"pipe", "itself", "nowhere", "device", "0001"}
    (cafe,) = [item for item in bench.items() if item.name.startswith("caf")]
    assert cafe.name == "caf\ufffd.png"
    assert read_uri(bench.home, cafe.uri) == picture(50)


def test_nothing_is_written_to_the_source(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "photos"
    write_pictures(source / "a", range(3))
    before = {path: path.stat().st_mtime_ns for path in (source, *source.rglob("*"))}
    source.chmod(0o555)
    try:
        assert bench.take(source).added == 3
    finally:
        source.chmod(0o755)
    assert {path: path.stat().st_mtime_ns for path in (source, *source.rglob("*"))} == before


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: folder.mkdir(), "holds no pictures; looked for .jpg"),
        (lambda folder: (folder / "sub").mkdir(parents=True) or (folder / "sub" / "a.heic").touch(), r"other files: .heic \(1\)"),
        (lambda folder: None, "there is no '.*source'; give a folder, a zip, a CSV or a JSONL file"),
        (lambda folder: folder.write_text("text"), "is no zip that can be read"),
    ],
)
def test_a_source_without_pictures_fails_with_one_line(
    bench: Bench, tmp_path: Path, prepare: Callable[[Path], object], message: str
) -> None:
    prepare(tmp_path / "source")
    job = bench.take(tmp_path / "source")
    assert job.state is JobState.FAILED
    assert "\n" not in job.message
    assert re.search(message, job.message), job.message


def test_another_encoder_is_refused(bench: Bench, tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", range(3))
    bench.take(tmp_path / "photos")
    write_encoder(bench.home.path, "wide")
    (bench.home.path / "wide.onnx").replace(bench.home.path / "model.onnx")
    write_pictures(tmp_path / "photos", range(3, 6))
    job = bench.take(tmp_path / "photos")
    assert job.state is JobState.FAILED
    assert "the encoder makes vectors of 768 numbers, this project's have 3" in job.message
    assert len(bench.vectors()) == 3


def test_another_encoder_of_the_same_width_is_refused(bench: Bench, tmp_path: Path) -> None:
    """Vectors of two networks do not mix, and nothing would show it but worse labels."""
    write_pictures(tmp_path / "photos", range(3))
    bench.take(tmp_path / "photos")
    model = bench.home.path / "model.onnx"
    first = model.read_bytes()
    write_encoder(bench.home.path, "brightest")
    (bench.home.path / "brightest.onnx").replace(model)
    write_pictures(tmp_path / "photos", range(3, 6))
    job = bench.take(tmp_path / "photos")
    assert job.state is JobState.FAILED
    assert "\n" not in job.message
    for words in (bench.encoder, "3 vectors", "not the one", "put the earlier model back", "start a new project"):
        assert words in job.message
    assert len(bench.vectors()) == 3
    model.write_bytes(first)
    assert bench.take(tmp_path / "photos").state is JobState.DONE
    assert len(bench.vectors()) == 6


def test_another_preprocessing_is_another_encoder(bench: Bench, tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", range(3))
    bench.take(tmp_path / "photos")
    description = {"size": 16, "mean": [0, 0, 0], "std": [1, 1, 1], "channels": "bgr"}
    (bench.home.path / "model.json").write_text(json.dumps(description))
    assert bench.take(tmp_path / "photos").state is JobState.FAILED


def test_an_encoder_may_change_while_nothing_is_encoded(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "bad.png").write_bytes(b"no picture")
    bench.take(tmp_path / "photos")
    write_encoder(bench.home.path, "brightest")
    (bench.home.path / "brightest.onnx").replace(bench.home.path / "model.onnx")
    write_pictures(tmp_path / "photos", range(3))
    assert bench.take(tmp_path / "photos").state is JobState.DONE


def test_bytes_that_are_gone_are_named(bench: Bench, tmp_path: Path) -> None:
    (path,) = write_pictures(tmp_path / "photos", [1])
    bench.take(tmp_path / "photos")
    path.unlink()
    with pytest.raises(NotFoundError, match="is gone or cannot be read"):
        read_uri(bench.home, bench.items()[0].uri)


# --- interruptions -----------------------------------------------------------------------------------------------------


def test_a_cancelled_import_keeps_what_it_has_and_goes_on_later(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "photos"
    write_pictures(source, range(200))
    job = bench.queue(source)
    bench.db.write(jobs.cancel, bench.project.id)
    run_import(bench.db, bench.home, job)
    ended = bench.job(job)
    assert ended.state is JobState.CANCELLED
    assert ended.added == len(bench.items()) == ingest.BATCH_FILES
    assert bench.take(source).added == 200 - ended.added
    assert len({item.sha256 for item in bench.items()}) == len(bench.vectors()) == 200


def test_a_stopped_worker_leaves_the_job_to_the_next_one(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "photos"
    write_pictures(source, range(150))
    (source / "bad.jpg").write_text("no picture")
    write_pictures(source, [3], prefix="twin-")
    job = bench.queue(source)
    run_import(bench.db, bench.home, job, stop=lambda: True)
    assert bench.job(job).state is JobState.QUEUED
    assert 0 < bench.job(job).added < 150
    taken = bench.db.write(jobs.take)
    assert taken is not None
    assert taken.id == job.id
    run_import(bench.db, bench.home, taken)
    ended = bench.job(job)
    assert (ended.state, ended.done, ended.added, ended.duplicates, ended.rejected) == (JobState.DONE, 152, 150, 1, 1)


def test_deleting_the_project_ends_its_import(bench: Bench, tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", range(100))
    job = bench.queue(tmp_path / "photos")
    bench.db.write(projects.remove, bench.project.id)
    run_import(bench.db, bench.home, job)
    assert not bench.home.vectors_of(bench.project.id).exists()


IMPORTING = """
import sys
from modicum.home import Home
from modicum.ingest import run_import
from modicum.store import jobs
from modicum.store.db import Database
home = Home(sys.argv[1])
db = Database(home.database_url)
db.write(jobs.take_up)
job = db.write(jobs.take)
{before}
run_import(db, home, job)
with db.read() as conn:
    job = jobs.get(conn, job.id)
print(job.state, job.added, job.message)
"""


def importing(bench: Bench, before: str = "") -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", IMPORTING.format(before=before), str(bench.home.path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


DIES_WHILE_WRITING = """
import os, signal
from modicum.vectors import Vectors
append = Vectors.append
def torn(self, array, committed_rows):
    append(self, array, committed_rows)
    if committed_rows >= 64:
        os.truncate(self.path, os.path.getsize(self.path) - 7)
        os.kill(os.getpid(), signal.SIGKILL)
Vectors.append = torn
"""
DIES_IN_THE_TRANSACTION = """
import os, signal
from modicum.store import jobs
progress = jobs.progress
def dying(conn, job_id, **figures):
    if figures.get("done", 0) >= 200:
        os.kill(os.getpid(), signal.SIGKILL)
    return progress(conn, job_id, **figures)
jobs.progress = dying
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 exists on POSIX systems only")
def test_kill_9_at_the_worst_moments_loses_nothing(bench: Bench, tmp_path: Path) -> None:
    source, total = tmp_path / "photos", 300
    write_pictures(source, range(total))
    (source / "bad.jpg").write_text("no picture")
    bench.db.write(jobs.enqueue, bench.project.id, {"source": str(source), "labels_from_folders": False})
    for crash, committed in ((DIES_WHILE_WRITING, 64), (DIES_IN_THE_TRANSACTION, 192)):
        process = importing(bench, crash)
        _, err = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, err
        assert len(bench.items()) == len(bench.vectors()) == committed
    out, err = importing(bench).communicate(timeout=120)
    assert out.startswith(f"done {total} "), (out, err)
    found = bench.items()
    assert [item.name for item in found] == [f"{n:04}.png" for n in range(total)]
    expected = [[int(item.name[:4]) % 256, int(item.name[:4]) // 256, 99] for item in found]
    np.testing.assert_allclose(bench.vectors(), expected, atol=0.1)


@pytest.mark.skipif(os.name != "posix", reason="file size limits exist on POSIX systems only")
def test_a_full_disk_fails_with_one_line_and_can_be_resumed(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    encoder = write_encoder(bench.home.path, "wide")
    bench.project = bench.db.write(projects.create, "wide", encoder=encoder)
    source = tmp_path / "photos"
    write_pictures(source, range(600))
    bench.queue(source)
    bench.db.close()
    limit = 3 * 2**20  # the vectors would need 0.9 MB, the database and its log more
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit // 8}, {limit}))"
    out, err = importing(bench, limited).communicate(timeout=120)
    assert "failed" in out or "StorageError" in err.splitlines()[-1], (out, err)
    told = out if "failed" in out else err.splitlines()[-1]
    assert "space" in told or "disk" in told or "full" in told, told
    out, err = importing(bench).communicate(timeout=120)
    bench.db = Database(bench.home.database_url)
    if not out.startswith("done"):  # the job ended as failed, so there was nothing to take up
        assert bench.take(source).state is JobState.DONE
    assert len(bench.items()) == len(bench.vectors()) == 600
    assert len({item.sha256 for item in bench.items()}) == 600
    bench.db.close()
