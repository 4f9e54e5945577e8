"""A setting that is a secret: held as :class:`~sockethub.crypto.Secret`, shown nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import GetPydanticSchema
from pydantic_core import core_schema

from sockethub.crypto import Secret


def _hide(value: Any, check: Callable[[Any], str]) -> Secret[str]:
    return value if isinstance(value, Secret) else Secret(check(value))


def _schema(_source: Any, _handler: Any) -> core_schema.CoreSchema:
    return core_schema.no_info_wrap_validator_function(
        _hide,
        core_schema.str_schema(min_length=1),
        serialization=core_schema.plain_serializer_function_ser_schema(repr, return_schema=core_schema.str_schema()),
    )


SecretText = Annotated[Secret[str], GetPydanticSchema(_schema)]
"""Text in the file, a :class:`~sockethub.crypto.Secret` in the model."""
