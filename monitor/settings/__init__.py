"""The configuration: YAML and environment in, validated and immutable settings out.

Knows nothing of the adapters it configures: `resolve` gives plans in the domain's terms, and the wiring
builds from them. Nothing is read at import.
"""

from monitor.settings.changes import Changes, diff
from monitor.settings.display import display
from monitor.settings.example import example_text
from monitor.settings.insertion import NotInsertable, insert_camera
from monitor.settings.loading import CONFIG_VARIABLE, FILE_NAME, find_config, load_settings
from monitor.settings.models import Origin, Settings
from monitor.settings.problems import ConfigNotFound, Problem, SettingsError
from monitor.settings.reference import markdown
from monitor.settings.resolution import CameraPlan, resolve
from monitor.settings.schema import json_schema
from monitor.settings.secrecy import carries_secret, secrets_of
from monitor.settings.writing import (
    SECRETS_FOLDER,
    ConfigNotReplaced,
    reference_to,
    replace_config,
    store_secret,
)

__all__ = [
    "CONFIG_VARIABLE",
    "FILE_NAME",
    "SECRETS_FOLDER",
    "CameraPlan",
    "Changes",
    "ConfigNotFound",
    "ConfigNotReplaced",
    "NotInsertable",
    "Origin",
    "Problem",
    "Settings",
    "SettingsError",
    "carries_secret",
    "diff",
    "display",
    "example_text",
    "find_config",
    "insert_camera",
    "json_schema",
    "load_settings",
    "markdown",
    "reference_to",
    "replace_config",
    "resolve",
    "secrets_of",
    "store_secret",
]
