# SPDX-License-Identifier: Apache-2.0
"""Results, frames and commands of a dwellmap analyzer."""
__version__ = "0.1.0"

from .atoms import Atoms, Flag, Site
from .command_messages import Command, CommandKind, Recording, RecordingState, Reply
from .control import Control
from .envelope import Kind, Rejected, Stamp
from .frame_messages import End, Heartbeat, Rows, Start, State
from .messages import decode, encode
from .receiver import Collector, Frame, listen, results
from .result_messages import Event, Layer, Map, Modes, Series, Statistics
from .sender import FrameSender

__all__ = ["Atoms", "Collector", "Command", "CommandKind", "Control", "End", "Event", "Flag", "Frame", "FrameSender",
           "Heartbeat", "Kind", "Layer", "Map", "Modes", "Recording", "RecordingState", "Rejected", "Reply", "Rows",
           "Series", "Site", "Stamp", "Start", "State", "Statistics", "decode", "encode", "listen", "results"]
