"""Projects, classes, items, jobs: what a user would miss if it broke."""

from datetime import UTC, datetime

import pytest

from modicum.errors import ConflictError, InputError, NotFoundError, SchemaError
from modicum.home import Home
from modicum.store import counts, items, jobs, projects
from modicum.store.db import Database
from modicum.types import JobState, Origin, Policy, Rejection
from store.store_parts import make_project, new_item

pytestmark = pytest.mark.both_databases


def rejection(uri: str, kind: str = "rejected", reason: str = "truncated") -> Rejection:
    return Rejection(uri=uri, kind=kind, reason=reason, created=datetime.now(UTC))


def test_slugs_are_plain_and_never_shared(db: Database) -> None:
    names = ["Dogs & Cats", "Dögs & Cats", "🐶", "كلاب", "dogs-cats-2"]
    slugs = [db.write(projects.create, name).slug for name in names]
    assert slugs == ["dogs-cats", "dogs-cats-2", "project", "project-2", "dogs-cats-2-2"]


def test_classes_with_one_name_are_refused_with_the_place(db: Database) -> None:
    with pytest.raises(SchemaError, match=r"\$\.classes\[2\].*'Basset'"):
        db.write(projects.create, "Dogs", ["basset", "chow", "Basset"])
    with pytest.raises(InputError, match=r"\$\.name"):
        db.write(projects.create, "  ")
    with db.read() as conn:
        assert projects.list_all(conn) == []


def test_classes_can_be_added_renamed_archived_and_brought_back(db: Database) -> None:
    created = db.write(projects.create, "Dogs", ["basset"])
    added = db.write(projects.add_class, created.id, "chow 🐕", "c").task_schema
    assert [(entry.id, entry.name, entry.key) for entry in added.classes] == [(0, "basset", None), (1, "chow 🐕", "c")]
    with pytest.raises(SchemaError, match="BASSET"):
        db.write(projects.add_class, created.id, "BASSET")
    db.write(projects.patch_class, created.id, 0, archived=True)
    db.write(projects.add_class, created.id, "Basset")  # the name is free now
    with pytest.raises(SchemaError, match="same name"):
        db.write(projects.patch_class, created.id, 0, archived=False)
    renamed = db.write(projects.patch_class, created.id, 0, name="hound", archived=False, key="h").task_schema
    assert [entry.name for entry in renamed.classes] == ["hound", "chow 🐕", "Basset"]
    with pytest.raises(NotFoundError, match="0 to 2"):
        db.write(projects.patch_class, created.id, 3, name="x")


def test_an_import_brings_the_classes_that_are_missing(db: Database) -> None:
    created = db.write(projects.create, "Dogs", ["basset"])
    schema = db.write(projects.ensure_classes, created.id, ["Basset", "chow", "chow", "poodle"])
    assert [entry.name for entry in schema.classes] == ["basset", "chow", "poodle"]
    with db.read() as conn:
        assert projects.get(conn, created.id).task_schema == schema


def test_a_patch_changes_only_what_it_names(db: Database) -> None:
    created = db.write(projects.create, "Dogs", ["basset"], instructions="look at the ears")
    patched = db.write(projects.patch, created.id, name="Hounds", policy=Policy(budget=100))
    assert (patched.name, patched.slug, patched.policy.budget) == ("Hounds", "dogs", 100)
    assert patched.task_schema == created.task_schema
    assert db.write(projects.patch, created.id, instructions="").task_schema.instructions == ""


def test_deleting_a_project_leaves_the_others_alone(db: Database, home: Home) -> None:
    first, second = make_project(db, home, 20, given={1: 0}), make_project(db, home, 20)
    db.write(items.add_rejections, first.id, [rejection("file:///broken.jpg")])
    db.write(jobs.enqueue, first.id, {"source": "/pictures"})
    db.write(projects.remove, first.id)
    with db.read() as conn:
        assert [entry.id for entry in projects.list_all(conn)] == [second.id]
        assert counts.counts(conn, second.id).items == 20
        with pytest.raises(NotFoundError):
            projects.get(conn, first.id)
        with pytest.raises(NotFoundError, match="projects: dogs-2"):
            projects.by_slug(conn, "dogs")


