"""Rules about what is declared: the stanza, its schemas, the examples."""

from __future__ import annotations

from collections import Counter
from typing import Final
from urllib.parse import urlsplit

from sockethub.activity.bundle import bundle
from sockethub.config.checks import load_schema
from sockethub.errors import ConfigError, ValidationFailed
from sockethub.testing.subject import Nonconformance, Subject
from sockethub.worker.interface import Platform

CONNECTION: Final = frozenset(("connect", "disconnect"))
"""Verbs that the worker performs itself."""


def declaration(subject: Subject) -> None:
    """The stanza is valid, and its driver a class that performs what is declared."""
    declared, driver = subject.info.declared, subject.driver
    if driver.perform is not Platform.perform:
        return  # it finds out by itself what is asked for
    missing = [verb for verb in declared.verbs if verb not in driver.methods and verb not in CONNECTION]
    if missing:
        text = f"{driver.__name__} has no method that is marked @verb({missing[0]!r}), which the stanza declares"
        raise Nonconformance("declaration", text)
    unknown = [verb for verb in driver.methods if verb not in declared.verbs]
    if unknown:
        text = f"{driver.__name__} performs `{unknown[0]}`, which no client can ask for: add it to `verbs`"
        raise Nonconformance("declaration", text)


def schemas(subject: Subject) -> None:
    """Every schema compiles, needs no other than itself and the shipped ones, and has an ``$id`` that is its own."""
    declared = subject.info.declared.schemas
    names: dict[str, str] = declared.model_dump(exclude_none=True)
    if "responses" not in names:
        raise Nonconformance("schemas", "declare `schemas.responses`: clients want to know what comes back")
    ids: Counter[str] = Counter()
    for kind, name in names.items():
        schema = load_schema(name, subject.folder)
        identity = schema.get("$id")
        if not isinstance(identity, str) or not urlsplit(identity).scheme or urlsplit(identity).fragment:
            raise Nonconformance("schemas", f"schemas.{kind} ({name}) has no `$id` that is an absolute URI")
        ids[identity] += 1
        if ids[identity] > 1:
            raise Nonconformance("schemas", f"schemas.{kind} ({name}) has the `$id` of another schema: {identity}")
        try:
            bundle(schema)
        except ConfigError as error:
            raise Nonconformance("schemas", f"schemas.{kind} ({name}): {error}") from None
        closed = schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False
        if kind in ("messages", "options") and not closed:
            text = f"schemas.{kind} ({name}) lets any member pass; say `additionalProperties: false`"
            raise Nonconformance("schemas", text)


def examples(subject: Subject) -> None:
    """Each example is what clients may send, and each verb has one."""
    info = subject.info
    shown = [*subject.examples, *subject.refused, *subject.documented]
    if not subject.examples:
        raise Nonconformance("examples", "there are none that are to succeed")
    for activity in shown:
        try:
            info.messages.check(activity)
        except ValidationFailed as fault:
            text = f"`{activity.get('type')}` is not what schemas.messages says: {fault}"
            raise Nonconformance("examples", text) from None
    bare = [verb for verb in info.declared.verbs if verb not in {each["type"] for each in shown} | CONNECTION]
    if bare:
        raise Nonconformance("examples", f"the verb `{bare[0]}` has none")
    if subject.persistent and (subject.credentials is None or info.credentials is None):
        text = "a persistent platform has logins: it needs `schemas.credentials`, and credentials here"
        raise Nonconformance("examples", text)
    if subject.credentials is not None:
        if info.credentials is None:
            raise Nonconformance("examples", "there are credentials, but no `schemas.credentials`")
        try:
            info.credentials.check(subject.credentials)
        except ValidationFailed as fault:
            raise Nonconformance("examples", f"the credentials are not what their schema says: {fault}") from None
