"""The Lab Streaming Layer: its clock, streams in and out, markers. Nothing outside this folder imports pylsl."""

from acquisition.lsl.markers import MarkerInlet, MarkerOutlet
from acquisition.lsl.network import LSLClock, local_network
from acquisition.lsl.streams import LSLSource, StreamOutlet, StreamWanted

__all__ = ["LSLClock", "LSLSource", "MarkerInlet", "MarkerOutlet", "StreamOutlet", "StreamWanted", "local_network"]
