"""A lab's set-up: montage, amplifier, impedances, screen and distance, asked for once and kept with every recording."""

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

HIGH_IMPEDANCE_KOHM = 10.0
"""Wet electrodes are usually kept below 5 to 10 kOhm (Kappenman & Luck 2010, Psychophysiology 47); dry and active ones
work with far more, so this is told and never refused."""


@dataclass(frozen=True, slots=True)
class EEGSetup:
    """Electrodes and amplifier.

    Parameters
    ----------
    montage : str
        The name of the electrodes' places, such as "standard_1020".
    reference, ground : str
        Where these electrodes sit, such as "right earlobe".
    amplifier : str
        Maker and model.
    highpass_hz, lowpass_hz, notch_hz : float or None
        The amplifier's own filters; None for one that is off.
    impedances_before_kohm, impedances_after_kohm : mapping of str to float
        For each channel, before and after the session; empty where not measured.
    """

    montage: str
    reference: str
    ground: str
    amplifier: str
    highpass_hz: float | None = None
    lowpass_hz: float | None = None
    notch_hz: float | None = None
    impedances_before_kohm: Mapping[str, float] = field(default_factory=dict)
    impedances_after_kohm: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("montage", "reference", "ground", "amplifier"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip() or not value.isprintable():
                raise ValueError(f"Setting 'eeg.{name}' must be a line of text (got {value!r}).")
        for name in ("highpass_hz", "lowpass_hz", "notch_hz"):
            value = getattr(self, name)
            if value is not None:
                _require_positive(f"eeg.{name}", value, "a frequency in Hz")
        if self.highpass_hz is not None and self.lowpass_hz is not None and self.highpass_hz >= self.lowpass_hz:
            raise ValueError(
                f"Setting 'eeg.highpass_hz' (got {self.highpass_hz:g}) must be less than 'eeg.lowpass_hz' "
                f"(got {self.lowpass_hz:g})."
            )
        for name in ("impedances_before_kohm", "impedances_after_kohm"):
            values = getattr(self, name)
            if not isinstance(values, Mapping):
                raise ValueError(f"Setting 'eeg.{name}' must be a table of channels (got {values!r}).")
            for channel, value in values.items():
                _require_positive(f"eeg.{name}.{channel}", value, "an impedance in kOhm")

    def high_impedances(self, limit_kohm: float = HIGH_IMPEDANCE_KOHM) -> tuple[str, ...]:
        """Channels whose latest impedance is beyond a limit."""
        latest = {**self.impedances_before_kohm, **self.impedances_after_kohm}
        return tuple(channel for channel, value in latest.items() if value > limit_kohm)


@dataclass(frozen=True, slots=True)
class ScreenSetup:
    """The screen, and how far the person's eyes are from it.

    Parameters
    ----------
    width_px, height_px : int
    width_cm, height_cm : float
        Of the lit area.
    distance_cm : float
        From the eyes to the middle of the screen.

    Examples
    --------
    >>> screen = ScreenSetup(width_px=1920, height_px=1080, width_cm=53.0, height_cm=29.8, distance_cm=60.0)
    >>> round(screen.degrees(100.0), 2)
    2.64
    >>> round(screen.px(2.64))
    100
    """

    width_px: int
    height_px: int
    width_cm: float
    height_cm: float
    distance_cm: float

    def __post_init__(self) -> None:
        for name in ("width_px", "height_px"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"Setting 'screen.{name}' must be a whole number of pixels (got {value!r}).")
        for name in ("width_cm", "height_cm", "distance_cm"):
            _require_positive(f"screen.{name}", getattr(self, name), "a length in cm")
        wide, high = self.width_cm / self.width_px, self.height_cm / self.height_px
        if not 0.9 < wide / high < 1.1:
            raise ValueError(
                "Settings 'screen.width_cm' and 'screen.height_cm' must fit the pixels "
                f"(got pixels of {10 * wide:.3f} mm by {10 * high:.3f} mm, which are not square)."
            )

    def degrees(self, px: float) -> float:
        """Visual angle, in degrees, of so many px about the middle of the screen."""
        return math.degrees(2 * math.atan(px * self._cm_per_px / (2 * self.distance_cm)))

    def px(self, degrees: float) -> float:
        """How many px about the middle of the screen span a visual angle in degrees."""
        return 2 * self.distance_cm * math.tan(math.radians(degrees) / 2) / self._cm_per_px

    @property
    def _cm_per_px(self) -> float:
        return self.width_cm / self.width_px


@dataclass(frozen=True, slots=True)
class LabSetup:
    """A set-up of the lab, whoever sits in it; a part that is not used is None."""

    eeg: EEGSetup | None = None
    screen: ScreenSetup | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the session's event and the exports."""
        return asdict(self)

    def after(self, impedances_kohm: Mapping[str, float]) -> "LabSetup":
        """The same set-up with the impedances measured after the session.

        Raises
        ------
        ValueError
            If the set-up has no EEG, or an impedance is none.
        """
        if self.eeg is None:
            raise ValueError("Argument 'impedances_kohm' needs a set-up with EEG (got one without).")
        return replace(self, eeg=replace(self.eeg, impedances_after_kohm=dict(impedances_kohm)))


def read_setup(path: str | Path) -> LabSetup:
    """Read a set-up from a TOML file with the tables ``[eeg]`` and ``[screen]``, either of which may be missing.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no TOML, or a setting is unknown, missing or wrong; the message names it.
    """
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"Argument 'path' must name a file with a set-up (got {path}, not there).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"The set-up {path} is no TOML ({error}).") from None
    return setup_from_dict(values)


def setup_from_dict(values: Mapping[str, Any]) -> LabSetup:
    """Inverse of `LabSetup.to_dict`, and what a file's tables are checked by.

    Raises
    ------
    ValueError
        If a setting is unknown, missing or wrong; the message names it.
    """
    _require_keys("", values, fields(LabSetup))
    eeg, screen = values.get("eeg"), values.get("screen")
    return LabSetup(
        eeg=None if eeg is None else EEGSetup(**_checked("eeg", eeg, EEGSetup)),
        screen=None if screen is None else ScreenSetup(**_checked("screen", screen, ScreenSetup)),
    )


def to_toml(setup: LabSetup) -> str:
    """The file's text; `read_setup` gives the same set-up again."""
    return "\n".join(_lines("", setup.to_dict())) + "\n"


def _checked(table: str, values: Any, kind: type[EEGSetup] | type[ScreenSetup]) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise ValueError(f"Setting '{table}' must be a table (got {values!r}).")
    _require_keys(f"{table}.", values, fields(kind))
    return dict(values)


def _require_keys(prefix: str, values: Mapping[str, Any], known: tuple[Field[Any], ...]) -> None:
    names = [known_field.name for known_field in known]
    for key in values:
        if key not in names:
            raise ValueError(f"Setting '{prefix}{key}' is unknown: known are {', '.join(names)}.")
    for known_field in known:
        needed = known_field.default is MISSING and known_field.default_factory is MISSING
        if needed and known_field.name not in values:
            raise ValueError(f"Setting '{prefix}{known_field.name}' is missing.")


def _require_positive(name: str, value: Any, what: str) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value < math.inf:
        raise ValueError(f"Setting '{name}' must be {what}, greater than 0 (got {value!r}).")


def _lines(table: str, values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if not isinstance(value, Mapping) and value is not None:
            yield f"{_quoted(key)} = {_quoted(value) if isinstance(value, str) else repr(value)}"
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            name = f"{table}.{key}" if table else key
            yield f"\n[{name}]"
            yield from _lines(name, value)


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in plain) + '"'