def test_items_are_added_once_and_only_behind_the_committed_rows(db: Database, home: Home) -> None:
    created = make_project(db, home, 10, given={3: 1})
    with pytest.raises(ConflictError, match="from row 4"):
        db.write(items.add_items, created.id, [new_item(50)], 4)
    ids = db.write(items.add_items, created.id, [new_item(k) for k in range(10, 20)], 10, batch=2)
    with db.read() as conn:
        assert projects.shape(conn, created.id)[0] == 20
        assert [items.get(conn, created.id, item_id).row for item_id in ids] == list(range(10, 20))
        assert items.newest(conn, created.id, 3) == ids[:-4:-1]
        hashes = [new_item(k).sha256 for k in (12, 99)]
        assert {sha256: known.id for sha256, known in items.known_hashes(conn, created.id, hashes).items()} == {hashes[0]: ids[2]}
        counted = counts.counts(conn, created.id)
        assert (counted.items, counted.labeled, counted.human, counted.pool) == (20, 1, 0, 19)


def test_imported_labels_count_at_once(db: Database, home: Home) -> None:
    from modicum.store import labels

    created = make_project(db, home, 5, given={2: 1})
    with db.read() as conn:
        [item] = items.by_rows(conn, created.id, [2])
        found = labels.of_item(conn, item.id)
    assert found is not None
    assert (found.origin, found.value.class_id, item.status) == (Origin.IMPORT, 1, "labeled")


def test_a_file_left_out_is_listed_once_and_not_at_all_once_it_came_in(db: Database, home: Home) -> None:
    created = make_project(db, home, 0)
    for reason in ("truncated", "still truncated"):
        db.write(items.add_rejections, created.id, [rejection("file:///pictures/000001.jpg", reason=reason)])
    db.write(items.add_rejections, created.id, [rejection("file:///copy.jpg", "duplicate")])
    with db.read() as conn:
        total, listed = items.rejections(conn, created.id)
        assert total == 2
        assert [entry.reason for entry in listed] == ["still truncated", "truncated"]
        counted = counts.counts(conn, created.id)
        assert (counted.rejected, counted.duplicates) == (1, 1)
    db.write(items.add_items, created.id, [new_item(1)], 0)
    with db.read() as conn:
        assert items.rejections(conn, created.id)[0] == 1


def test_vectors_of_another_width_are_refused(db: Database, home: Home) -> None:
    created = make_project(db, home, 3)
    with pytest.raises(ConflictError, match="vectors of 16 numbers, this project's have 8"):
        db.write(projects.set_dims, created.id, 16)


def test_a_job_lives_from_queue_to_end_and_survives_a_kill(db: Database, home: Home) -> None:
    created = make_project(db, home, 0)
    queued = db.write(jobs.enqueue, created.id, {"source": "/pictures"})
    with pytest.raises(ConflictError, match="running"):
        db.write(jobs.enqueue, created.id, {"source": "/other"})
    taken = db.write(jobs.take)
    assert taken is not None
    assert (taken.id, taken.state) == (queued.id, JobState.RUNNING)
    assert db.write(jobs.take) is None
    assert db.write(jobs.progress, taken.id, done=5, total=9) is False
    db.write(jobs.take_up)  # the process was killed; the next one begins with this
    again = db.write(jobs.take)
    assert again is not None
    assert (again.done, again.total) == (5, 9)
    assert db.write(jobs.cancel, created.id).state is JobState.RUNNING
    assert db.write(jobs.progress, taken.id, done=6) is True
    db.write(jobs.finish, taken.id, JobState.CANCELLED, "cancelled")
    with pytest.raises(ConflictError, match="no import"):
        db.write(jobs.cancel, created.id)
    later = db.write(jobs.enqueue, created.id, {"source": "/pictures"})
    assert db.write(jobs.cancel, created.id).state is JobState.CANCELLED
    with db.read() as conn:
        assert jobs.active(conn, created.id) is None
        latest = jobs.latest(conn, created.id)
    assert latest is not None
    assert latest.id == later.id


def test_a_job_that_kills_its_process_is_not_taken_up_for_ever(db: Database, home: Home) -> None:
    created = make_project(db, home, 0)
    db.write(jobs.enqueue, created.id, {"source": "/pictures"})
    for _ in range(5):  # stopping in good order does not count
        taken = db.write(jobs.take)
        assert taken is not None
        db.write(jobs.requeue, taken.id)
    for _ in range(jobs.ATTEMPTS):
        assert db.write(jobs.take) is not None
        db.write(jobs.take_up)
    with db.read() as conn:
        latest = jobs.latest(conn, created.id)
    assert latest is not None
    assert latest.state is JobState.FAILED
    assert "died 3 times" in latest.message


def test_a_job_whose_project_is_gone_is_told_to_stop(db: Database, home: Home) -> None:
    created = make_project(db, home, 0)
    db.write(jobs.enqueue, created.id, {"source": "/pictures"})
    taken = db.write(jobs.take)
    assert taken is not None
    db.write(projects.remove, created.id)
    assert db.write(jobs.progress, taken.id, done=1) is True
