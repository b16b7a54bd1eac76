"""ClearML, online or as an offline session that can be imported later.

ClearML would by itself seed all generators, hook into argparse, click, matplotlib and torch, watch the machine, record
the repository with its uncommitted changes, and ask its makers for news. All of that is switched off: it is told what
this module tells it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from clearml import Logger, Task
from clearml.backend_api.session.session import LoginError

from train.recipes.settings import TrackerSettings
from train.tracking.tracker import TrackingError, flattened
from train.validation import Confusion, Pixels

# Everything that ClearML would hook into; what is not named here it takes as wanted.
HOOKS = (
    "catboost",
    "detect_repository",
    "fastai",
    "gradio",
    "hydra",
    "joblib",
    "jsonargparse",
    "lightgbm",
    "matplotlib",
    "megengine",
    "pytorch",
    "scikit",
    "tensorboard",
    "tensorflow",
    "tfdefines",
    "xgboost",
)
CACHE_VARIABLE = "CLEARML_CACHE_DIR"


class ClearMLTracker:
    """One ClearML task.

    Args:
        settings: Project, and whether to stay offline (so also where CLEARML_OFFLINE_MODE is set).
        name: Of the task.
        directory: For the offline session, `offline/ID.zip` once closed, and for the id of the task: a resumed run
            goes on with its task where there is a server, and makes a session of its own where there is none.

    Raises:
        TrackingError: There is no server to tell, or it does not let us in.
    """

    def __init__(self, settings: TrackerSettings, name: str, directory: Path) -> None:
        self._offline = settings.offline or Task.is_offline()
        self._cache_before = os.environ.get(CACHE_VARIABLE)
        self._id = directory / "task_id"
        directory.mkdir(parents=True, exist_ok=True)
        if self._offline:
            # ClearML knows no other way to say where a session goes.
            os.environ[CACHE_VARIABLE] = str(directory.resolve())
        if self._offline:
            # For the rest of the process: back online ClearML would at once look for its server.
            Task.set_offline(True)
        # Else the recipe's seed would be overwritten.
        Task.set_random_seed(None)
        known = self._id.read_text().strip() if self._id.is_file() and not self._offline else ""
        try:
            with _signals_kept():
                self._task: Task = Task.init(
                    project_name=settings.project,
                    task_name=name,
                    reuse_last_task_id=known or False,
                    # A number is added to each step; True would add the last one, and the run counts on by itself.
                    continue_last_task=0 if known else False,
                    auto_connect_arg_parser=False,
                    auto_connect_frameworks=dict.fromkeys(HOOKS, False),
                    auto_resource_monitoring=False,
                    auto_connect_streams=False,
                )
        except (LoginError, ValueError, OSError) as error:
            self._restore()
            raise TrackingError(
                f"ClearML cannot be told about the run: {str(error).strip().splitlines()[0]}",
                "Run clearml-init, or set tracker to {kinds: [clearml], offline: true}.",
            ) from error
        if not self._offline:
            self._id.write_text(self._task.id)
        self._logger: Logger = self._task.get_logger()

    @property
    def session(self) -> Path:
        """Where the offline session is once closed: the file that `Task.import_offline_session` takes."""
        return Path(f"{self._task.get_offline_mode_folder()}.zip")

    def hyperparameters(self, values: Mapping[str, Any]) -> None:
        """As parameters that tasks can be compared by, and whole as a configuration."""
        self._task.set_parameters({f"recipe/{path}": value for path, value in flattened(values).items()})
        self._task.set_configuration_object(
            "recipe", config_text=yaml.safe_dump(dict(values), sort_keys=False), config_type="yaml"
        )

    def scalar(self, name: str, value: float, step: int) -> None:
        """A point of the series `name` in the plot named before its slash."""
        title, _, series = name.partition("/")
        self._logger.report_scalar(title, series or title, value, iteration=step)

    def picture(self, name: str, pixels: Pixels, step: int) -> None:
        """A debug sample."""
        title, _, series = name.partition("/")
        self._logger.report_image(title, series or title, iteration=step, image=pixels)

    def confusion(self, name: str, confusion: Confusion, step: int) -> None:
        """A plot."""
        self._logger.report_confusion_matrix(
            "confusion",
            name,
            confusion.counts,
            iteration=step,
            xlabels=list(confusion.labels),
            ylabels=list(confusion.labels),
            xaxis="answer",
            yaxis="truth",
            yaxis_reversed=True,
        )

    def artefact(self, name: str, path: Path) -> None:
        """A file of the task; copied into the session when offline."""
        self._task.upload_artifact(name, artifact_object=path, wait_on_upload=True)

    def close(self) -> None:
        """Send or write what is left, end ClearML's threads, and leave the process as it was found."""
        with _signals_kept():
            self._task.close()
        self._restore()

    def _restore(self) -> None:
        if self._offline:
            if self._cache_before is None:
                os.environ.pop(CACHE_VARIABLE, None)
            else:
                os.environ[CACHE_VARIABLE] = self._cache_before


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Put back the handlers that ClearML replaces: the loop decides what SIGTERM means."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
