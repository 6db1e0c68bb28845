"""Certificates over HTTP: begin one, look at them, withdraw one, and take along what one rests on."""

import json
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from modicum import certificates
from modicum.certificate_views import Certificates, CertificateView
from modicum.server.site import At, In
from modicum.server.wire import NewCertificate

router = APIRouter(tags=["certificates"])


@router.get("/projects/{slug}/certificates")
def get_certificates(
    project: In,
    site: At,
    batch: Annotated[int | None, Query(description="job of a batch: what one of its items alone could say")] = None,
) -> Certificates:
    """Every certificate, and what one could say today, from the blind holdout."""
    return certificates.overview(site.db, project, batch=batch)


@router.post("/projects/{slug}/certificates")
def begin_certificate(body: NewCertificate, project: In, site: At) -> CertificateView:
    """Draw random items to be labeled blind; the certificate is decided once the last of them is answered."""
    return certificates.begin(site.db, site.home, project, calibration=body.calibration, batch=body.batch, method=body.method)


@router.post("/projects/{slug}/certificates/{number}/issue")
def issue_certificate(number: int, project: In, site: At) -> CertificateView:
    """Issue an anytime certificate on the labels there are, without waiting for the rest."""
    return certificates.issue(site.db, project, number)


@router.post("/projects/{slug}/certificates/{number}/withdraw")
def withdraw_certificate(number: int, project: In, site: At) -> CertificateView:
    """End a certificate: what a model labeled under it is unlabeled again; what people said stays."""
    return certificates.withdraw(site.db, project, number)


@router.get("/projects/{slug}/certificates/{number}/facts")
def certificate_facts(number: int, project: In, site: At) -> Response:
    """All that an issued certificate rests on, as JSON: `modicum verify FILE` computes it again."""
    facts = certificates.facts(site.db, project, number)
    name = f"{project.slug}-certificate-{number}.json"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(json.dumps(facts), media_type="application/json", headers=headers)
