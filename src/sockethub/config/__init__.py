"""The declaration: models, loading, secrets, errors with file and line.

:func:`load` is the way in; :mod:`sockethub.config.models` says what may be declared.
"""

from sockethub.config.loader import load
from sockethub.config.models import Declaration
from sockethub.config.problems import InvalidDeclaration, Problem

__all__ = ["Declaration", "InvalidDeclaration", "Problem", "load"]
