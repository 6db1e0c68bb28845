"""Which thread computes on which core: BLAS keeps to one core, large passes are cut into one stretch per core.

The products of one step are small. BLAS would spread each over all cores and wait for the slowest at every one: on two
cores that others use too, a step takes three times the processor time and many times as long.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise

from threadpoolctl import ThreadpoolController

_LEAST = 4_096  # items below which a second thread costs more than it saves


@contextmanager
def one_core() -> Iterator[None]:
    """While it lasts BLAS uses one core, in the whole process; for a `with` block or as a decorator."""
    with _blas()[0].limit(limits=1, user_api="blas"):
        yield


def in_stretches(work: Callable[[int, int], None], n: int) -> None:
    """Call work(first, last) for 0..n cut into one stretch per core, side by side; the first error is raised."""
    cores = _blas()[1]
    if n < _LEAST or cores == 1:
        work(0, n)
        return
    cuts = [round(n * i / cores) for i in range(cores + 1)]
    with one_core(), ThreadPoolExecutor(cores) as pool:
        for done in [pool.submit(work, first, last) for first, last in pairwise(cuts)]:
            done.result()


@cache
def _blas() -> tuple[ThreadpoolController, int]:
    """The libraries, and the cores they would use; that number respects OMP_NUM_THREADS and what the process may use."""
    controller = ThreadpoolController()
    return controller, max((library["num_threads"] for library in controller.info()), default=1)
