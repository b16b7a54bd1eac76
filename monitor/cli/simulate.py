"""`monitor simulate`: a small site of drawn cameras to try the monitor on."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port; 0 picks a free one."
)
@click.option(
    "--cameras", type=click.IntRange(1, 64), default=6, show_default=True, help="Number of cameras."
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    help="Simulated seconds per real second.  [demo: 1152, script: 60]",
)
@click.option(
    "--script",
    "script_path",
    type=click.Path(path_type=Path),
    help="YAML file with events; without it, a demo.",
)
@click.option("--folder", type=click.Path(path_type=Path), help="Also write pictures to FOLDER/<camera>/.")
@click.option("--interval", "interval_s", type=click.FloatRange(min=0.05), default=10.0, show_default=True,
              help="Real seconds between pictures in the folder.")  # fmt: skip
@click.option(
    "--duration", "duration_s", type=click.FloatRange(min=0), help="End after this many real seconds."
)
@click.option("--onvif", is_flag=True, help="Let the cameras be found and asked as ONVIF devices, too.")
@click.option("--discovery-port", type=click.IntRange(0, 65535), default=3702, show_default=True,
              help="With --onvif: where they answer to `monitor discover`; 0 picks a free one.")  # fmt: skip
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed gives other places.")
def simulate(
    host: str,
    port: int,
    cameras: int,
    speed: float | None,
    script_path: Path | None,
    folder: Path | None,
    interval_s: float,
    duration_s: float | None,
    onvif: bool,
    discovery_port: int,
    seed: int,
) -> None:
    """Serve a simulated site over HTTP until Ctrl-C.

    Without --script a demo plays: one day and night in 75 seconds, in which one camera is turned
    upside down and one is moved.
    """
    import signal
    import threading

    from monitor.cli.errors import Refusal
    from monitor.domain.errors import MonitorError
    from monitor.simulator import (
        DEMO_SPEED,
        Beacon,
        OnvifShelf,
        SimulatedClock,
        Site,
        SiteServer,
        demo_cameras,
        demo_site,
        play,
        read_script,
    )

    stop = threading.Event()
    previous = {sign: signal.signal(sign, lambda *_: stop.set()) for sign in (signal.SIGINT, signal.SIGTERM)}
    try:
        if script_path is None:
            site = demo_site(speed=DEMO_SPEED if speed is None else speed, cameras=cameras, seed=seed)
        else:
            shelf = demo_cameras(cameras, seed)
            script = read_script(script_path, tuple(camera.name for camera in shelf))
            clock = SimulatedClock(script.start, 60.0 if speed is None else speed)
            site = Site(
                script.cameras or shelf, clock, events=script.events, weather=script.weather, seed=seed
            )
        devices = OnvifShelf(site) if onvif else None
        server = SiteServer(site, host, port, onvif=devices)
        beacon = Beacon(devices, server.port, host, discovery_port) if devices else None
        play(
            site, server, stop, click.echo,
            folder=folder, interval_s=interval_s, duration_s=duration_s, beacon=beacon,
        )  # fmt: skip
    except MonitorError as error:
        raise Refusal(error.problem, error.remedy) from error
    finally:
        for sign, handler in previous.items():
            signal.signal(sign, handler)


if __name__ == "__main__":
    simulate()
