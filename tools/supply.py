"""What users get besides our own code: ``python3 tools/dev.py audit``.

In an environment of what runs Sockethub, and nothing else: a bill of materials (CycloneDX, JSON), every licence
against those that decision 5 accepts, and known vulnerabilities by what the package index publishes. The tools have an
environment and a lock of their own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import environment
from locks import REQUIREMENTS, ROOT

BUILD = ROOT / "build" / "audit"
BILL = BUILD / "sockethub.cdx.json"

ACCEPTED = frozenset(
    {
        *("MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "PSF-2.0", "Apache-2.0"),
        *("LGPL-3.0-or-later", "MPL-2.0"),  # end at the library's own files
    }
)
CLASSIFIERS = {
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""What older packages say instead of an SPDX identifier."""

KNOWN = {"tempora": "MIT"}
"""Packages whose metadata names none, and what the licence file in their wheel is."""

_WORD = re.compile(r"[A-Za-z0-9.+-]+")


def licences(component: dict[str, Any]) -> list[str]:
    """SPDX identifiers and expressions, or what is said in their place."""
    found = []
    for entry in component.get("licenses", ()):
        named = entry.get("license", {})
        said = entry.get("expression") or named.get("id") or named.get("name", "")
        found.append(CLASSIFIERS.get(said, said))
    return sorted(set(found)) or [each for each in [KNOWN.get(component["name"])] if each]


def acceptable(expression: str) -> bool:
    """Whether an SPDX expression holds accepted licences alone; of a choice (``OR``) one is enough."""
    plain = expression.replace("(", " ").replace(")", " ")
    words = [word for word in _WORD.findall(plain) if word not in {"AND", "OR", "WITH"}]
    accepted = [word in ACCEPTED for word in words]
    return bool(words) and (any(accepted) if "AND" not in plain else all(accepted))


def refused(bill: dict[str, Any]) -> list[str]:
    """Components that say no licence, or one that is not accepted; printed are all."""
    problems = []
    for component in sorted(bill["components"], key=lambda each: str(each["name"]).lower()):
        said = licences(component)
        print(f"  {component['name']} {component['version']}: {', '.join(said) or 'none'}")
        if not said or not all(map(acceptable, said)):
            problems.append(f"{component['name']}: {', '.join(said) or 'no licence named'}")
    return problems


def audit() -> int:
    """Make the bill of materials and judge it; 0 when nothing is wrong, and everything could be looked at."""
    BUILD.mkdir(parents=True, exist_ok=True)
    ours, tools = environment.separate(BUILD / "run", "run"), environment.separate(BUILD / "tools", "audit")
    make = [str(tools.parent / "cyclonedx-py"), "environment", "--pyproject", "pyproject.toml", "--output-reproducible"]
    subprocess.run([*make, "--of", "JSON", "-o", str(BILL), str(ours)], cwd=ROOT, check=True)
    print(f"— bill of materials: {BILL.relative_to(ROOT)}\n— licences", flush=True)
    problems = refused(json.loads(BILL.read_text()))
    for problem in problems:
        print(f"licence not accepted (docs/decisions/0005-licences.md): {problem}", file=sys.stderr)
    print("— vulnerabilities", flush=True)
    look = [
        str(tools.parent / "pip-audit"),
        "--strict",
        "--disable-pip",
        "--require-hashes",
        "--progress-spinner",
        "off",
    ]
    vulnerable = subprocess.run([*look, "-r", str(REQUIREMENTS / "run.txt")], check=False).returncode
    return 1 if problems or vulnerable else 0
