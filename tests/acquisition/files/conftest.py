"""Small recordings, written as the tests need them."""

from pathlib import Path
from typing import Protocol

import mne
import numpy as np
import pytest

SFREQ = 128


class MakeRaw(Protocol):
    def __call__(self, n_seconds: int = 4, markers: bool = True) -> mne.io.RawArray: ...


class WriteBdf(Protocol):
    def __call__(self, path: Path, raw: mne.io.RawArray, dimensions: tuple[str, ...] = ("uV", "uV", "uV")) -> Path: ...


@pytest.fixture
def eeg_raw() -> MakeRaw:
    """Makes EEG of three channels with two markers and one padding."""
    return make_raw


@pytest.fixture
def write_bdf() -> WriteBdf:
    """Writes EEG as a BDF or EDF file, by the path's suffix."""
    return write_records


def make_raw(n_seconds: int = 4, markers: bool = True) -> mne.io.RawArray:
    data = 1e-5 * np.random.default_rng(0).standard_normal((3, n_seconds * SFREQ))
    raw = mne.io.RawArray(data, mne.create_info(["Cz", "Pz", "Oz"], SFREQ, "eeg"), verbose="error")
    if markers:
        raw.set_annotations(mne.Annotations([0.5, 1.25, 3.0], 0.0, ["a/1", "b/2", "BAD_ACQ_SKIP"]))
    return raw


def write_records(path: Path, raw: mne.io.RawArray, dimensions: tuple[str, ...] = ("uV", "uV", "uV")) -> Path:
    # Neither MNE nor the standard library writes BDF, so this follows the format's description.
    is_bdf = path.suffix == ".bdf"
    n_bytes, kind = (3, b"BDF") if is_bdf else (2, b"EDF")
    most = 2 ** (8 * n_bytes - 1) - 1
    data = np.round(raw.get_data() * 1e6 / 1e3 * most).astype("<i4")
    n_records, annotation_samples = data.shape[1] // SFREQ, 60
    columns = [
        (16, [*raw.ch_names, f"{kind.decode()} Annotations"]),
        (80, [""] * 4),
        (8, [*dimensions, ""]),
        (8, ["-1000", "-1000", "-1000", "-1"]),
        (8, ["1000", "1000", "1000", "1"]),
        (8, [str(-most)] * 4),
        (8, [str(most)] * 4),
        (80, [""] * 4),
        (8, [str(SFREQ)] * 3 + [str(annotation_samples)]),
        (32, [""] * 4),
    ]
    header = (b"\xffBIOSEMI" if is_bdf else b"0".ljust(8)) + b"X X X X".ljust(80)
    header += b"Startdate 01-JAN-2020 X X X".ljust(80) + b"01.01.2000.00.00"
    header += str(256 * 5).encode().ljust(8) + (kind + b"+C").ljust(44) + str(n_records).encode().ljust(8)
    header += b"1".ljust(8) + b"4".ljust(4)
    header += b"".join(text.encode().ljust(width) for width, texts in columns for text in texts)
    body = b""
    markers = list(zip(raw.annotations.onset, raw.annotations.description, strict=True))
    for record in range(n_records):
        samples = data[:, record * SFREQ : (record + 1) * SFREQ]
        body += b"".join(
            channel.view(np.uint8).reshape(-1, 4)[:, :n_bytes].tobytes() for channel in np.ascontiguousarray(samples)
        )
        annotations = f"+{record}\x14\x14\x00"
        annotations += "".join(f"+{onset:g}\x14{label}\x14\x00" for onset, label in markers if int(onset) == record)
        body += annotations.encode().ljust(annotation_samples * n_bytes, b"\x00")
    path.write_bytes(header + body)
    return path
