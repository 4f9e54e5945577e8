"""The command line: ``sockethub serve`` and its relatives. Composes the parts; nothing imports it."""


def main() -> None:
    """The entry of the ``sockethub`` command."""
    from sockethub.cli.app import app

    app()
