"""Finding the configuration file, and turning it into settings or into a complete list of what is wrong with
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from monitor.settings.crosschecks import check_links, check_names, check_policies
from monitor.settings.document import Document, Malformed, parse_document
from monitor.settings.findings import locate, problems_from
from monitor.settings.models import Origin, Settings
from monitor.settings.problems import ConfigNotFound, Problem, SettingsError
from monitor.settings.reading import Reading

CONFIG_VARIABLE = "MONITOR_CONFIG"
FILE_NAME = "monitor.yaml"
SYSTEM_FILE = Path("/etc/monitor") / FILE_NAME


def find_config(
    option: Path | None, environ: Mapping[str, str], folder: Path, system_file: Path = SYSTEM_FILE
) -> Path:
    """The configuration file: what `--config` says, else `MONITOR_CONFIG`, else `monitor.yaml` in `folder`,
    else the system's.

    A file that was asked for by name is not replaced by another one when it is missing.

    Raises:
        ConfigNotFound: There is none.
    """
    named = option or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    candidates = [named] if named else [folder / FILE_NAME, system_file]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    if named:
        asker = "--config" if option else CONFIG_VARIABLE
        raise ConfigNotFound(
            f"The configuration file {named} that {asker} names does not exist.",
            f"Correct the path, or write a file to start from with `monitor init {named}`.",
        )
    raise ConfigNotFound(
        f"There is no configuration file: neither {candidates[0]} nor {candidates[1]} exists.",
        "Write one to start from with `monitor init`, or name one with --config FILE.",
    )


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read a configuration file; secrets are taken from `environ` and from the files that it names.

    Raises:
        SettingsError: The file cannot be used; carries every problem, none of them with a secret.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(path, [Problem(0, 0, "", f"the file cannot be read ({reason})")]) from None
    try:
        document = parse_document(content)
    except Malformed as error:
        raise SettingsError(path, [error.problem_found]) from None

    reading = Reading(environ=environ, base=path.absolute().parent)
    problems = list(document.problems)
    problems += [locate(keys, message, document) for keys, message in check_names(document.data)]
    settings = _validated(document, reading, problems)
    if settings is not None:
        problems += [locate(keys, message, document) for keys, message in check_policies(settings)]
        problems += [locate(keys, message, document) for keys, message in check_links(settings)]
    if settings is None or problems:
        raise SettingsError(path, problems)
    settings._origin = Origin(
        path, frozenset(reading.referenced), tuple(reading.secret_files), tuple(reading.warnings)
    )
    return settings


def _validated(document: Document, reading: Reading, problems: list[Problem]) -> Settings | None:
    try:
        return Settings.model_validate(document.data, context=reading)
    except ValidationError as error:
        problems += problems_from(error.errors(include_url=False), document)
        return None
