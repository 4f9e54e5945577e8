"""The commands and their options. Each imports its part when it runs, so that ``--help`` answers at once."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sockethub.cli.exits import Exit

app = typer.Typer(
    name="sockethub",
    help="A protocol gateway for the web: browser apps speak ActivityStreams, Sockethub speaks IRC and more.",
    epilog=f"Exit status: {Exit.OK:d} done, or stopped by SIGINT or SIGTERM; {Exit.FAILED:d} something failed, or "
    "is not as it should be; "
    f"{Exit.USAGE:d} wrong use; {Exit.CONFIG:d} the declaration cannot be used.",
    no_args_is_help=True,
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
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on, instead of gateway.host.")]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on, instead of gateway.port; 0 is any.")]


@app.callback()
def every_command() -> None:
    """Any of them may be told secrets by the declaration."""
    if sys.platform == "linux":
        from sockethub.supervisor.cage import keep_secrets

        keep_secrets()


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
    as_json: Json = False,
    imports: Annotated[
        bool, typer.Option("--import", help="Also import drivers, translators and middleware; this runs their code.")
    ] = False,
) -> None:
    """Validate the declaration without starting anything."""
    from sockethub.cli.check import check

    raise typer.Exit(check(config, as_json=as_json, imports=imports))


@app.command()
def init(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; - is standard output.")] = Path(
        "sockethub.yaml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Write over what is there.")] = False,
) -> None:
    """Write a declaration to start from, with comments, and its schema for the editor."""
    from sockethub.cli.init import init

    raise typer.Exit(init(path, force=force))


@app.command()
def doctor(config: Config = None, as_json: Json = False) -> None:
    """Look whether this machine, its Redis and the declaration will do; say what to do about what will not."""
    from sockethub.cli.doctor import doctor

    raise typer.Exit(doctor(config, as_json=as_json))


@app.command()
def status(config: Config = None, as_json: Json = False) -> None:
    """Who is there: gateways, machines with their logins and queues, and how fast commands are answered."""
    from sockethub.cli.operating import status

    raise typer.Exit(status(config, as_json=as_json))


@app.command()
def ps(
    config: Config = None,
    as_json: Json = False,
    platform: Annotated[str | None, typer.Option("--platform", metavar="ID", help="Only those of this one.")] = None,
) -> None:
    """List the logins that run, on all machines, by their opaque ids."""
    from sockethub.cli.operating import ps

    raise typer.Exit(ps(config, platform=platform, as_json=as_json))


@app.command()
def kill(
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="The beginning of its id, as `ps` lists it.")],
    config: Config = None,
    as_json: Json = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="End the login: its clients are told, none takes its place.")
    ] = False,
) -> None:
    """Have a login's process leave politely; another takes its place, connects and joins."""
    from sockethub.cli.operating import kill

    raise typer.Exit(kill(config, login, stop=stop, as_json=as_json))


@app.command()
def drain(
    machine: Annotated[str, typer.Argument(metavar="MACHINE", help="The beginning of its host name or id.")],
    config: Config = None,
    as_json: Json = False,
    seconds: Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=0, help="How long to wait.")] = 60.0,
    force: Annotated[bool, typer.Option("--force", help="Also where no other machine can take its logins.")] = False,
) -> None:
    """Have a machine take no more logins and give those it has to others, before it is stopped."""
    from sockethub.cli.operating import drain

    raise typer.Exit(drain(config, machine, seconds=seconds, force=force, as_json=as_json))


@app.command()
def reload(config: Config = None, as_json: Json = False) -> None:
    """Have all gateways and machines read their declarations again, as SIGHUP does."""
    from sockethub.cli.reloadorder import reload

    raise typer.Exit(reload(config, as_json=as_json))


