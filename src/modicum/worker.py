"""The worker of the server process: imports in one thread, rounds in another, so that labeling starts while files come in."""

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from modicum import batches, certificates, detecting, ingest, rounds
from modicum.errors import ModicumError
from modicum.home import Home
from modicum.store import jobs, projects
from modicum.store.db import Database
from modicum.types import Project

LOOK_S = 0.2  # between two looks for work
LONG_LOOK_S = 1.0  # a look even when this process has committed nothing: another one may have
QUIET_S = 0.9  # a project that had no work and no news since is passed over for so long: a home may have many
REST = 2.0  # a project rests this many times as long as its round took: people's requests get most of the machine
NICE = 10  # priority of the worker's threads below the server's, in steps of Linux
BACK_OFF_S = (2.0, 10.0, 60.0)  # waits after the first, second and later failures

log = structlog.get_logger("modicum.worker")


@dataclass
class _Trouble:
    """A project whose rounds fail: how often, and when to try again."""

    failures: int
    again: float


@dataclass(frozen=True)
class _Quiet:
    """A project in which there was nothing to do: what was known of it, and when to look again all the same."""

    news: object
    until: float


class Worker:
    """Runs queued imports and due rounds of all projects until stop().

    A project whose round fails is logged, says so in its message, and is tried again later; the others go on. A failed import
    says so in its job and waits for a person.
    """

    def __init__(self, db: Database, home: Home) -> None:
        self._db = db
        self._home = home
        self._stop = threading.Event()
        self._training: set[int] = set()
        self._trouble: dict[int, _Trouble] = {}
        self._rested: dict[int, float] = {}  # when a project has rested
        self._quiet: dict[int, _Quiet] = {}
        self._threads = [
            threading.Thread(target=self._run, args=(work,), name=f"modicum-{name}", daemon=True)
            for name, work in (("imports", self._next_import), ("rounds", self._due_rounds))
        ]

    def start(self) -> None:
        """Take up the imports a killed process left behind, then look for work."""
        self._db.write(jobs.take_up)
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Stop after the work in hand, but wait no longer than `timeout` seconds for it: everything can be taken up again."""
        self._stop.set()
        until = time.monotonic() + timeout
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    def training(self, project_id: int) -> bool:
        """Whether a round of this project is being computed."""
        return project_id in self._training

    def _run(self, work: Callable[[], bool]) -> None:
        """Repeat work() as long as it found something; otherwise wait until somebody has committed something."""
        _after_people()
        seen, looked = -1, 0.0
        while not self._stop.is_set():
            news = self._db.commits
            if news != seen or time.monotonic() - looked > LONG_LOOK_S or self._trouble or self._rested:
                seen, looked = news, time.monotonic()
                try:
                    if work():
                        seen = -1
                        continue
                except Exception:
                    if self._stop.is_set():
                        return
                    log.exception("looking for work failed")
            self._stop.wait(LOOK_S)

    # --- imports -------------------------------------------------------------------------------------------------------

    def _next_import(self) -> bool:
        with self._db.read() as conn:
            if not jobs.any_queued(conn):
                return False
        job = self._db.write(jobs.take)
        if job is None:
            return False
        try:
            ingest.run_import(self._db, self._home, job, stop=self._stop.is_set)
        except Exception:
            # A stop does not wait for long, and then the database closes under the import: the next start takes it up.
            if not self._stop.is_set():
                log.exception("import failed", project=job.project_id, job=job.id)  # the job says so already
        return True

    # --- rounds --------------------------------------------------------------------------------------------------------

    def _due_rounds(self) -> bool:
        now = time.monotonic()
        self._rested = {project_id: until for project_id, until in self._rested.items() if now < until}
        with self._db.read() as conn:
            news = projects.news(conn)
            found = [projects.get(conn, project_id) for project_id in news if self._worth(project_id, news[project_id], now)]
        self._quiet = {project_id: quiet for project_id, quiet in self._quiet.items() if project_id in news}
        worked = False
        for project in found:
            if not self._stop.is_set() and self._maybe_round(project):
                worked = True
                self._quiet.pop(project.id, None)
            else:
                self._quiet[project.id] = _Quiet(news[project.id], time.monotonic() + QUIET_S)
        return worked

    def _worth(self, project_id: int, news: object, now: float) -> bool:
        """Whether to look at a project: not while it rests or its trouble is fresh, nor where nothing can have changed."""
        trouble, quiet = self._trouble.get(project_id), self._quiet.get(project_id)
        if project_id in self._rested or (trouble is not None and now < trouble.again):
            return False
        return quiet is None or quiet.news != news or now >= quiet.until

    def _maybe_round(self, project: Project) -> bool:
        """See to the project's certificates and batches, and open a round when one is due; whether anything was done."""
        began = time.monotonic()
        try:
            drawn = project.task_schema.task == "draw"
            moved = self._keep_promises(project)
            if not rounds.due(self._db, project):
                return moved or (drawn and detecting.advance(self._db, self._home, project, stop=self._stop.is_set))
            self._training.add(project.id)
            if drawn:
                opened = detecting.run_round(self._db, self._home, project, stop=self._stop.is_set)
            else:
                opened = rounds.run_round(self._db, self._home, project)
        except Exception as error:
            self._round_failed(project, error)
            return False
        finally:
            self._training.discard(project.id)
        if self._trouble.pop(project.id, None) is not None:
            self._db.write(projects.set_message, project.id, "")
        if opened is not None:
            self._rested[project.id] = time.monotonic() + REST * (time.monotonic() - began)
        return opened is not None

    def _keep_promises(self, project: Project) -> bool:
        """See to certificates and batches; whether anything was done."""
        moved = certificates.advance(self._db, project)
        return batches.advance(self._db, self._home, project) or moved

    def _round_failed(self, project: Project, error: Exception) -> None:
        if self._stop.is_set():
            return
        log.exception("round failed", project=project.slug)
        failures = self._trouble[project.id].failures + 1 if project.id in self._trouble else 1
        wait = BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1]
        self._trouble[project.id] = _Trouble(failures, time.monotonic() + wait)
        line = (
            f"the model could not be trained: {_line(error)}; labeling goes on with the last one, the next try is in {wait:.0f} s"
        )
        self._db.write(projects.set_message, project.id, line)


def _after_people() -> None:
    """Let requests have the core first where this thread wants it too; only Linux has priorities of single threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def _line(error: Exception) -> str:
    """One line for people; what modicum raises on purpose says it all, anything else gets its type."""
    text = " ".join(str(error).split()) or "no message"
    return text if isinstance(error, ModicumError) else f"unexpected {type(error).__name__}: {text}"
