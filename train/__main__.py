"""`python -m train`: fit, evaluate, calibrate and export the networks that the monitor uses."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from monitor.domain.errors import MonitorError

DATA = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("../shared/data"),
    show_default=True,
    help="Directory that holds manifest.csv.",
)

BUNDLE = click.option(
    "--bundle", type=click.Path(path_type=Path), help="Bundle file [default: the shipped one]."
)


def _say(line: str) -> None:
    click.echo(f"{datetime.now(UTC):%H:%M:%S} {line}")


class _Commands(click.Group):
    """Prints errors that people can act on as such, without a traceback."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except MonitorError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands)
def main() -> None:
    """Make the bundles that the monitor loads."""


@main.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@DATA
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="Run directory [default: runs/NAME]."
)
def fit(recipe: Path, data: Path, out: Path | None) -> None:
    """Train as RECIPE says; the same command goes on after a kill.

    Example: python -m train fit config/recipes/view.yaml --data ../shared/data
    """
    from train.loop import Trainer
    from train.recipes.settings import read_recipe
    from train.recipes.view import ViewRecipe
    from train.tracking import NoTracker, TensorBoardTracker

    settings = read_recipe(recipe)
    directory = out or Path("runs") / settings.name
    built = ViewRecipe(settings, data)
    _say(f"{built.manifest!r} {built.splits!r}")
    tracker = TensorBoardTracker(directory / "tensorboard") if settings.run.tensorboard else NoTracker()
    Trainer(built, directory, _say, tracker).run()


@main.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--run", "run_", type=click.Path(path_type=Path), help="Run directory [default: runs/NAME].")
@BUNDLE
@DATA
def export(recipe: Path, run_: Path | None, bundle: Path | None, data: Path) -> None:
    """Write the averaged weights of a run's last checkpoint as a bundle; refused unless ONNX agrees with torch.

    Example: python -m train export config/recipes/view.yaml --run runs/view
    """
    from monitor.vision.bundle import shipped_bundle_path
    from train.checkpoint import read_checkpoint
    from train.data.manifest import read_manifest
    from train.export import export_bundle
    from train.networks.view import ViewNetwork
    from train.recipes.settings import read_recipe

    settings = read_recipe(recipe)
    checkpoint = read_checkpoint((run_ or Path("runs") / settings.name) / "checkpoint.pt", settings)
    network = ViewNetwork(settings.start.frozen_stages)
    network.load_state_dict(checkpoint.averaged)
    network.head.shift_relations(settings.export.relation_logits)
    training = {
        "recipe": settings.model_dump(mode="json"),
        "data_fingerprint": read_manifest(data).fingerprint,
        "steps": checkpoint.step,
        "minutes": round(checkpoint.elapsed_s / 60, 1),
    }
    written = export_bundle(
        network, bundle or shipped_bundle_path(), settings.name, training, datetime.now(UTC)
    )
    _say(
        f"wrote {written.id}, largest difference to torch {written.card.metrics['parity_worst_difference']:.2g}"
    )


@main.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@BUNDLE
@click.option(
    "--per-camera", type=click.IntRange(1), default=24, show_default=True, help="References a camera."
)
@click.option("--false-alarms", type=click.FloatRange(0, 0.5), default=0.01, show_default=True)
@DATA
def calibrate(recipe: Path, bundle: Path | None, per_camera: int, false_alarms: float, data: Path) -> None:
    """Choose the operating point on the recipe's validation cameras, and write it onto the bundle's card.

    Example: python -m train calibrate config/recipes/view.yaml --false-alarms 0.01
    """
    from monitor.vision.bundle import load_bundle, rewrite_card, shipped_bundle_path
    from train.calibrate import operating_point
    from train.evaluate import as_text, figures, judge
    from train.inference import BundleRunner
    from train.protocol import trials
    from train.recipes.settings import read_recipe
    from train.recipes.view import ViewRecipe

    built = ViewRecipe(read_recipe(recipe), data)
    path = bundle or shipped_bundle_path()
    loaded = load_bundle(path)
    findings = judge(BundleRunner(loaded), trials(built.splits.validation, built.rules, per_camera))
    point, calibration = operating_point(findings, false_alarms)
    found = figures(findings, point["alarm_above"])
    metrics = {**loaded.card.metrics, "validation": found}
    rewrite_card(path, operating_point=point, calibration=calibration, metrics=metrics)
    _say("\n" + as_text(found))
    _say("operating point: " + "  ".join(f"{name} {value:.3f}" for name, value in point.items()))


@main.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@BUNDLE
@click.option("--split", type=click.Choice(["validation", "dev"]), default="validation", show_default=True)
@click.option(
    "--per-camera", type=click.IntRange(1), default=24, show_default=True, help="References a camera."
)
@click.option("--write", is_flag=True, help="Note the figures on the bundle's card.")
@DATA
def evaluate(recipe: Path, bundle: Path | None, split: str, per_camera: int, write: bool, data: Path) -> None:
    """Measure a bundle on real pictures, the network's head and embedding alone.

    Example: python -m train evaluate config/recipes/view.yaml --split dev --per-camera 12
    """
    from monitor.vision.bundle import load_bundle, rewrite_card, shipped_bundle_path
    from train.evaluate import as_text, figures, judge
    from train.inference import BundleRunner
    from train.protocol import trials
    from train.recipes.settings import read_recipe
    from train.recipes.view import ViewRecipe

    built = ViewRecipe(read_recipe(recipe), data)
    path = bundle or shipped_bundle_path()
    loaded = load_bundle(path)
    pool = built.splits.dev if split == "dev" else built.splits.validation
    findings = judge(BundleRunner(loaded), trials(pool, built.rules, per_camera))
    found = figures(findings, loaded.card.operating_point.get("alarm_above", 0.5))
    if write:
        rewrite_card(path, metrics={**loaded.card.metrics, split: found})
    _say(f"{loaded.id} on {pool!r}\n" + as_text(found))


if __name__ == "__main__":
    main()
