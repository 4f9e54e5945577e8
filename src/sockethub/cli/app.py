"""The commands and their options. Each imports its part when it runs, so that ``--help`` answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sockethub.cli.exits import Exit

app = typer.Typer(
    name="sockethub",
    help="A protocol gateway for the web: browser apps speak ActivityStreams, Sockethub speaks IRC and more.",
    epilog=f"Exit status: {Exit.OK:d} done, or stopped by SIGINT or SIGTERM; {Exit.FAILED:d} a part failed; "
    f"{Exit.USAGE:d} wrong use; {Exit.CONFIG:d} the declaration cannot be used.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback made pretty shows local variables, and with them secrets.
    pretty_exceptions_enable=False,
)

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="The declaration; without it ./sockethub.yaml if there is one, else the shipped one.",
    ),
]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on, instead of gateway.host.")]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on, instead of gateway.port; 0 is any.")]


@app.command()
def serve(config: Config = None, host: Host = None, port: Port = None) -> None:
    """Run everything on this machine: a Redis and an IRC server if declared so, workers and the gateway."""
    from sockethub.cli import run

    raise typer.Exit(run.serve(config, host, port))


@app.command()
def gateway(config: Config = None, host: Host = None, port: Port = None) -> None:
    """Run the gateway alone; it shares redis.url and the master key with `sockethub workers` elsewhere."""
    from sockethub.cli import run

    raise typer.Exit(run.gateway(config, host, port))


@app.command()
def workers(config: Config = None) -> None:
    """Run this machine's workers alone; they share redis.url and the master key with `sockethub gateway`."""
    from sockethub.cli import run

    raise typer.Exit(run.workers(config))


@app.command()
def check(
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")] = False,
    imports: Annotated[
        bool, typer.Option("--import", help="Also import drivers, translators and middleware; this runs their code.")
    ] = False,
) -> None:
    """Validate the declaration without starting anything."""
    from sockethub.cli.check import check

    raise typer.Exit(check(config, as_json=as_json, imports=imports))


@app.command()
def deadletters(
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")] = False,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="ID", help="Remove this one; may be given several times.")
    ] = None,
    remove_all: Annotated[bool, typer.Option("--remove-all", help="Remove all of them.")] = False,
) -> None:
    """List the commands that were set aside because their worker died of them; they stay sealed."""
    from sockethub.cli.deadletters import deadletters

    raise typer.Exit(deadletters(config, as_json=as_json, removed=remove or (), all_of_them=remove_all))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the declaration, for editors."""
    from sockethub.config.schema import text

    typer.echo(text(), nl=False)


@app.command()
def version() -> None:
    """Print the version."""
    from sockethub import __version__

    typer.echo(__version__)
