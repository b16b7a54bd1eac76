"""A simulated site: drawn cameras with weather, light and traffic, to which things can be made to happen.

For the first run, tests and load. The pictures are drawings: no claim about real footage follows from them.
"""

from monitor.simulator.beacon import DISCOVERY_PORT, Beacon
from monitor.simulator.burn_in import encode_jpeg
from monitor.simulator.clock import SimulatedClock
from monitor.simulator.demo import DEMO_FLIPPED, DEMO_MOVED, DEMO_SPEED, demo_cameras, demo_script, demo_site
from monitor.simulator.errors import ScriptError, SimulatorError
from monitor.simulator.events import EVENT_KINDS, CameraState, Event, parse_event
from monitor.simulator.folder import FolderWriter, write_folder
from monitor.simulator.onvif import OnvifBehaviour, OnvifShelf
from monitor.simulator.playback import play
from monitor.simulator.pose import Pose
from monitor.simulator.scene import Scene
from monitor.simulator.scenes import KINDS, scene
from monitor.simulator.script import Script, parse_script, read_script
from monitor.simulator.server import SiteServer
from monitor.simulator.site import Credentials, SimulatedCamera, Site
from monitor.simulator.weather import WeatherSpell

__all__ = [
    "DEMO_FLIPPED",
    "DEMO_MOVED",
    "DEMO_SPEED",
    "DISCOVERY_PORT",
    "EVENT_KINDS",
    "KINDS",
    "Beacon",
    "CameraState",
    "Credentials",
    "Event",
    "FolderWriter",
    "OnvifBehaviour",
    "OnvifShelf",
    "Pose",
    "Scene",
    "Script",
    "ScriptError",
    "SimulatedCamera",
    "SimulatedClock",
    "SimulatorError",
    "Site",
    "SiteServer",
    "WeatherSpell",
    "demo_cameras",
    "demo_script",
    "demo_site",
    "encode_jpeg",
    "parse_event",
    "parse_script",
    "play",
    "read_script",
    "scene",
    "write_folder",
]
