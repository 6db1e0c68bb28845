"""Claim and submit over HTTP: 100,000 items, 20 clients that never pause, a real server process; beside a bare route.

Goal: p99 below 100 ms. The floor is the same load on a FastAPI route that reads the same body and does nothing, in the same
run: what it takes is the price of HTTP on this machine. `paced` is what twenty people make of it: one decision a second each.

    python benchmarks/claim_submit.py [--items 100000] [--dims 1280] [--clients 20] [--seconds 20]
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import platform
import random
import socket
import sys
import tempfile
import threading
import time
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from modicum.demo import served
from modicum.server.client import Client

PROCESSES = 2  # of clients: one would be busier than the server
CLASSES = 10


def fill(home_path: Path, items: int, dims: int) -> str:
    """A project with made-up vectors: ten clouds, so that rounds have something to learn; its slug."""
    from modicum.home import Home
    from modicum.store import items as store_items
    from modicum.store import projects
    from modicum.store.db import Database
    from modicum.types import Split
    from modicum.vectors import Vectors

    home = Home(home_path)
    db = Database(home.database_url)
    project = db.write(projects.create, "Made up", [f"class {k}" for k in range(CLASSES)], seed=0)
    db.write(projects.set_dims, project.id, dims)
    vectors = Vectors(home.vectors_of(project.id), dims)
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CLASSES, dims)).astype(np.float32)
    chunk = 10_000
    for start in range(0, items, chunk):
        n = min(chunk, items - start)
        which = rng.integers(0, CLASSES, n)
        vectors.append((centres[which] + 2 * rng.standard_normal((n, dims), dtype=np.float32)).astype(np.float16), start)
        new = []
        for k in range(start, start + n):
            sha = hashlib.sha256(str(k).encode()).hexdigest()
            split = Split.HOLDOUT if int(sha[:8], 16) / 2**32 < 0.2 else Split.TRAIN
            uri = f"file:///made-up/{k}.jpg"
            new.append(store_items.NewItem(uri, f"{k}.jpg", sha, "image/jpeg", 224, 224, split))
        db.write(store_items.add_items, project.id, new, start)
    db.close()
    return project.slug


def label_on(url: str, token: str, slug: str, until: float, pause: float, out: list[tuple[str, float, float]]) -> None:
    """One client: claim one, submit it, again. Appends (what, when, seconds)."""
    client = Client(url, token)
    tab = uuid.uuid4().hex
    draw = random.Random(tab)
    if pause:
        time.sleep(draw.random() * pause)
    while time.time() < until:
        begin = time.perf_counter()
        claim = client.post(f"/projects/{slug}/claim", {"client": tab, "n": 1})
        middle = time.perf_counter()
        out.append(("claim", time.time(), middle - begin))
        if not claim["tasks"]:
            break
        task = claim["tasks"][0]
        value = {"type": "choice", "class_id": draw.randrange(CLASSES)}
        client.post(
            f"/projects/{slug}/submit",
            {"task_id": task["id"], "lease_token": task["lease_token"], "key": uuid.uuid4().hex, "value": value, "seconds": 1.0},
        )
        out.append(("submit", time.time(), time.perf_counter() - middle))
        if pause:
            time.sleep(max(0.0, pause - (time.perf_counter() - begin)))


def post_on(url: str, token: str, _: str, until: float, pause: float, out: list[tuple[str, float, float]]) -> None:
    """One client of the bare route."""
    client = Client(url, token)
    body = {"task_id": 1, "lease_token": uuid.uuid4().hex, "key": uuid.uuid4().hex, "action": "answer", "seconds": 1.0}
    while time.time() < until:
        begin = time.perf_counter()
        client.post("/bare", body)
        out.append(("bare", time.time(), time.perf_counter() - begin))


def crowd(work: Any, n: int, pipe: Any, *args: Any) -> None:
    """n client threads in one process."""
    out: list[tuple[str, float, float]] = []
    threads = [threading.Thread(target=work, args=(*args, out)) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(out)


def load(work: Any, client: Client, slug: str, clients: int, seconds: float, pause: float = 0.0) -> dict[str, Any]:
    """Runs the clients and sums up what they saw; the first fifth of the time is warm-up."""
    context = multiprocessing.get_context("spawn")
    start = time.time() + 1.5  # the processes need a moment to come up
    until = start + seconds
    url = f"http://127.0.0.1:{client.connection.port}"
    token = client.headers["authorization"].removeprefix("Bearer ")
    receivers, processes = [], []
    for _ in range(PROCESSES):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=crowd, args=(work, clients // PROCESSES, sender, url, token, slug, until, pause))
        process.start()
        receivers.append(receiver)
        processes.append(process)
    seen = [entry for receiver in receivers for entry in receiver.recv()]
    for process in processes:
        process.join()
    counted = [entry for entry in seen if entry[1] > start + seconds / 5]
    result: dict[str, Any] = {"requests_per_s": round(len(counted) / (seconds * 4 / 5), 1)}
    for what in sorted({entry[0] for entry in counted}):
        times = np.array([entry[2] for entry in counted if entry[0] == what]) * 1000
        result[what] = {f"p{q}_ms": round(float(np.percentile(times, q)), 1) for q in (50, 99)} | {"n": len(times)}
    return result


def serve_bare(port: Any) -> None:
    """The floor: the same framework and server, a route that reads the body and answers."""
    import uvicorn
    from fastapi import FastAPI

    from modicum.server.wire import Submission
    from modicum.views import Receipt

    app = FastAPI()

    @app.post("/api/bare")
    def bare(body: Submission) -> Receipt:
        return Receipt(annotation_id=body.task_id, item_id=1)

    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    port.send(sock.getsockname()[1])
    uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[sock])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--dims", type=int, default=1280)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    args = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    floor_server = context.Process(target=serve_bare, args=(sender,), daemon=True)
    floor_server.start()
    try:
        time.sleep(1.5)
        floor = load(post_on, Client(f"http://127.0.0.1:{receiver.recv()}", "none"), "", args.clients, args.seconds / 2)
    finally:
        floor_server.terminate()
        floor_server.join()
    with tempfile.TemporaryDirectory(prefix="modicum-bench-") as folder:
        home = Path(folder)
        slug = fill(home, args.items, args.dims)
        with served(home) as client:
            while client.get(f"/projects/{slug}")["round"] is None:
                time.sleep(0.1)
            paced = load(label_on, client, slug, args.clients, args.seconds / 2, 1.0)
            closed = load(label_on, client, slug, args.clients, args.seconds)
            rounds = client.get(f"/projects/{slug}")["round"]["number"]
    worst = max(closed["claim"]["p99_ms"], closed["submit"]["p99_ms"])
    result = {
        "benchmark": "claim_submit",
        "items": args.items,
        "dims": args.dims,
        "clients": args.clients,
        "closed_loop": closed,
        "paced": paced,
        "floor": floor,
        "ratio_p99_to_floor": round(worst / floor["bare"]["p99_ms"], 1),
        "rounds_trained_meanwhile": rounds,
        "goal": "p99 < 100 ms",
        "reached": worst < 100,
        "machine": {"cpus": os.cpu_count(), "processor": platform.machine(), "load": os.getloadavg()},
        "versions": {"python": sys.version.split()[0]}
        | {name: version(name) for name in ("modicum", "fastapi", "uvicorn", "sqlalchemy")},
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
