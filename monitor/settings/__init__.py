"""The configuration: YAML and environment in, validated and immutable settings out.

Knows nothing of the adapters it configures: `resolve` gives plans in the domain's terms, and the wiring
builds from them. Nothing is read at import.
"""

from monitor.settings.changes import Changes, diff
from monitor.settings.display import display
from monitor.settings.example import example_text
from monitor.settings.loading import CONFIG_VARIABLE, FILE_NAME, find_config, load_settings
from monitor.settings.models import Origin, Settings
from monitor.settings.problems import ConfigNotFound, Problem, SettingsError
from monitor.settings.reference import markdown
from monitor.settings.resolution import CameraPlan, resolve
from monitor.settings.schema import json_schema
from monitor.settings.secrecy import secrets_of

__all__ = [
    "CONFIG_VARIABLE",
    "FILE_NAME",
    "CameraPlan",
    "Changes",
    "ConfigNotFound",
    "Origin",
    "Problem",
    "Settings",
    "SettingsError",
    "diff",
    "display",
    "example_text",
    "find_config",
    "json_schema",
    "load_settings",
    "markdown",
    "resolve",
    "secrets_of",
]
