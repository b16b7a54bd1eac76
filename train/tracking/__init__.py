"""Who is told about a run: TensorBoard, ClearML, several, or nobody."""

from train.tracking.tracker import NoTracker, SeveralTrackers, Tracker

__all__ = ["NoTracker", "SeveralTrackers", "Tracker"]
