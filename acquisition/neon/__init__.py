"""Pupil Labs Neon: gaze on the screen and eye events. Nothing but this folder and the fake Neon uses its library."""

from acquisition.neon.source import NeonHealth, NeonSource, discover_neons
from acquisition.neon.tags import ScreenTag, TaggedScreen, render_tag

__all__ = ["NeonHealth", "NeonSource", "ScreenTag", "TaggedScreen", "discover_neons", "render_tag"]
