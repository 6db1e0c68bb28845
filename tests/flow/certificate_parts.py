"""What the tests of certificates share: a project whose model is right, people who answer, and an issued certificate."""

import itertools
from collections.abc import Callable

from sqlalchemy import update

from modicum import certificates, desk, rounds
from modicum.home import Home
from modicum.store.db import Database
from modicum.store.tables import task as table
from modicum.types import Action, CertificateState, Choice, Policy, Project, Task
from store.store_parts import make_project, truth

N, CLASSES = 1200, 3
WISH = Policy(recognised="auto", auto_error=0.05, calibration=150, audit_rate=0.05)


def sure_project(db: Database, home: Home, policy: Policy = WISH) -> Project:
    """A project whose model is right, of which every labeled item is right."""
    made = make_project(db, home, N, policy=policy, given={row: truth(row, CLASSES) for row in range(60)})
    assert rounds.run_round(db, home, made) is not None
    return made


TABS = itertools.count()
Answer = Callable[[Task], int | None]


def right(task: Task) -> int | None:
    return truth(task.item.row, CLASSES)


def answer(db: Database, project: Project, reason: str, say: Answer = right, most: int = 10_000) -> int:
    """Answer open tasks until none of this reason is left; the class to say, or none to skip. Returns how many of them."""
    done, tab = 0, f"tab-{next(TABS):06}"
    for _ in range(most):
        [task, *_] = desk.claim(db, project.id, "ann", tab, 1).tasks or [None]
        if task is None or task.reason.code != reason:
            db.write(
                lambda conn: conn.execute(
                    update(table).where(table.c.client == tab, table.c.state == "leased").values(state="open")
                )
            )
            return done
        assert task.prediction is None
        assert task.blind
        said = say(task)
        desk.submit(
            db,
            project.id,
            "ann",
            task_id=task.id,
            lease_token=task.lease_token,
            key=f"{reason}-{task.id:06}",
            action=Action.SKIP if said is None else Action.ANSWER,
            value=None if said is None else Choice(class_id=said),
        )
        done += 1
    return done


def run(db: Database, project: Project) -> None:
    for _ in range(20):
        if not certificates.advance(db, project):
            return
    raise AssertionError("there is always something left to do")


def calibrate(db: Database, project: Project, say: Answer = right) -> int:
    """Answer the pilot, and what is drawn after it; returns how many items that were."""
    first = answer(db, project, "calibration", say)
    certificates.advance(db, project)
    return first + answer(db, project, "calibration", say)


def issued(db: Database, home: Home, project: Project) -> int:
    certificates.begin(db, home, project)
    assert calibrate(db, project) == WISH.calibration
    run(db, project)
    [newest, *_] = certificates.overview(db, project).certificates
    assert newest.state == CertificateState.ISSUED, newest.reason
    return newest.number
