"""The demo: scikit-learn's digits as images, and an oracle that labels them over HTTP to show what the loop is worth."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from modicum.errors import ConflictError, StorageError
from modicum.server.client import Client

# Pixels; the digits are 8 x 8. Linear probe on 600 of them: nearest .81, bicubic to the edge .93, bicubic with a margin .97
SIDE, MARGIN = 80, 24
CLASSES = tuple("0123456789")
STEPS = (10, 20, 35, 50, 75, 100, 150)  # labels used at which the oracle looks at the accuracy
WAIT_S = 60.0
IDLE_S = 3.0


def write_digits(folder: Path, count: int = 1797) -> dict[str, str]:
    """Writes the first of the 1,797 digits as PNGs, once, and returns file name -> class.

    Source: UCI "Optical Recognition of Handwritten Digits" (1998), as scikit-learn ships it. The names say nothing of the
    class. Raises StorageError when the folder cannot be written.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    names = [f"digit {number:04}.png" for number in range(count)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, image in zip(names, digits.images, strict=False):
            if not (folder / name).exists():
                digit = Image.fromarray((255 - image * (255 / 16)).astype("uint8"))
                paper = Image.new("L", (SIDE + 2 * MARGIN, SIDE + 2 * MARGIN), "white")
                paper.paste(digit.resize((SIDE, SIDE), Image.Resampling.BICUBIC), (MARGIN, MARGIN))
                paper.save(folder / name, compress_level=1)  # half of the time, and hardly larger
    except OSError as error:
        raise StorageError(
            f"cannot write the demo's images to {folder}: {error.strerror}; choose another home with --home"
        ) from error
    return {name: CLASSES[target] for name, target in zip(names, digits.target, strict=False)}


# --- a server of its own ------------------------------------------------------------------------------------------------


@contextmanager
def served(home: Path) -> Iterator[Client]:
    """A real server process on a free port, ended and waited for afterwards, also when a signal ends this process."""
    command = [sys.executable, "-m", "modicum", "serve", "--home", str(home), "--port", "0", "--no-browser", "--json"]
    with ending_in_order(), subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise ConflictError(f"the server ended at once with exit code {process.wait()}; its own message is above")
            started = json.loads(line)
            if "error" in started:
                raise ConflictError(started["message"])
            yield Client(started["url"], started["token"])
        finally:
            process.terminate()
            process.wait()  # Popen itself does not wait after Ctrl+C


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Within the block the signals that would end the process at once raise SystemExit: what is open gets closed.

    Only the first counts, or a second one would break the closing off. Signals that are ignored or handled stay so, and
    outside the main thread, which alone receives signals, nothing changes.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        for each in taken:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    names = ("SIGTERM", "SIGHUP", "SIGQUIT") if threading.current_thread() is threading.main_thread() else ()
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    taken = [number for number in known if signal.getsignal(number) is signal.SIG_DFL]
    try:
        for number in taken:
            signal.signal(number, leave)
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


# --- the oracle --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """`accuracy` is the true one of the current model on every item no human has labelled, which only an oracle can know;
    `estimate`, `low` and `high` are what the product itself says, from its holdout."""

    labels: int
    accuracy: float
    model: int
    estimate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Arm:
    name: str
    strategy: str
    curve: tuple[Point, ...]


class Oracle:
    """Labels one project over HTTP as a person would: claim, look, submit; it only looks the answer up."""

    def __init__(self, client: Client, slug: str, truth: Mapping[str, str]) -> None:
        self.client = client
        self.slug = slug
        self.truth = truth
        view = client.get(f"/projects/{slug}")
        self.ids = {entry["name"]: entry["id"] for entry in view["project"]["task_schema"]["classes"]}
        self.tab = uuid.uuid4().hex
        self.strategy = view["project"]["policy"]["strategy"]
        self.labels = view["counts"]["human"]

    def label(self, n: int, *, pause: int = 5) -> None:
        """Give labels until there are `n`, waiting for the model after every `pause` of them."""
        while self.labels < n:
            claim = self.client.post(f"/projects/{self.slug}/claim", {"client": self.tab, "n": 1})
            if not claim["tasks"]:
                raise ConflictError(f"project {self.slug} has nothing left to label after {self.labels} labels")
            task = claim["tasks"][0]
            value = {"type": "choice", "class_id": self.ids[self.truth[Path(task["item"]["name"]).name]]}
            sent = {
                "task_id": task["id"],
                "lease_token": task["lease_token"],
                "key": uuid.uuid4().hex,
                "value": value,
                "seconds": 1.0,
            }
            self.client.post(f"/projects/{self.slug}/submit", sent)
            self.labels += 1
            if self.labels % pause == 0:
                self.settle()

    def settle(self) -> dict[str, Any]:
        """Wait until no round is under way and the last one has seen the labels it was waiting for."""
        due = max(5, self.labels // 10)
        idle_since = time.monotonic()

        def calm() -> dict[str, Any] | None:
            nonlocal idle_since
            view: dict[str, Any] = self.client.get(f"/projects/{self.slug}")
            newest = view["round"]
            seen = 0 if newest is None else newest["labels"] + newest["holdout"]
            if view["training"] or newest is None:
                idle_since = time.monotonic()
                return None
            # labels of a single class train nothing, and no round counts them
            return view if self.labels - seen < due or time.monotonic() - idle_since > IDLE_S else None

        settled: dict[str, Any] = wait_for(calm, f"a round of project {self.slug} after {self.labels} labels")
        return settled

    def look(self) -> Point:
        """How good the current model truly is, from an export with predictions."""
        view = self.settle()
        right = total = 0
        for line in self.client.raw("GET", f"/projects/{self.slug}/export?format=jsonl&predictions=true").splitlines():
            row = json.loads(line)
            if row["kind"] == "prediction":
                total += 1
                right += row["prediction"] == self.truth[Path(row["name"]).name]
        said = view["round"]["accuracy"] or {"mean": None, "low": None, "high": None}
        return Point(self.labels, right / max(total, 1), view["round"]["number"], said["mean"], said["low"], said["high"])


def wait_for(look: Callable[[], Any], what: str, seconds: float = WAIT_S) -> Any:
    """Look until there is something. Raises ConflictError when it takes too long."""
    until = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > until:
            raise ConflictError(f"waited {seconds:.0f} s for {what}: the server's log on standard error says what hinders it")
        time.sleep(0.1)
    return found


def new_project(client: Client, name: str, source: Path) -> str:
    """A project whose images are in; its slug."""
    made = client.post("/projects", {"name": name, "classes": CLASSES, "source": str(source)})
    slug: str = made["project"]["slug"]

    def imported() -> dict[str, Any] | None:
        job: dict[str, Any] = client.get(f"/projects/{slug}")["job"]
        if job["state"] in ("failed", "cancelled"):
            raise ConflictError(f"the import of {source} {job['state']}: {job['message']}")
        return job if job["state"] == "done" else None

    wait_for(imported, f"the import of {source}", 600)
    return slug


def copy_project(home_path: Path, slug: str, name: str, strategy: str) -> str:
    """A project with the same images and another strategy, without embedding them again; its slug.

    The vectors come first and the items second, so the running server never sees one without the other.
    """
    import shutil

    from modicum.home import Home
    from modicum.store import items, projects
    from modicum.store.db import Database
    from modicum.types import Policy

    home = Home(home_path)
    with closing(Database(home.database_url)) as db:
        with db.read() as conn:
            first = projects.by_slug(conn, slug)
            rows, dims = projects.shape(conn, first.id)
            found = items.by_rows(conn, first.id, range(rows))
        policy = Policy(strategy=strategy, seed_strategy=strategy)
        second = db.write(projects.create, name, CLASSES, source=first.source, policy=policy, seed=first.seed)
        db.write(projects.set_dims, second.id, dims or 0)
        shutil.copyfile(home.vectors_of(first.id), home.vectors_of(second.id))
        same = [items.NewItem(i.uri, i.name, i.sha256, i.media, i.width, i.height, i.split) for i in found]
        db.write(items.add_items, second.id, same, 0)
    return second.slug


def run_oracle(say: Callable[[str], None], steps: tuple[int, ...] = STEPS) -> dict[str, Any]:
    """The digits twice in a fresh home, with the default strategy and at random; `say` gets progress lines.

    Returns {"labels", "arms": [Arm], "seconds", "cpus"}. The arms are read at the same numbers of labels, holdout labels counted.
    """
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="modicum-oracle-", ignore_cleanup_errors=True) as folder:
        home, images = Path(folder) / "home", Path(folder) / "digits"
        truth = write_digits(images)
        arms = []
        with served(home) as client:
            say(f"importing {len(truth):,} images ...")
            slugs = {"modicum": new_project(client, "modicum", images)}
            slugs["random"] = copy_project(home, slugs["modicum"], "random", "random")
            for name, slug in slugs.items():
                oracle = Oracle(client, slug, truth)
                points = []
                for step in steps:
                    oracle.label(step)
                    points.append(oracle.look())
                    say(f"{name}: {step} labels, {points[-1].accuracy:.1%} right")
                arms.append(Arm(name, oracle.strategy, tuple(points)))
    return {"arms": [asdict(arm) for arm in arms], "seconds": round(time.monotonic() - start, 1), "cpus": os.cpu_count()}


def oracle_table(result: Mapping[str, Any]) -> str:
    """The result as a table for a terminal."""
    first, second = result["arms"]
    lines = [
        "labels used | accuracy of the model on everything not labelled | what modicum itself says (blind holdout, 95%)",
        f"            | {first['name']:>10}   {second['name']:>10}                       | {first['name']:<22}{second['name']}",
    ]
    for a, b in zip(first["curve"], second["curve"], strict=True):
        lines.append(
            f"{a['labels']:>11} | {a['accuracy']:>10.1%}   {b['accuracy']:>10.1%}                       | {said(a):<22}{said(b)}"
        )
    lines.append(f"{result['seconds']:.0f} s on {result['cpus']} processors; holdout labels are among the labels used")
    return "\n".join(lines)


def said(point: Mapping[str, Any]) -> str:
    if point["estimate"] is None:
        return "too few labels yet"
    return f"{point['estimate']:.0%} ({point['low']:.0%} to {point['high']:.0%})"
