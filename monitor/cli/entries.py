"""Writing new cameras into the configuration, with their secrets in files of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import click

from monitor.cli.errors import Refusal

if TYPE_CHECKING:
    from monitor.cli.account import Account
    from monitor.cli.invocation import Invocation
    from monitor.cli.screen import Screen


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A camera that gave a picture, and is to be written into the configuration."""

    name: str
    url: str = field(repr=False)
    account: Account
    main_url: str | None = field(default=None, repr=False)


def write(
    newcomers: Sequence[Newcomer],
    run: Invocation,
    screen: Screen,
    *,
    site: str | None,
    may_ask: bool,
    shared_secret: str | None = None,
) -> None:
    """Write all of them at once, or none.

    Args:
        newcomers: The cameras.
        run: The invocation, with its settings read.
        screen: What is said.
        site: Theirs; None leaves it out.
        may_ask: Whether somebody is there to agree to a file with a secret.
        shared_secret: The name of one file with the password for all of them; None gives each its own.

    Raises:
        NotInsertable, SettingsError, ConfigNotReplaced: It cannot be done; the configuration is as it was.
    """
    from monitor.settings import insert_camera, replace_config

    before = after = run.config_path.read_bytes()
    for newcomer in newcomers:
        camera: dict[str, Any] = {"name": newcomer.name}
        if site:
            camera["site"] = site
        camera["source"] = _entry(newcomer, shared_secret or newcomer.name, run, screen, may_ask=may_ask)
        after = insert_camera(after, camera)
    replace_config(run.config_path, before, after, run.environ)
    names = ", ".join(newcomer.name for newcomer in newcomers)
    screen.say(f"Added {names} to {run.config_path}.", "good")


def _entry(
    newcomer: Newcomer, secret_name: str, run: Invocation, screen: Screen, *, may_ask: bool
) -> Mapping[str, Any]:
    """The source as it is written: without any secret in plain text."""
    from monitor.settings import carries_secret
    from monitor.wiring.newcomer import source_entry

    account = newcomer.account
    reference: object = account.reference
    if account.password and reference is None:
        reference = _kept(secret_name, account.password, run, screen, may_ask=may_ask)
    entry = source_entry(newcomer.url, account.username, reference, newcomer.main_url)
    for key in [name for name in ("url", "substream_url") if name in entry]:
        # Some devices write the account into the addresses that they hand out.
        if carries_secret(entry[key]) or (account.password and account.password in unquote(entry[key])):
            file = f"{newcomer.name}-{key.replace('_', '-')}"
            entry[key] = _kept(file, entry[key], run, screen, may_ask=may_ask)
    return entry


def _kept(name: str, secret: str, run: Invocation, screen: Screen, *, may_ask: bool) -> Mapping[str, str]:
    """Put a secret into a file that only its owner can read; how the configuration names it."""
    from monitor.settings import SECRETS_FOLDER, reference_to, store_secret

    path = run.settings.data_dir / SECRETS_FOLDER / name
    question = f"Keep the secret in {path}, readable for you alone?"
    if may_ask and not path.exists() and not click.confirm(question, default=True, err=True):
        raise Refusal(
            "The secret was not kept, and nothing was written.",
            "Give the password with --password-env or --password-file: it is never written into the configuration.",
        )
    store_secret(path.parent, name, secret)
    screen.note(f"The secret is in {path}.")
    return {"file": reference_to(path, run.config_path)}
