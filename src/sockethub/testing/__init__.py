"""A conformance kit: any platform passes it, or is told precisely what is wrong.

For the tests of platforms, ours and others'; nothing of it runs in a deployment, and it needs no test runner. With
pytest::

    import pytest
    from sockethub.testing import RULES, Subject

    HELLO = Subject(name="hello", stanza={"use": "hello"}, examples=[...])

    @pytest.mark.parametrize("rule", RULES)
    def test_conformance(rule: str) -> None:
        RULES[rule](HELLO)

A rule raises :class:`Nonconformance`. It runs an event loop of its own: call it from a test that is none of asyncio's.

===================  ===================================================================================================
:mod:`.subject`      what is looked at: a stanza, credentials, examples
:mod:`.harness`      a platform as its worker runs it
:mod:`.census`       tasks and descriptors that are left behind
:mod:`.declared`     rules about what is declared: stanza, schemas, examples
:mod:`.behaviour`    rules about what it does: answers, errors, lifecycle, reconnection
:mod:`.cancelling`   the rule about being cancelled, at each point where it waits
:mod:`.discretion`   the rule about what is logged
:mod:`.appetite`     the rule about memory
:mod:`.isolation`    the rule about real workers and their sandbox
===================  ===================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sockethub.testing.appetite import memory
from sockethub.testing.behaviour import answers, errors, lifecycle, reconnection
from sockethub.testing.cancelling import cancellation
from sockethub.testing.declared import declaration, examples, schemas
from sockethub.testing.discretion import logs
from sockethub.testing.isolation import isolated
from sockethub.testing.subject import Nonconformance, Subject

__all__ = ["RULES", "Nonconformance", "Subject", "check", "isolated"]

RULES: Final[Mapping[str, Callable[[Subject], None]]] = {
    "declaration": declaration,
    "schemas": schemas,
    "examples": examples,
    "answers": answers,
    "errors": errors,
    "lifecycle": lifecycle,
    "reconnection": reconnection,
    "cancellation": cancellation,
    "logs": logs,
    "memory": memory,
    "isolation": isolated,
}
"""The rules by name, the ones that others build on first."""


def check(subject: Subject) -> None:
    """Every rule, one after the other; raises what the first one raises that is broken."""
    for rule in RULES.values():
        rule(subject)
