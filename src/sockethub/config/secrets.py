"""A setting that is a secret: held as :class:`~sockethub.crypto.Secret`, shown nowhere."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import GetPydanticSchema
from pydantic_core import core_schema

from sockethub.crypto import Secret


def _schema(_source: Any, _handler: Any) -> core_schema.CoreSchema:
    wrap = core_schema.no_info_after_validator_function(Secret, core_schema.str_schema(min_length=1))
    return core_schema.json_or_python_schema(
        json_schema=wrap,
        python_schema=core_schema.union_schema([core_schema.is_instance_schema(Secret), wrap]),
        serialization=core_schema.plain_serializer_function_ser_schema(repr),
    )


SecretText = Annotated[Secret[str], GetPydanticSchema(_schema)]
"""Text in the file, a :class:`~sockethub.crypto.Secret` in the model."""
