"""How far suggestions pull people and how much they overlook on pages: for one person, kindly, and for the whole project."""

from statistics import median

from modicum.engine.bias import adoption_bias
from modicum.engine.evaluate import wilson
from modicum.store import arms
from modicum.store.arms import Counted, Tally
from modicum.store.db import Database
from modicum.types import Interval, Project
from modicum.views import Bias, Mine

ENOUGH = 20  # decisions of a kind from which something is said about them; with fewer, one answer more or less turns it over
IDLE_S = 300.0  # a longer pause is not work
STRONG = 0.15  # of the planted suggestions, followed because they were shown
MANY = 0.1  # of the planted items of pages, overlooked


def biased(db: Database, project_id: int) -> Interval | None:
    """The pull of suggestions on the people of a project when its 95% interval excludes zero, otherwise none.

    Certificates that rest on labels given under suggestions are set aside then. Also none as long as fewer than 20 answers of
    either kind were given.
    """
    with db.read() as conn:
        found = arms.tally(conn, project_id)
    pull = _pull(found)
    return pull if pull is not None and (pull.low > 0 or pull.high < 0) else None


def mine(db: Database, project: Project, annotator: str) -> Mine:
    """One person's own figures, with those of all people together, and never anybody else's."""
    with db.read() as conn:
        pace = arms.pace(conn, project.id, annotator)
        own, all_together = arms.tally(conn, project.id, annotator), arms.tally(conn, project.id)
    return Mine(
        annotator=annotator,
        measuring=project.policy.recognised != "off",
        answers=pace.answers,
        on_pages=pace.on_pages,
        seconds=median(min(s, IDLE_S) for s in pace.seconds) if pace.seconds else None,
        timed=len(pace.seconds),
        enough=ENOUGH,
        own=_bias(own, "you"),
        everyone=_bias(all_together, "people"),
    )


def _bias(found: Tally, who: str) -> Bias:
    pages = found.pages
    return Bias(
        seeded=found.seeded.n,
        followed=found.seeded.k,
        blind=found.blind.n,
        same=found.blind.k,
        pull=_pull(found),
        suggestions_said=_suggestions_said(found, who),
        planted=pages.n,
        overlooked=pages.k,
        overlooked_share=wilson(pages.k, pages.n) if pages.n >= ENOUGH else None,
        pages_said=_pages_said(pages),
    )


def _pull(found: Tally) -> Interval | None:
    if min(found.seeded.n, found.blind.n) < ENOUGH:
        return None
    return adoption_bias(found.seeded.k, found.seeded.n, found.blind.k, found.blind.n)


# --- in words ----------------------------------------------------------------------------------------------------------


def _suggestions_said(found: Tally, who: str) -> str:
    pull = _pull(found)
    if pull is None:
        return ""
    seeded, blind = found.seeded, found.blind
    verb = "was" if seeded.k == 1 else "were"
    counted = f"{seeded.k} of {seeded.n} planted suggestions {verb} followed; blind, {blind.k} of {blind.n} gave the same class."
    if pull.low <= 0 <= pull.high:
        return f"{counted} That is within what chance does."
    if pull.high < 0:
        return f"{counted} Suggestions push {who} away a little: most of them are right, so they deserve a second look."
    if pull.mean < STRONG:
        return f"{counted} Suggestions pull {who} a little: take a second longer when the confidence is low."
    return f"{counted} Suggestions pull {who}: it helps to name the class first, and to look at the suggestion after that."


def _pages_said(pages: Counted) -> str:
    if pages.n < ENOUGH:
        return ""
    if pages.k == 0:
        return f"None of {pages.n} planted items was overlooked."
    counted = f"{pages.k} of {pages.n} planted items {'was' if pages.k == 1 else 'were'} overlooked."
    if wilson(pages.k, pages.n).low > MANY:
        return f"{counted} Smaller pages make the wrong ones easier to see, and so does a break."
    return f"{counted} A few always slip through."
