"""What is wrong with a declaration is said when it is loaded, with its place and remedy, and without its secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockethub.config.loader import loads
from sockethub.config.problems import InvalidDeclaration
from sockethub.platforms.http import PLATFORM
from sockethub.platforms.http.options import Call, Options
from tests.support.schemas import loaded

STANZA = """\
platforms:
  notes:
    use: http
    verbs: [fetch]
    options:
      requests:
        fetch:
          url: {url}
          headers: {headers}
          response: {response}
"""
GOOD = {
    "url": "https://api.example/notes/{/target/id}",
    "headers": '{ Authorization: "Bearer ${env:TOKEN}" }',
    "response": "{ /object/content: /text }",
}
TOKEN = "s3cret-t0ken"


def load(more: str = "", **members: str) -> Options:
    text = STANZA.format(**(GOOD | members)) + more
    declaration = loads(text, Path("/nonexistent"), {"TOKEN": TOKEN})
    return Options.declared(declaration.platforms["notes"].options)


def test_a_good_one() -> None:
    options = load()
    assert options.requests["fetch"]["headers"]["Authorization"] == f"Bearer {TOKEN}"
    call = Call.declared(options.requests["fetch"])
    assert call.headers == {"accept": "application/json", "authorization": f"Bearer {TOKEN}"}
    assert call.method == "GET"
    assert TOKEN not in repr(options) + repr(call)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"url": "ftp://api.example/"}, "8:16: platforms.notes.options.requests.fetch.url: must be text like `https"),
        ({"url": "https://{/target/id}/x"}, "requests.fetch.url: must be text like"),
        ({"url": "https://api.{/target/id}/x"}, "requests.fetch.url: must be text like"),
        ({"url": "https://me:pass@api.example/"}, "requests.fetch.url: must be text like"),
        ({"url": '"https://api.example/{target}"'}, "requests.fetch.url: must be text like"),
        ({"url": '"https://api.example/{/a"'}, "requests.fetch.url: must be text like"),
        ({"url": '"https://api.example/#x"'}, "requests.fetch.url: must be text like"),
        ({"headers": '{ X: "a\\r\\nb" }'}, "9:25: platforms.notes.options.requests.fetch.headers.X: must be text like"),
        ({"headers": "{ X: 5 }"}, "requests.fetch.headers.X: must be text like"),
        ({"headers": "{ Host: other.example }"}, "requests.fetch.headers"),
        ({"headers": "{ content-length: '5' }"}, "requests.fetch.headers"),
        ({"headers": '{ "a b": c }'}, "requests.fetch.headers"),
        ({"response": "{ /actor/id: /x }"}, "10:11: platforms.notes.options.requests.fetch.response"),
        ({"response": "{ /object: /x }"}, "requests.fetch.response"),
        ({"response": "{ /object/x: y }"}, "requests.fetch.response./object/x"),
        ({"response": "{ /items: { at: /x } }"}, "requests.fetch.response./items"),
        ({"response": "{}"}, "requests.fetch.response"),
    ],
    ids=str,
)
def test_mistakes(members: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidDeclaration) as caught:
        load(**members)
    assert words in str(caught.value)
    assert len(caught.value.problems) == 1
    assert TOKEN not in str(caught.value)


def test_every_verb_has_a_request_and_every_request_a_verb() -> None:
    text = STANZA.format(**GOOD)
    with pytest.raises(InvalidDeclaration) as caught:
        loads(text.replace("[fetch]", "[fetch, send]"), Path("/nonexistent"), {"TOKEN": TOKEN})
    assert (
        str(caught.value) == "sockethub.yaml:6:7: platforms.notes.options.requests: must have a key for the verb `send`"
    )
    with pytest.raises(InvalidDeclaration) as caught:
        loads(text.replace("[fetch]", "[send]"), Path("/nonexistent"), {"TOKEN": TOKEN})
    assert [str(problem) for problem in caught.value.problems] == [
        "sockethub.yaml:6:7: platforms.notes.options.requests: must have a key for the verb `send`",
        "sockethub.yaml:7:9: platforms.notes.options.requests.fetch: must be one of this platform's `verbs`",
    ]


def test_defaults_are_as_the_schema_says() -> None:
    schema = loaded("http/options.json")
    stated = {name: member["default"] for name, member in schema["properties"].items() if "default" in member}
    assert stated == {name: getattr(Options(), name) for name in stated}
    assert set(schema["properties"]) - set(stated) == {"requests", "user_agent", "tls_ca_file"}
    assert PLATFORM["schemas"]["options"] == "http/options.json"
