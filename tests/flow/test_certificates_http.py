"""Certificates over HTTP: what everybody is told wherever they work."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from flow.certificate_parts import issued, sure_project
from modicum.home import Home
from modicum.server import reading
from modicum.server.app import create_app
from modicum.server.serve import open_site
from modicum.server.site import Site
from modicum.store import certificates as store
from modicum.store.tables import certificate
from modicum.types import CertificateState, Project


@pytest.fixture
def site(home: Home) -> Iterator[Site]:
    lock, opened = home.lock(), open_site(home)
    yield opened
    opened.db.close()
    lock.release()


@pytest.fixture
def client(site: Site) -> TestClient:
    """Without its worker: the tests let certificates advance."""
    return TestClient(create_app(site), base_url="http://127.0.0.1", headers={"authorization": f"Bearer {site.token}"})


@pytest.fixture
def project(site: Site) -> Project:
    return sure_project(site.db, site.home)


def told(site: Site, client: TestClient, project: Project) -> tuple[dict[str, Any] | None, int | None]:
    """What a page and a listener hear of a certificate that fell."""
    fallen: dict[str, Any] | None = client.get(f"/api/projects/{project.slug}").json()["fallen"]
    return fallen, reading.pulse(site.db, site.worker, project.id).fallen


def test_who_is_at_work_is_told_that_a_certificate_fell(site: Site, client: TestClient, project: Project) -> None:
    number = issued(site.db, site.home, project)
    assert told(site, client, project) == (None, None)
    with site.db.read() as conn:
        row = store.get(conn, project.id, number)
    site.db.write(store.end, row.id, CertificateState.REVOKED, "9 of 60 audited auto-labels were wrong")
    fallen, heard = told(site, client, project)
    assert fallen is not None
    assert (fallen["number"], fallen["reason"], heard) == (number, "9 of 60 audited auto-labels were wrong", number)
    # until another one has taken its place; of this import alone it has not
    values = {"number": 2, "state": CertificateState.ISSUED, "decided": datetime.now(UTC), "batch": 7}
    columns = {column.name: getattr(row, column.name) for column in certificate.c if column.name != "id"}
    site.db.write(lambda conn: conn.execute(certificate.insert().values({**columns, **values})))
    assert told(site, client, project)[1] == number
    site.db.write(lambda conn: conn.execute(update(certificate).where(certificate.c.number == 2).values(batch=None)))
    assert told(site, client, project) == (None, None)
