"""A Neon that is not there: the real protocol on this machine, a virtual wearer, and faults at will."""

from acquisition.fake_neon.device import FakeNeon, run_fake_neon
from acquisition.fake_neon.wearer import Faults, PhoneClock, Wearer

__all__ = ["FakeNeon", "Faults", "PhoneClock", "Wearer", "run_fake_neon"]
