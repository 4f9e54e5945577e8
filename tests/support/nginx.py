"""A real nginx with given configuration, as a reverse proxy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import accepts, find_server, free_port, running


@contextmanager
def run_nginx(directory: Path, http: str, server: str) -> Iterator[int]:
    """Run nginx with these lines in ``http`` and in its one ``server``; gives its port."""
    executable, port = find_server("nginx", "nginx"), free_port()
    paths = "\n".join(
        f"    {name}_temp_path {directory}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # It would give up root, and then not reach the test's own files.
    user = "user root;" if os.geteuid() == 0 else ""
    (directory / "nginx.conf").write_text(f"""
daemon off;
{user}
pid {directory}/nginx.pid;
error_log stderr;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
{paths}
    access_log off;
    {http}
    server {{
        listen 127.0.0.1:{port};
        {server}
    }}
}}
""")
    argv = [executable, "-p", str(directory), "-c", "nginx.conf", "-e", "stderr"]
    with running(argv, ready=lambda: accepts(("127.0.0.1", port)), log=directory / "log"):
        yield port
