"""The verb that tells what the labels cost: report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modicum.cli.data import ProjectArgument, opened
from modicum.cli.serving import HomeOption, Json
from modicum.cli.terminal import emit, say

if TYPE_CHECKING:
    from modicum.bill_views import Bill


def report(
    project: ProjectArgument = None,
    html: Annotated[Path | None, typer.Option(help="Write the bill as a page to this file.")] = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """What the labels cost in time and money, beside what other ways would have cost; what is left, and the budgets."""
    from modicum.bill_page import page
    from modicum.cli.opening import pick
    from modicum.errors import StorageError
    from modicum.home import Home
    from modicum.report import bill

    here = Home(home)
    with opened(here) as db:
        with db.read() as conn:
            chosen = pick(conn, project)
        found = bill(db, here, chosen, patient=True)
    if html is not None:
        try:
            html.write_text(page(found, f"{chosen.name}: the bill"), encoding="utf-8")
        except OSError as error:
            raise StorageError(f"{html} cannot be written ({error.strerror or error}): choose another file") from error
    if as_json:
        emit(found)
    else:
        tell(found)


def tell(bill: "Bill") -> None:
    from modicum.amounts import amount, duration
    from modicum.bill_page import sentences

    say(bill.headline)
    for line in sentences(bill):
        say(line)
    for row in bill.purposes:
        paid = "" if row.spent.money is None else f", {bill.currency} {amount(row.spent.money.mean)}"
        say(f"  {row.title}: {row.decisions:,} decisions, {duration(row.spent.seconds.mean)}{paid}")
    for budget in bill.budgets:
        say(f"Budget: {budget.said}")
    for note in bill.notes:
        say(f"Note: {note}")
