"""``python -m bench [NAME …] [--count N]``: run the named benchmarks, or that of the whole path."""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = ("fetch", "gateway", "growth", "holes", "jobs", "report", "soak", "translators", "where", "workers")


def main() -> int:
    """Each benchmark is a module with a ``main()`` that reads what is left of ``sys.argv``."""
    chosen = [name for name in sys.argv[1:] if name in BENCHMARKS] or ["gateway"]
    options = [argument for argument in sys.argv[1:] if argument not in BENCHMARKS]
    if options[:1] in (["-h"], ["--help"]):
        print(f"{__doc__}\nbenchmarks: {', '.join(BENCHMARKS)}")
        return 0
    for name in chosen:
        print(f"\n{name}")
        sys.argv = [name, *options]
        importlib.import_module(f"bench.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
