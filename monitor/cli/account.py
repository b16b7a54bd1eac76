"""The account with which a new camera is asked: from options or from a person, never from the command line itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.errors import Refusal

if TYPE_CHECKING:
    from monitor.cli.invocation import Invocation
    from monitor.onvif.soap import Login


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks.

    Attributes:
        username: None without an account.
        password: None without one.
        reference: How the configuration is to name the password; None for one that was typed.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    reference: Mapping[str, str] | None = None

    @property
    def login(self) -> Login | None:
        """The same for an ONVIF device."""
        from monitor.onvif.soap import Login

        return None if self.username is None else Login(self.username, self.password or "")


def account_of(
    run: Invocation, username: str | None, password_env: str | None, password_file: Path | None
) -> Account:
    """The account that the options tell; its password is asked for by `complete` where they do not.

    Raises:
        UsageError: The options contradict each other.
        Refusal: The variable or the file holds no password.
    """
    if password_env and password_file:
        raise click.UsageError("Give one of --password-env and --password-file.")
    if username is None and (password_env or password_file):
        raise click.UsageError("A password goes with --username.")
    if password_env:
        return _known(run, username, run.environ.get(password_env, ""), {"env": password_env})
    if password_file:
        from monitor.settings import reference_to

        try:
            password = password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            password = ""
        return _known(run, username, password, {"file": reference_to(password_file, run.config_path)})
    return Account(username)


def _known(run: Invocation, username: str | None, password: str, reference: Mapping[str, str]) -> Account:
    if not password:
        ((kind, name),) = reference.items()
        where = f"The environment variable {name}" if kind == "env" else f"The file {name}"
        raise Refusal(f"{where} holds no password.", "Correct its name, or fill it.")
    run.redactor.add([password])
    return Account(username, password, reference)


def ask_for_account(run: Invocation, known: Account) -> Account:
    """Ask a person for what is not known; what is typed of a password is not shown."""
    username = known.username or click.prompt("User name", err=True)
    password = click.prompt("Password", hide_input=True, err=True)
    run.redactor.add([password])
    return Account(username, password)
