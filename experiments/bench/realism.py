"""Whether simulated participants are like recorded ones: decoder scores, spectra, artefacts and gaze error."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from acquisition.simulated.eyes import PX_PER_DEGREE
from acquisition.simulated.profile import PROFILES, Profile
from acquisition.stream import FloatArray
from experiments.bench.claims import Claim, Range, Recordings, load_claims
from experiments.bench.figures import (
    eeg_figures,
    flash_auc,
    flicker_accuracy,
    gaze_blinks,
    look_figures,
    target_figures,
)
from experiments.bench.recorded import measured_ranges
from experiments.bench.sessions import flash_session, flicker_session, look_session, over_persons
from experiments.bench.table import Progress, Row, as_table

FRONTAL = ("Fz", "AF3", "AF4", "AF7", "AF8")
NOTES = (
    "Each profile that claims to resemble recordings, beside the range over them. 'simulated' is the median over "
    "simulated persons, 'from' and 'to' the lowest and highest of them; 'x_of_range' is 0 at the low and 1 at the high "
    "end of the recordings' range, and only a figure between is inside. 'range' says whether the recordings were "
    "measured in this run (ASSENT_DATA) or the range is the stored one; few persons make narrow ranges, and a range "
    "over inquiries of one person is no range over persons. The profiles were set with these recordings in view: being "
    "inside says that they can be matched, not that other people's would be. AUC: single flashes, one character (or "
    "run) left out, causal filter. Flicker accuracy: FBCCA on 2 s, three frequencies. Gaze errors are in px; on the "
    f"nominal screen {PX_PER_DEGREE:g} px are one degree. The profiles easy, typical and hard claim the trackers "
    "only, for their EEG passes no amplifier filter as that of p300_gtec8ch did; 'wet' is typical through such an "
    "amplifier, on a slightly larger background. What is "
    "not modelled and so not claimed: targets at which a tracker finds no eye at all (Gazepoint, up to a quarter), "
    "channels with bad contact through a whole session (p300_gtec8ch), and changes between a headset's runs."
)


def bench_realism(quick: bool, progress: Progress) -> dict[str, Any]:
    """Compare every claim with its recordings, over 6 simulated persons with ``quick`` and over 12 without."""
    return measure(load_claims().claims, n_persons=6 if quick else 12, progress=progress)


def measure(claims: Sequence[Claim], n_persons: int, progress: Progress) -> dict[str, Any]:
    """Compare these claims with their recordings, over so many simulated persons."""
    known = {recordings.name: recordings for recordings in load_claims().recordings}
    rows: list[Row] = []
    for done, claim in enumerate(claims):
        progress(f"simulating {claim.profile}", done, len(claims))
        resembled = [known[name] for name in claim.recordings]
        make = partial(_simulated, PROFILES[claim.profile], claim, resembled[0].kind)
        simulated = over_persons(make, range(n_persons))
        ranges, how = _ranges(resembled)
        rows += [_row(claim, name, simulated[name], ranges[name], how) for name in simulated if name in ranges]
    progress("simulating", len(claims), len(claims))
    return as_table("realism", rows, NOTES)


def _simulated(profile: Profile, claim: Claim, kind: str, seed: int) -> dict[str, float]:
    """All figures of one simulated person."""
    if kind in ("looks", "targets"):
        session, errors = look_session(profile, seed)
        gaze = session.recording("gaze")
        blinks = {"blinks_per_min": gaze_blinks(gaze.times, np.isnan(gaze.data[:, 0]))}
        if kind == "looks":
            return look_figures(errors) | blinks
        seen = [look[np.isfinite(look)] for look in errors]
        return target_figures(np.array([np.median(look) for look in seen if len(look)])) | blinks
    score: Callable[..., float]
    if kind == "flicker":
        session = flicker_session(profile, seed, claim.n_characters)
        eeg = session.recording("eeg")
        score_name, score = "flicker_accuracy", partial(flicker_accuracy, str(seed))
    else:
        session = flash_session(profile, seed, claim.n_characters, claim.n_blocks, claim.soa_s)
        eeg = session.recording("eeg")
        score_name, score = "auc", partial(flash_auc, by_character=True)
    frontal = [channel for channel in eeg.channels if channel in FRONTAL]
    return {score_name: score([eeg])} | eeg_figures(eeg, frontal, profile.artefacts.line_hz)


def _ranges(resembled: Sequence[Recordings]) -> tuple[dict[str, Range], str]:
    """The range of each figure over all these recordings, and where it is from."""
    root = os.environ.get("ASSENT_DATA")
    measured = [measured_ranges(recordings, Path(root)) for recordings in resembled] if root else []
    how = "measured" if measured and all(measured) else "stored"
    found = measured if how == "measured" else [dict(recordings.ranges) for recordings in resembled]
    names = sorted({name for ranges in found for name in ranges})
    ends = {name: [end for ranges in found for end in ranges.get(name, ())] for name in names}
    return {name: (min(values), max(values)) for name, values in ends.items()}, how


def _row(claim: Claim, name: str, values: FloatArray, limits: Range, how: str) -> Row:
    there = values[np.isfinite(values)]
    median = float(np.median(there)) if len(there) else None
    low, high = limits
    inside = median is not None and low <= median <= high
    position = (median - low) / (high - low) if median is not None and high > low else None
    return {
        "profile": claim.profile,
        "figure": name,
        "simulated": "none" if median is None else median,
        "from": "none" if median is None else float(there.min()),
        "to": "none" if median is None else float(there.max()),
        "recordings": ", ".join(claim.recordings),
        "low": low,
        "high": high,
        "range": how,
        "x_of_range": "none" if position is None else position,
        "inside": "yes" if inside else "no",
    }
