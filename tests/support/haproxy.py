"""A real HAProxy as a load balancer, with what docs/how-to/behind-a-proxy.md shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.processes import accepts, find_server, running

PAGE: Final = Path(__file__).parents[2] / "docs" / "how-to" / "behind-a-proxy.md"


def shown(**addresses: str) -> str:
    """The page's configuration with addresses of one's own, and looking often."""
    block: str
    (block,) = re.findall(r"```haproxy\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for old, new in addresses.items():
        old = old.replace("_", "-")
        assert f"server {old} " in block
        block = re.sub(rf"(server {old}) \S+", rf"\1 {new}", block)
    return block.replace("inter 1s", "inter 100ms")


@contextmanager
def run_haproxy(
    directory: Path, address: tuple[str, int], prefix: Sequence[str], gateways: Mapping[str, str]
) -> Iterator[Path]:
    """Run it at ``address`` by the command ``prefix``; gives its log."""
    executable, log = find_server("haproxy", "haproxy"), directory / "haproxy.log"
    config = directory / "haproxy.cfg"
    block = re.sub(r"bind \S+", f"bind {address[0]}:{address[1]}", shown(**gateways), count=1)
    config.write_text(block.replace(" ssl crt /etc/haproxy/chat.pem", ""))
    argv = [*prefix, executable, "-db", "-f", str(config)]
    with running(argv, ready=lambda: accepts(address), log=log):
        yield log
