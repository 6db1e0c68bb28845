"""Runs a function over batches in threads, in order; decoding, hashing and onnxruntime release the interpreter lock."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map(fn: Callable[[T], R], batches: Iterable[T], workers: int) -> Generator[R, None, None]:
    """`fn` of every batch, in the order of `batches`, worked on by `workers` threads.

    Takes batches only a few ahead of what was consumed, so neither inputs nor results pile up. The first error of `fn`
    or of `batches` is raised at its place in the order; then, and when the iterator is closed, what has not begun is
    dropped and what has begun is waited for.
    """
    source = iter(batches)
    pending: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="modicum-run")
    try:
        for batch in islice(source, workers + 1):
            pending.append(pool.submit(fn, batch))
        while pending:
            result = pending.popleft().result()
            for batch in islice(source, 1):
                pending.append(pool.submit(fn, batch))
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
