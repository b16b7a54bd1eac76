"""What every command is given: the options before the command's name, and the settings once they are asked
for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # these take time to import, and `monitor --help` needs none of them
    from monitor.logs import Redactor
    from monitor.settings import Settings


@dataclass
class Invocation:
    """One run of the command line; commands receive it through `click.make_pass_decorator(Invocation)` or
    `@pass_run`.

    Attributes:
        config: What `--config` says, or None.
        log_format: What `--log-format` says, or None for the configuration's.
        log_level: What `--log-level` says, or None for the configuration's.
        environ: Environment variables.
    """

    config: Path | None = None
    log_format: str | None = None
    log_level: str | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @cached_property
    def redactor(self) -> Redactor:
        """Hides secrets in everything that is written; knows those of the settings as soon as these are read.

        Asking for it sets up the logs, by the options alone until the settings are read.
        """
        return self._configure(self.log_format or "auto", self.log_level or "warning", frozenset())

    @cached_property
    def config_path(self) -> Path:
        """The configuration file in use.

        Raises:
            ConfigNotFound: There is none.
        """
        from monitor.settings import find_config

        return find_config(self.config, self.environ, Path.cwd())

    @cached_property
    def settings(self) -> Settings:
        """The configuration, read on first use; sets up the logs by it and shows its warnings.

        Raises:
            ConfigNotFound: There is none.
            SettingsError: It cannot be used.
        """
        from monitor.settings import load_settings, secrets_of

        settings = load_settings(self.config_path, self.environ)
        self.__dict__["redactor"] = self._configure(
            self.log_format or settings.logging.format,
            self.log_level or settings.logging.level,
            secrets_of(settings),
        )
        for warning in settings.origin.warnings:
            click.secho(warning, fg="yellow", err=True)
        return settings

    def redact(self, text: str) -> str:
        """The text without any secret known by now."""
        return self.redactor.redact(text)

    @staticmethod
    def _configure(log_format: str, log_level: str, secrets: frozenset[str]) -> Redactor:
        from monitor.logs import configure_logging

        return configure_logging(log_format, log_level, secrets)  # type: ignore[arg-type]


pass_run = click.make_pass_decorator(Invocation)
