"""`monitor drift`: how views drift over the days."""

from __future__ import annotations

import click

from monitor.cli.invocation import Invocation, pass_run


@click.command()
@click.argument("cameras", nargs=-1, metavar="[CAMERA]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def drift(run: Invocation, cameras: tuple[str, ...], as_json: bool) -> None:
    """Show how every view drifts against its oldest reference, or those of the CAMERAs named.

    Days are UTC days, and count once they are over; days not summed up yet are summed up first. A single view is also
    drawn.

    Example: monitor drift gate
    """
    from datetime import UTC

    from monitor.cli.drift_words import drift_cell, drift_json, plot, pose_json, sentences
    from monitor.cli.screen import Screen
    from monitor.reports.compose import pace
    from monitor.usecases.drift import drifts, sum_up_days
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    with open_site(run.settings, sync=False) as site:
        now = site.clock.now()
        sum_up_days(site.store, now)
        wanted = set(site.cameras.select(cameras))
        specs = sorted((spec for spec in site.cameras.specs if spec.key in wanted), key=lambda spec: spec.key)
        found = drifts(site.store, specs, now.astimezone(UTC).date())
    if as_json:
        screen.json(
            [
                {
                    "camera": one.spec.key.camera,
                    "view": one.spec.key.view,
                    "reference": one.anchor_id,
                    **drift_json(one.drift),
                    "poses": [pose_json(pose) for pose in one.poses],
                }
                for one in found
            ],
            indent=2,
        )
        return
    if len(found) == 1:
        (only,) = found
        for sentence in sentences(only.drift):
            screen.say(sentence)
        if len(only.poses) > 1:
            for line in plot(only.poses, only.spec.thresholds.tolerance.shift_fov):
                screen.say(line, "quiet")
        return
    screen.table(
        ["view", "drift", "lies", "of its tolerance", "moves in 30 days"],
        [
            [
                str(one.spec.key),
                drift_cell(one.drift),
                one.drift.where.describe() if one.drift.where else "–",
                f"{one.drift.excess * 100:.0f} %" if one.drift.where else "–",
                pace(one.drift) if one.drift.forecast else "–",
            ]
            for one in found
        ],
    )
