"""The local engine: runs an executable workflow on this machine."""

from monitor.local.running import run_plan
from monitor.local.stopping import Stop

__all__ = ["Stop", "run_plan"]
