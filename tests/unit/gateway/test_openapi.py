"""The description of the HTTP side."""

from __future__ import annotations

import re

from sockethub.config.gateway import Http
from sockethub.config.resources import CHECKOUT, SCHEMAS
from sockethub.gateway import openapi


def test_the_published_document_is_this_one() -> None:
    assert (SCHEMAS / "openapi.json").read_text() == openapi.text(), "run: python -m sockethub.gateway.openapi"


def test_it_has_the_declared_path_and_limits_and_nothing_that_is_not_served() -> None:
    found = openapi.document(Http(enabled=True, path="/act", actions=3))
    assert {"/act", "/act/{requestId}"} <= found["paths"].keys()
    assert found["components"]["schemas"]["Body"]["anyOf"][0]["maxItems"] == 3
    assert openapi.document(Http())["paths"].keys() == {"/livez", "/readyz"}


def test_where_clients_authenticate_it_says_so() -> None:
    found = openapi.document(Http(enabled=True), authenticates=True)
    assert found["components"]["securitySchemes"].keys() == {"session", "user"}
    operations = [operation for path in found["paths"].values() for operation in path.values()]
    asked = {operation["operationId"]: operation.get("security") for operation in operations}
    assert {name for name, security in asked.items() if security == [{"user": []}]} == {
        "act",
        "replay",
        "replayById",
        "begin",
    }
    assert all("401" in operation["responses"] for operation in operations if operation.get("security"))
    assert "user" not in openapi.document(Http(enabled=True))["components"]["securitySchemes"]


def test_it_and_the_reference_page_name_the_same_status_codes() -> None:
    operations = [found for path in openapi.document(Http(enabled=True))["paths"].values() for found in path.values()]
    described = {code for operation in operations for code in operation["responses"]}
    page = (CHECKOUT / "docs/reference/http.md").read_text()
    assert set(re.findall(r"^\| (\d{3}) \|", page, re.MULTILINE)) == described | {"204", "405"}
