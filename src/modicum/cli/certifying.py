"""The verbs of certificates: certify (look, start, withdraw, take the facts along) and verify."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modicum.cli.data import ProjectArgument, opened
from modicum.cli.serving import HomeOption, Json
from modicum.cli.terminal import emit, say

if TYPE_CHECKING:
    from modicum.certificate_views import CertificateView
    from modicum.engine.verify import Verdict
    from modicum.types import Method, Policy


def certify(
    project: ProjectArgument = None,
    start: Annotated[bool, typer.Option("--start", help="Draw random items to be labeled blind for a certificate.")] = False,
    route: Annotated[str | None, typer.Option(help="What becomes of covered items: auto, discard, validate or hold.")] = None,
    error: Annotated[float | None, typer.Option(help="Share of the auto-labels that may be wrong.")] = None,
    confidence: Annotated[float | None, typer.Option(help="How sure the certificate must be of that.")] = None,
    guarantee: Annotated[str | None, typer.Option(help="among: of the auto-labels; whole: of the whole pool.")] = None,
    threshold: Annotated[float | None, typer.Option(help="A raw confidence instead: nothing is proven.")] = None,
    calibration: Annotated[int | None, typer.Option(help="Random items to label; without it what the wish needs.")] = None,
    batch: Annotated[int | None, typer.Option(help="Only the items of batch NUMBER, as the Triage page counts them.")] = None,
    anytime: Annotated[bool, typer.Option("--anytime", help="May be looked at and issued after any label; takes more.")] = False,
    issue: Annotated[int | None, typer.Option(help="Issue certificate NUMBER, begun with --anytime, as it stands.")] = None,
    withdraw: Annotated[int | None, typer.Option(help="End certificate NUMBER; its auto-labels are unlabeled again.")] = None,
    facts: Annotated[int | None, typer.Option(help="Write what certificate NUMBER rests on to --out.")] = None,
    out: Annotated[Path | None, typer.Option(help="File for --facts.")] = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """Look at a project's certificates, start one, withdraw one, or take along what one rests on."""
    from modicum import certificates
    from modicum.cli.opening import pick
    from modicum.errors import InputError
    from modicum.home import Home
    from modicum.store import batches, projects

    wishes = {
        "recognised": route,
        "auto_error": error,
        "auto_confidence": confidence,
        "guarantee": guarantee,
        "auto_threshold": threshold,
    }
    given = {name: value for name, value in wishes.items() if value is not None}
    if (given or calibration or anytime or batch is not None) and not start:
        raise InputError("a wish takes effect when a certificate is started: add --start")
    if facts is not None and out is None:
        raise InputError("say with --out where to write the facts")
    here = Home(home)
    with opened(here) as db:
        with db.read() as conn:
            chosen = pick(conn, project)
        if start:
            if given:
                chosen = db.write(projects.patch, chosen.id, policy=_wished(chosen.policy, given))
            with db.read() as conn:
                job = None if batch is None else batches.get(conn, chosen.id, batch).job_id
            method: Method = "anytime" if anytime else "fixed"
            _tell_one(certificates.begin(db, here, chosen, calibration=calibration, batch=job, method=method), as_json)
        elif issue is not None:
            _tell_one(certificates.issue(db, chosen, issue), as_json)
        elif withdraw is not None:
            _tell_one(certificates.withdraw(db, chosen, withdraw), as_json)
        elif facts is not None and out is not None:
            _write(out, certificates.facts(db, chosen, facts))
            if as_json:
                emit({"certificate": facts, "out": str(out)})
            else:
                say(f"Written to {out}: modicum verify {out} computes it again")
        else:
            found = certificates.overview(db, chosen)
            if as_json:
                emit(found)
                return
            for entry in found.certificates:
                say(line(entry))
            if found.hint:
                say(found.hint)
            elif found.operating is not None:
                say(
                    f"Today about {found.operating.coverage:.0%} of the unlabeled items could be certified, for {found.needed:,} "
                    "random labels: modicum certify --start"
                )


def _wished(policy: "Policy", given: dict[str, Any]) -> "Policy":
    """The policy with another wish. Raises InputError for one that cannot be."""
    from pydantic import ValidationError

    from modicum.errors import InputError
    from modicum.types import Policy

    try:
        return Policy.model_validate({**policy.model_dump(), "recognised": "auto", "auto_threshold": None, **given})
    except ValidationError as problem:
        first = problem.errors()[0]
        name = str(first["loc"][0])
        raise InputError(f"{first['msg']}; received {first['input']!r}", path=f"$.{name}") from problem


def _tell_one(entry: "CertificateView", as_json: bool) -> None:
    if as_json:
        emit(entry)
    else:
        say(line(entry))


def line(entry: "CertificateView") -> str:
    """One certificate in one line."""
    head = f"Certificate {entry.number}, {entry.state}: "
    if entry.state == "drawing":
        answered = f"{head}{entry.calibration.answered:,} of {entry.calibration.planned:,} random items are labeled"
        return answered if entry.sofar is None else f"{answered}. So far: {entry.sofar.said}"
    if entry.state == "issued":
        audited = f"; audit: {entry.audit.wrong:,} of {entry.audit.answered:,} wrong" if entry.audit.answered else ""
        return f"{head}{entry.statement} {entry.standing:,} items stand under it{audited}"
    return head + entry.reason


def _write(out: Path, facts: dict[str, Any]) -> None:
    import json

    from modicum.errors import StorageError

    try:
        out.write_text(json.dumps(facts), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{out} cannot be written ({error.strerror or error}): choose another file") from error


def verify(
    file: Annotated[Path, typer.Argument(help="An export with its certificates, or the facts of one certificate.")],
    as_json: Json = False,
) -> None:
    """Compute certificates again from what was exported alone, and say what matches.

    Of an export (a file with the certificates beside it, a folder or a zip) every label by a model is held against the
    certificate it names as well.
    """
    from modicum import recheck
    from modicum.engine.verify import verify as check

    if recheck.is_export(file):
        found = recheck.check_export(file)
        holds = found.holds
        facts = {
            "labels": found.labels,
            "uncertified": found.uncertified,
            "strays": dict(found.strays),
            "certificates": [{"number": one.number, "state": one.state, **_verdict(one.verdict)} for one in found.certificates],
        }
        lines = [*recheck.told(found), "The export holds what it says." if holds else "The export does not hold what it says."]
    else:
        verdict = check(recheck.facts_of(file))
        holds, facts = verdict.holds, _verdict(verdict)
        lines = [f"{'matches' if one.matches else 'DIFFERS'}  {one.name}: {one.found}" for one in verdict.findings]
        lines.append("The certificate holds." if holds else "The certificate does not hold.")
    if as_json:
        emit({"holds": holds, **facts})
    else:
        for line_ in lines:
            say(line_)
    if not holds:
        raise typer.Exit(2)


def _verdict(verdict: "Verdict") -> dict[str, Any]:
    findings = [{"name": one.name, "matches": one.matches, "found": one.found} for one in verdict.findings]
    return {"holds": verdict.holds, "findings": findings}
