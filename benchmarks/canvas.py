"""Claim: 1,000 shapes on a 4,000 x 3,000 image are dragged, zoomed and panned at the display's rate, five times react-konva's.

    npm ci --prefix benchmarks/canvas
    python benchmarks/canvas.py [--frames N]

Both draw the same image, shapes and labels in the same headless Chromium, one after the other; in every frame the mouse or the
wheel moves once, and the page measures the time between frames: with a display of 60 frames a second, beside the same page left
alone, and, as the board is never slower than that, with the display's limit lifted for both, which the ratios are of. "bare" is
react-konva without labels. Then a brush of 60 pixels across a mask of all 12 megapixels: the time from a
pointer event to the end of the frame that shows it, beside the same moves with the hand tool over nothing. Prints one line of
JSON.
"""

import argparse
import functools
import http.server
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
from importlib.metadata import version
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browser import chromium

UNLIMITED = ("--disable-frame-rate-limit", "--disable-gpu-vsync")
HERE = Path(__file__).parent
WIDTH, HEIGHT = 1280, 800
GESTURES = ("drag", "zoom", "pan")
Moves = list[float]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def build(folder: str) -> None:
    """Bundle both sides with the interface's own tools."""
    if not (HERE / "canvas" / "node_modules" / "react-konva").is_dir():
        raise SystemExit("react-konva is not installed: run `npm ci --prefix benchmarks/canvas` first")
    vite = HERE.parent / "ui" / "node_modules" / ".bin" / "vite"
    config = HERE / "canvas" / "vite.config.mjs"
    subprocess.run([str(vite), "build", "-c", str(config), "--outDir", folder], check=True, stdout=subprocess.DEVNULL)


def frames(page: Page, count: int) -> dict[str, Moves]:
    """Milliseconds between frames while in each of them something moves, by gesture; and of the page left alone."""
    middle = (WIDTH / 2, HEIGHT / 2)
    found: dict[str, Moves] = {}

    def timed(name: str, what: str, radius: int = 0) -> None:
        found[name] = page.evaluate("([what, count, radius]) => frameTimes(what, count, radius)", [what, count, radius])
        page.wait_for_timeout(600)

    timed("idle", "idle")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 8, middle[1] + 8, steps=4)
    page.evaluate("() => { held = 1 }")
    timed("drag", "move", 200)
    page.mouse.up()
    timed("zoom", "zoom")
    page.mouse.wheel(0, -350)
    page.wait_for_timeout(600)
    page.mouse.down(button="middle")
    page.mouse.move(middle[0] + 8, middle[1] + 8, steps=4)
    page.evaluate("() => { held = 4 }")
    timed("pan", "move", 300)
    page.mouse.up(button="middle")
    return found


def around(page: Page, moves: int, radius: float) -> None:
    """The real mouse, round in a square."""
    for x, y in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        page.mouse.move(WIDTH / 2 + x * radius, HEIGHT / 2 + y * radius, steps=max(1, moves // 4))


def brush(page: Page, moves: int) -> dict[str, Moves]:
    """Milliseconds from an event to its frame: hovering, painting, and lifting the brush."""
    page.evaluate("() => setTool('pan')")
    page.wait_for_timeout(200)
    page.evaluate("() => { latencies.pointermove.length = 0 }")
    around(page, moves, 250)
    hover = page.evaluate("() => latencies.pointermove")
    page.evaluate("() => { giveMask(); setTool('brush') }")
    page.wait_for_timeout(1000)
    found: dict[str, Moves] = {"hover": hover, "paint": [], "lift": []}
    for turn in range(4):
        page.mouse.move(200, 150 + 100 * turn)
        page.mouse.down()
        page.mouse.move(210, 150 + 100 * turn)
        page.wait_for_timeout(200)
        page.evaluate("() => { latencies.pointermove.length = 0; latencies.pointerup.length = 0 }")
        page.mouse.move(1000, 250 + 100 * turn, steps=max(1, moves // 4))
        page.mouse.up()
        page.wait_for_timeout(400)
        found["paint"] += page.evaluate("() => latencies.pointermove")
        found["lift"] += page.evaluate("() => latencies.pointerup")
    return found


def shown(browser: Browser, port: int, who: str, *more: str) -> Page:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(f"http://127.0.0.1:{port}/index.html?" + "&".join([f"who={who}", *more]))
    page.wait_for_function("() => window.shown")
    page.wait_for_timeout(1500)
    return page


def measured(browser: Browser, port: int, sides: tuple[str, ...], count: int) -> dict[str, dict[str, Moves]]:
    """Times between frames of every gesture, by side."""
    found = {}
    for who in sides:
        page = shown(browser, port, who)
        found[who] = frames(page, count)
        page.close()
    return found


def summary(times: Moves) -> dict[str, float]:
    """Median, 95th percentile and mean, in milliseconds."""
    ordered = sorted(times)
    return {
        "median_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
        "mean_ms": round(statistics.fmean(ordered), 1),
        "frames": len(ordered),
    }


def summaries(found: dict[str, Moves]) -> dict[str, dict[str, float]]:
    return {name: summary(times) for name, times in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=120)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modicum-bench-") as folder, sync_playwright() as playwright:
        build(folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        where, port = chromium.find(), server.server_port
        browser = playwright.chromium.launch(executable_path=where, args=list(chromium.ARGUMENTS))
        limited = measured(browser, port, ("modicum", "konva"), args.frames)
        strokes = brush(shown(browser, port, "modicum", "shapes=1"), args.frames)
        chromium_version = browser.version
        browser.close()
        browser = playwright.chromium.launch(executable_path=where, args=[*chromium.ARGUMENTS, *UNLIMITED])
        seen = measured(browser, port, ("modicum", "konva", "bare"), args.frames)
        browser.close()
        server.shutdown()
    mean = {who: {name: statistics.fmean(found[name]) for name in GESTURES} for who, found in seen.items()}
    ratios = {name: mean["konva"][name] / mean["modicum"][name] for name in GESTURES}
    bare = {name: mean["bare"][name] / mean["modicum"][name] for name in GESTURES}
    display = statistics.median(limited["modicum"]["idle"])
    rate = max(statistics.median(limited["modicum"][name]) for name in GESTURES)
    packages = json.loads((HERE / "canvas" / "package.json").read_text())["dependencies"]
    reached = min(ratios.values()) >= 5 and rate <= 1.1 * display
    result = {
        "benchmark": "canvas",
        "shapes": 1000,
        "at 60 frames a second": {who: summaries(found) for who, found in limited.items()},
        "unlimited": {who: summaries(found) for who, found in seen.items()},
        "ratio": {name: round(ratio, 1) for name, ratio in ratios.items()},
        "ratio_bare": {name: round(ratio, 1) for name, ratio in bare.items()},
        "brush": summaries(strokes),
        "goal": "median frame at the display's rate, frame rate >= 5 times react-konva's",
        "reached": reached,
        "machine": {"cpus": os.cpu_count(), "processor": platform.machine(), "load": os.getloadavg()},
        "versions": {
            "python": sys.version.split()[0],
            "modicum": version("modicum"),
            "chromium": chromium_version,
            **packages,
        },
    }
    print(json.dumps(result))
    if not reached:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
