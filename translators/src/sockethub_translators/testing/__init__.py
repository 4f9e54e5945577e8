"""Hypothesis strategies for those who test against these translators. The only place that imports Hypothesis."""

from __future__ import annotations
