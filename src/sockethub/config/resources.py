"""Where the files that ship with Sockethub are: in the package (in a checkout, links to the top)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parents[1]

SHIPPED_DECLARATION: Final = (_PACKAGE / "sockethub.yaml").resolve()
"""The declaration that is used when none is given."""

CHECKOUT: Final = _PACKAGE.parents[1]
"""The top of the repository, where this is run from one."""

SCHEMAS: Final = (_PACKAGE / "schemas").resolve()
"""The folder of the shipped JSON Schemas."""
JAVASCRIPT: Final = (_PACKAGE / "javascript").resolve()
"""The folder of the JavaScript client."""


def find_schema(name: str, folder: Path) -> Path | None:
    """The file a schema's path means: absolute, beside the declaration in ``folder``, or among the shipped ones."""
    for root in (folder, SCHEMAS):
        path = root / name
        if path.is_file():
            return path.resolve()
    return None
