"""A configuration file."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from monitor.settings import load_settings
from monitor.settings.problems import SettingsError
from tests.fuzz.target import Broken, Target

EXAMPLE = Path(__file__).parents[3] / "config" / "monitor.yaml"
PLACE = Path(tempfile.mkdtemp(prefix="fuzz-settings-"))
atexit.register(shutil.rmtree, PLACE, ignore_errors=True)


def check(data: bytes) -> object:
    path = PLACE / "monitor.yaml"
    path.write_bytes(data)
    try:
        return [camera.name for camera in load_settings(path, {"CANARY": "x"}).cameras]
    except SettingsError as error:
        if not error.problems:
            raise Broken("refused, and no word why") from error
        return str(error)


def seeds() -> list[bytes]:
    return [
        EXAMPLE.read_bytes(),
        b"cameras: [{name: a, source: {kind: folder, path: /x, time_format: '%Y%m%d', max_age: 5m}}]\n",
        b"cameras:\n- name: a\n  source: {kind: http, url: 'http://u:p@h/x', password: {env: CANARY}}\n",
        b"cameras:\n- &a {name: a, source: {kind: video, path: x.mp4, step: 1m}}\n- *a\n",
        b"defaults: {masks: [{left: 0, top: 0, width: 1e-3, height: .5}], policy: {open_checks: 3, window: 5}}\n",
        b"sites: {north: , south: {time_zone: Europe/Berlin}}\nretention: {images: 30d}\nservice: {workers: 0x10}\n",
        b"%YAML 1.2\n---\ncameras: !!python/name:os.system []\n",
        b"a: 1\na: 2\n? [x]\n: y\n",
    ]


TARGET = Target(
    promise="Settings, or a SettingsError that names every problem.",
    check=check,
    seeds=seeds,
    words=(
        b"cameras:", b"- name: ", b"source: ", b"kind: ", b"folder", b"http", b"video", b"path: ", b"url: ",
        b"!!str ", b"env: ", b"file: ", b"&a ", b"*a", b"<<: ", b"|\n", b">\n", b"masks: ", b"thresholds: ",
        b"interval: ", b"1e999", b"-.inf", b".nan", b"time_format: ", b"'%Y'", b"max_bytes: ", b"10MB",
    ),
)  # fmt: skip
