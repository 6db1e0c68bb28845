"""Any order of claiming, deciding, taking back, validating and opening rounds keeps the promises of the store.

The machine keeps its own list of what was said and acknowledged; after every step the database has to agree with it.
"""

import shutil
import tempfile
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select

from modicum import desk, rounds, validate
from modicum.errors import LeaseLostError
from modicum.home import Home
from modicum.store import counts, labels
from modicum.store.db import Database
from modicum.store.tables import annotation, item, label, task
from modicum.types import Action, Choice, Task
from store.store_parts import make_project, truth

PEOPLE = {"ann": ("tab-ann-1", "tab-ann-2"), "bob": ("tab-bob-1",)}
ITEMS, CLASSES = 40, 3
tabs = st.sampled_from([(who, tab) for who, own in PEOPLE.items() for tab in own])
choices = st.integers(0, CLASSES - 1)


class DeskMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        home = Home(self.folder)
        self.home, self.db = home, Database(home.database_url)
        self.keys = 0
        self.said: dict[int, dict[str, Any]] = {}  # annotation id -> what was acknowledged
        self.hands: dict[tuple[str, str], dict[int, Task]] = {(who, tab): {} for who, own in PEOPLE.items() for tab in own}
        self.pages: dict[str, tuple[str, dict[int, Any]]] = {}  # page -> (annotator, item -> class, or none when sent back)

    @initialize(given=st.dictionaries(st.integers(0, ITEMS - 1), choices, max_size=4), model=st.booleans())
    def begin(self, given: dict[int, int], model: bool) -> None:
        some = {row: truth(row, CLASSES) for row in range(9)} if model else {}
        self.project = make_project(self.db, self.home, ITEMS, given=some | given)
        if model:
            self.open_round()

    def teardown(self) -> None:
        self.db.close()
        shutil.rmtree(self.folder)

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys:06}"

    def stands(self) -> list[dict[str, Any]]:
        return [entry for _, entry in sorted(self.said.items()) if not entry["taken_back"]]

    # --- what people and the machine do --------------------------------------------------------------------------------

    @rule(who=tabs, n=st.integers(1, 4))
    def claim(self, who: tuple[str, str], n: int) -> None:
        answer = desk.claim(self.db, self.project.id, *who, n)
        assert len(answer.tasks) <= n
        for entry in answer.tasks:
            self.check_shown(entry)
            self.hands[who][entry.id] = entry
        with self.db.read() as conn:
            assert answer.left == counts.pool(conn, self.project.id)

    @rule(who=tabs, pick=st.integers(0, 99), class_id=choices, flag=st.booleans(), skip=st.booleans(), twice=st.booleans())
    def submit(self, who: tuple[str, str], pick: int, class_id: int, flag: bool, skip: bool, twice: bool) -> None:
        if not self.hands[who]:
            return
        entry = list(self.hands[who].values())[pick % len(self.hands[who])]
        decision = {
            "task_id": entry.id,
            "lease_token": entry.lease_token,
            "key": self.key(),
            "action": Action.SKIP if skip else Action.ANSWER,
            "value": None if skip else Choice(class_id=class_id),
            "flag": flag,
            "seconds": 1.0,
        }
        del self.hands[who][entry.id]
        try:
            receipt = desk.submit(self.db, self.project.id, who[0], **decision)
        except LeaseLostError:
            assert not self.holds(who, entry), "refused although nobody else had it"
            return
        if twice:
            assert desk.submit(self.db, self.project.id, who[0], **decision) == receipt
        self.acknowledge(receipt.annotation_id, entry.item.id, None if skip else class_id, who[0], flag=flag, skip=skip)

    @rule(who=tabs, pick=st.integers(0, 99), twice=st.booleans())
    def retract(self, who: tuple[str, str], pick: int, twice: bool) -> None:
        mine = [a for a, entry in self.said.items() if entry["who"] == who[0] and not entry["taken_back"]]
        if not mine:
            return
        annotation_id, key = sorted(mine)[pick % len(mine)], self.key()
        try:
            entry = desk.retract(self.db, self.project.id, who[0], annotation_id=annotation_id, client=who[1], key=key)
        except LeaseLostError:
            return
        if twice:
            entry = desk.retract(self.db, self.project.id, who[0], annotation_id=annotation_id, client=who[1], key=key)
        self.said[annotation_id]["taken_back"] = True
        self.check_shown(entry)
        self.hands[who][entry.id] = entry

    @rule(who=tabs, row=st.integers(0, ITEMS - 1))
    def follow_a_link(self, who: tuple[str, str], row: int) -> None:
        with self.db.read() as conn:
            item_id = conn.execute(select(item.c.id).where(item.c.row == row)).scalar_one()
        try:
            entry = desk.claim_item(self.db, self.project.id, item_id, *who)
        except LeaseLostError:
            return
        self.check_shown(entry)
        self.hands[who][entry.id] = entry

    @rule()
    def open_round(self) -> None:
        opened = rounds.run_round(self.db, self.home, self.project)
        assert opened is not None

    @rule(
        who=tabs,
        class_id=choices,
        size=st.integers(1, 6),
        marks=st.lists(st.sampled_from(["fine", "wrong", 0, 1, 2]), min_size=6, max_size=6),
        late=st.booleans(),
        twice=st.booleans(),
    )
    def validate_a_page(self, who: tuple[str, str], class_id: int, size: int, marks: list[Any], late: bool, twice: bool) -> None:
        view = validate.claim_page(self.db, self.project.id, *who, class_id, 0.0, size)
        assert len(view.tasks) == min(size, view.total)
        confidences = [entry.prediction.confidence for entry in view.tasks if entry.prediction]
        assert confidences == sorted(confidences)
        if not view.tasks:
            return
        if late:  # the lease runs out and somebody else settles one of the items
            other = ("bob", "tab-bob-1") if who[0] == "ann" else ("ann", "tab-ann-1")
            self.expire()
            self.follow_a_link(other, view.tasks[0].item.row)
            self.submit(other, len(self.hands[other]) - 1, (class_id + 1) % CLASSES, False, False, False)
        marked = {entry.id: mark for entry, mark in zip(view.tasks, marks, strict=False)}
        key = self.key()
        sent = {
            "page": [(entry.id, entry.lease_token) for entry in view.tasks],
            "wrong": [task_id for task_id, mark in marked.items() if mark == "wrong"],
            "relabeled": {task_id: mark for task_id, mark in marked.items() if isinstance(mark, int)},
            "key": key,
        }
        receipt = validate.confirm_page(self.db, self.project.id, who[0], **sent)
        if twice:
            assert validate.confirm_page(self.db, self.project.id, who[0], **sent) == receipt
        assert receipt.confirmed + receipt.relabeled + receipt.returned + receipt.left_out == len(view.tasks)
        assert receipt.left_out <= int(late)
        with self.db.read() as conn:
            stored = {row.task_id: row for row, _ in labels.of_page(conn, self.project.id, who[0], key)}
        for entry in view.tasks:
            if entry.id in stored:
                mark = marked[entry.id]
                value = class_id if mark == "fine" else None if mark == "wrong" else mark
                self.acknowledge(stored[entry.id].id, entry.item.id, value, who[0], page=key)
        self.pages[key] = (who[0], {})

    @precondition(lambda self: bool(self.pages))
    @rule(pick=st.integers(0, 99))
    def retract_a_page(self, pick: int) -> None:
        page = sorted(self.pages)[pick % len(self.pages)]
        validate.retract_page(self.db, self.project.id, self.pages[page][0], "a-tab-of-its-own", page)
        for entry in self.said.values():
            if entry["page"] == page:
                entry["taken_back"] = True

    @rule()
    def expire(self) -> None:
        """Time passes: every lease runs out."""
        from modicum.store import tasks
        from modicum.store.tables import EPOCH

        def pass_time(conn: Any) -> None:
            conn.execute(task.update().where(task.c.state == "leased").values(lease_until=EPOCH))
            tasks.sweep(conn, self.project.id)

        self.db.write(pass_time)

    # --- what must hold ------------------------------------------------------------------------------------------------

    def acknowledge(
        self,
        annotation_id: int,
        item_id: int,
        class_id: int | None,
        who: str,
        flag: bool = False,
        skip: bool = False,
        page: str = "",
    ) -> None:
        self.said[annotation_id] = {
            "item": item_id, "class": class_id, "who": who, "flag": flag, "skip": skip, "page": page, "taken_back": False,
        }  # fmt: skip

    def holds(self, who: tuple[str, str], entry: Task) -> bool:
        with self.db.read() as conn:
            row = conn.execute(select(task).where(task.c.id == entry.id)).one()
        return bool(row.state == "leased" and row.lease_token == entry.lease_token and (row.annotator, row.client) == who)

    def check_shown(self, entry: Task) -> None:
        if entry.item.split == "holdout":
            assert entry.prediction is None
            assert entry.blind
            assert not entry.reason.classes
        wrong = [a for a in self.stands() if a["item"] == entry.item.id and a["page"] and a["class"] is None]
        if entry.reason.code == "returned":
            assert entry.prediction is None
            assert wrong or any(a["item"] == entry.item.id for a in self.said.values())

    @invariant()
    def labels_are_the_last_answers_that_stand(self) -> None:
        if not hasattr(self, "project"):
            return
        expected: dict[int, int] = {}
        with self.db.read() as conn:
            rows = {row.id: row for row in conn.execute(select(item))}
            found = {row.item_id: row for row in conn.execute(select(label))}
            stored = {row.id: row for row in conn.execute(select(annotation))}
            counted = counts.counts(conn, self.project.id)
        for item_id, row in rows.items():
            if row.given is not None:
                expected[item_id] = row.given
        for entry in self.stands():
            if entry["class"] is not None:
                expected[entry["item"]] = entry["class"]
        assert {item_id: row.class_id for item_id, row in found.items()} == expected
        assert {item_id for item_id, row in rows.items() if row.status == "labeled"} == expected.keys()
        # no acknowledged annotation disappears or changes
        for annotation_id, entry in self.said.items():
            assert stored[annotation_id].item_id == entry["item"]
            assert (stored[annotation_id].value or {}).get("class_id") == entry["class"]
        flagged = {entry["item"] for entry in self.stands() if entry["flag"]}
        skipped = {entry["item"] for entry in self.stands() if entry["skip"]} - expected.keys()
        assert {item_id for item_id, row in rows.items() if row.flagged} == flagged
        assert {item_id for item_id, row in rows.items() if row.skipped} == skipped
        holdout = {item_id for item_id, row in rows.items() if row.split == "holdout"}
        human = {entry["item"] for entry in self.stands() if entry["class"] is not None}
        assert counted.items == ITEMS
        assert (counted.labeled, counted.human, counted.pool) == (len(expected), len(human), ITEMS - len(expected))
        assert (counted.holdout, counted.holdout_items) == (len(expected.keys() & holdout), len(holdout))
        assert (counted.flagged, counted.skipped) == (len(flagged), len(skipped))

    @invariant()
    def an_item_is_in_one_persons_hands_and_a_blind_one_stays_blind(self) -> None:
        if not hasattr(self, "project"):
            return
        with self.db.read() as conn:
            live = Counter(conn.execute(select(task.c.item_id).where(task.c.state.in_(["open", "leased"]))).scalars())
            seen = conn.execute(
                select(func.count())
                .select_from(task.join(item, item.c.id == task.c.item_id))
                .where(
                    item.c.split == "holdout", (task.c.prediction.is_not(None)) | (~task.c.blind) | (task.c.route == "validate")
                )
            ).scalar_one()
        assert not [item_id for item_id, count in live.items() if count > 1]
        assert seen == 0


TestDesk = DeskMachine.TestCase
TestDesk.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
