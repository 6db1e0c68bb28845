"""Who is let in: token, cookie, host, origin; and what every answer carries."""

import os
import stat
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from modicum.errors import StorageError
from modicum.server.auth import Gate, allowed_hosts, cookie_name, home_token

TOKEN = "a-token-of-some-length"
HOST = "http://127.0.0.1:8765"


def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("inside " + str(request.query_params))


def gated(host: str = "127.0.0.1", base: str = HOST) -> TestClient:
    app = Starlette(routes=[Route("/{path:path}", hello, methods=["GET", "POST", "DELETE"])])
    everywhere = host == "0.0.0.0"
    return TestClient(Gate(app, token=TOKEN, hosts=allowed_hosts(host), any_address=everywhere), base_url=base)


@pytest.fixture
def client() -> TestClient:
    return gated()


def bearer(**more: str) -> dict[str, str]:
    return {"authorization": f"Bearer {TOKEN}", **more}


def test_token_in_the_url_becomes_a_cookie_and_leaves_the_url(client: TestClient) -> None:
    answer = client.get(f"/p/dogs/annotate?item=3&token={TOKEN}", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/p/dogs/annotate?item=3"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/api/projects").text.startswith("inside")


def test_without_token_a_page_says_where_to_find_the_address(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 401
    assert "modicum status" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


def test_without_token_the_api_answers_with_a_problem(client: TestClient) -> None:
    answer = client.get("/api/projects")
    assert answer.status_code == 401
    assert answer.json()["error"] == "UnauthorizedError"


@pytest.mark.parametrize("given", ["", "wrong", TOKEN[:-1], TOKEN + "x", "ä"])
def test_wrong_tokens_stay_outside(client: TestClient, given: str) -> None:
    assert client.get("/", params={"token": given}).status_code == 401
    assert client.get("/api/me", headers={"authorization": f"Bearer {given}".encode()}).status_code == 401
    cookie = f"{cookie_name(TOKEN)}={given}".encode()
    assert client.get("/api/me", headers={"cookie": cookie}).status_code == 401


def test_the_token_is_not_taken_from_the_url_of_a_call(client: TestClient) -> None:
    assert client.get("/api/projects", params={"token": TOKEN}).status_code == 401


def test_a_token_in_the_url_never_redirects_to_another_host(client: TestClient) -> None:
    answer = client.get(f"{HOST}//evil.example/x?token={TOKEN}", follow_redirects=False)
    assert answer.headers["location"].startswith("/evil.example")


def test_scripts_send_a_bearer_token(client: TestClient) -> None:
    assert client.post("/api/projects", headers=bearer()).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "", "[::2]:8765", "10.0.0.7"])
def test_other_hosts_are_refused(client: TestClient, host: str) -> None:
    assert client.get("/api/me", headers=bearer(host=host)).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST", "[::1]:8765", "localhost."])
def test_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/api/me", headers=bearer(host=host)).status_code == 200


def test_bound_to_all_interfaces_addresses_are_answered_and_names_are_not() -> None:
    client = gated("0.0.0.0")
    assert client.get("/api/me", headers=bearer(host="192.168.1.7:8765")).status_code == 200
    assert client.get("/api/me", headers=bearer(host="evil.example")).status_code == 403


def test_the_host_that_was_given_is_answered() -> None:
    assert gated("labels.lan").get("/api/me", headers=bearer(host="labels.lan:8765")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_origins_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/api/projects", headers=bearer(**headers)).status_code == 403
    assert client.delete("/api/projects/dogs", headers=bearer(**headers)).status_code == 403
    assert client.get("/api/projects/dogs/events", headers=bearer(**headers)).status_code == 403


def test_the_own_origin_is_answered(client: TestClient) -> None:
    headers = bearer(origin=HOST, **{"sec-fetch-site": "same-origin"})
    assert client.post("/api/projects", headers=headers).status_code == 200


def test_a_link_from_elsewhere_may_open_a_page(client: TestClient) -> None:
    client.get(f"/?token={TOKEN}")
    assert client.get("/p/dogs/annotate", headers={"sec-fetch-site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/me"])
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    for headers in ({}, bearer(), bearer(host="evil.example")):
        answer = client.get(path, headers=headers)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy  # so that default-src counts, and inline scripts do not run
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_hostile_hosts_do_not_reach_the_page_unescaped(client: TestClient) -> None:
    answer = client.get("/", headers={"host": "<script>alert(1)</script>"})
    assert "<script>" not in answer.text


def test_the_token_survives_a_restart_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    token = home_token(tmp_path)
    assert home_token(tmp_path) == token
    assert len(token) >= 32
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    (tmp_path / "token").chmod(0o644)
    home_token(tmp_path)
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


def test_a_damaged_token_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("")
    with pytest.raises(StorageError, match="delete the file"):
        home_token(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX paths")
def test_a_home_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="--home"):
        home_token(tmp_path / "absent")