class Level(StrEnum):
    """Levels of logs, the least severe first."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@app.command()
def logs(
    config: Config = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Answer in JSON, for programs; with --follow one object a line.")
    ] = False,
    login: Annotated[
        str, typer.Option("--login", metavar="LOGIN", help="Only of logins whose ids begin so, as `ps` lists them.")
    ] = "",
    platform: Annotated[str, typer.Option("--platform", metavar="ID", help="Only what is about this one.")] = "",
    level: Annotated[Level, typer.Option("--level", help="Only what is as severe, or more.")] = Level.DEBUG,
    since: Annotated[
        str | None, typer.Option("--since", metavar="SPAN", help="Only the last 90s, 10m, 2h or 1d.")
    ] = None,
    lines: Annotated[
        int, typer.Option("--lines", "-n", metavar="N", min=1, max=1_000, help="The last so many, of all together.")
    ] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is logged from now on.")] = False,
) -> None:
    """What gateways, machines and their workers have logged last, merged by time."""
    from sockethub.cli.logreading import logs
    from sockethub.operations.recent import Wanted

    wanted = Wanted(level=level.value, login=login, platform=platform, lines=lines)
    raise typer.Exit(logs(config, wanted, since, follow=follow, as_json=as_json))


@app.command()
def deadletters(
    config: Config = None,
    as_json: Json = False,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="ID", help="Remove this one; may be given several times.")
    ] = None,
    remove_all: Annotated[bool, typer.Option("--remove-all", help="Remove all of them.")] = False,
) -> None:
    """List the commands that were set aside because their worker died of them; they stay sealed."""
    from sockethub.cli.deadletters import deadletters

    raise typer.Exit(deadletters(config, as_json=as_json, removed=remove or (), all_of_them=remove_all))


@app.command("rotate-keys")
def rotate_keys(
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Change nothing; say how things are.")] = False,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Also have all other keys than the one in use open nothing any more.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="With --withdraw: also where a running process would need them to start again."),
    ] = False,
    begin_anew: Annotated[
        bool, typer.Option("--begin-anew", help="Forget the root key: what is sealed is lost, and all log in anew.")
    ] = False,
) -> None:
    """Have what is in Redis open with the master key in use; while everything runs."""
    from sockethub.cli.rotatekeys import Step, rotatekeys

    chosen: list[Step] = []
    chosen += ["status"] if status else []
    chosen += ["withdraw"] if withdraw else []
    chosen += ["begin-anew"] if begin_anew else []
    if len(chosen) > 1:
        raise typer.BadParameter("give one of --status, --withdraw and --begin-anew")
    if force and not withdraw:
        raise typer.BadParameter("--force goes with --withdraw")
    raise typer.Exit(rotatekeys(config, chosen[0] if chosen else "wrap", force=force, as_json=as_json))


@app.command(name="redis-acl")
def redis_acl(
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")] = False,
    create: Annotated[
        Path | None,
        typer.Option(
            "--create",
            metavar="DIRECTORY",
            help="Make the users in the Redis of redis.url, with new passwords; a file for each here holds its URL.",
        ),
    ] = None,
) -> None:
    """Print what gateways, supervisors and operators may do in Redis, as its access control lists say it."""
    from sockethub.cli.redisacl import redisacl

    raise typer.Exit(redisacl(config, as_json=as_json, into=create))


class Mode(StrEnum):
    """Kinds of platforms."""

    STATELESS = "stateless"
    PERSISTENT = "persistent"


@app.command()
def new_platform(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The platform's id, such as `matrix`.")],
    mode: Annotated[
        Mode,
        typer.Option(help="stateless: each command on its own; persistent: a connection for each login."),
    ] = Mode.STATELESS,
    into: Annotated[
        Path, typer.Option("--into", metavar="DIRECTORY", help="Where the package's folder, sockethub-NAME, is made.")
    ] = Path(),
) -> None:
    """Write a package for a platform of your own, with tests that pass; nothing is overwritten."""
    from sockethub.cli.newplatform import new_platform

    raise typer.Exit(new_platform(name, mode.value, into))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the declaration, for editors."""
    from sockethub.config.schema import text

    typer.echo(text(), nl=False)


@app.command()
def version(as_json: Json = False) -> None:
    """Print the version."""
    from sockethub import __version__

    typer.echo(json.dumps({"version": __version__}) if as_json else __version__)
