"""`monitor run`: the daemon."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from monitor.cli.invocation import Invocation, pass_run


@click.command()
@click.option(
    "--heartbeat-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Written at every sign of life, for health checks of containers.",
)
@pass_run
def run(invocation: Invocation, heartbeat_file: Path | None) -> None:
    """Watch all cameras until stopped.

    SIGTERM and Ctrl-C let running checks finish and end with 0; a second signal ends at once. SIGHUP, or a
    change of the configuration file, reloads it; a bad new file keeps the old configuration running and says
    so.

    Example: monitor --config /etc/monitor/monitor.yaml run
    """
    from monitor.service.arenas import share_arenas
    from monitor.service.engine import EXIT_ABANDONED
    from monitor.service.orders import end_process
    from monitor.service.supervisor import Supervisor
    from monitor.settings import load_settings
    from monitor.wiring.daemon import build_service, refresh_encodings
    from monitor.wiring.site import open_site
    from monitor.wiring.web import serving

    # First of all: arenas that threads have got already stay theirs.
    share_arenas(os.environ)
    settings = invocation.settings
    path = invocation.config_path
    with open_site(settings) as site:
        site.grabbers.prepare()  # loads its libraries while the network loads here
        encoder = site.open_encoder()
        equipment = site.equipment(encoder)
        refresh_encodings(site.store, equipment)
        service = build_service(
            site,
            equipment,
            load_settings=lambda: load_settings(path, invocation.environ),
            watched=[path, *settings.origin.secret_files],
            add_secrets=invocation.redactor.add,
            supervisor=Supervisor.from_environment(os.environ, heartbeat_file),
        )
        with serving(site, lambda: service.is_turning, lambda: service.is_working):
            code = service.run()
    if code == EXIT_ABANDONED:
        # Threads may hang in native calls for ever; the database knows what is unfinished.
        end_process(code)
    sys.exit(code)
