"""A set-up comes back from its file as it was; what is wrong in it is told by name."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.setup import EEGSetup, LabSetup, ScreenSetup, read_setup, setup_from_dict, to_toml

EEG = EEGSetup(
    montage="standard_1020",
    reference="right earlobe",
    ground="Fpz",
    amplifier="Unicorn Hybrid Black",
    highpass_hz=0.1,
    lowpass_hz=60.0,
    impedances_before_kohm={"Fz": 4.2, "PO7": 12.0},
)
SCREEN = ScreenSetup(width_px=1920, height_px=1080, width_cm=53.0, height_cm=29.8, distance_cm=60.0)
SETUP = LabSetup(EEG, SCREEN)


@pytest.mark.parametrize("setup", [SETUP, LabSetup(eeg=EEG), LabSetup(screen=SCREEN), LabSetup()])
def test_a_setup_comes_back_from_its_file_and_from_the_log(setup: LabSetup, tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(to_toml(setup), encoding="utf-8")
    assert read_setup(tmp_path / "lab.toml") == setup
    assert setup_from_dict(json.loads(json.dumps(setup.to_dict(), allow_nan=False))) == setup


@given(
    st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20),
    st.dictionaries(st.text(min_size=1, max_size=8), st.floats(0.1, 500), max_size=5),
)
def test_every_text_and_channel_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory, text: str, impedances: dict[str, float]
) -> None:
    setup = LabSetup(EEGSetup(text, text, text, text, impedances_before_kohm=impedances))
    file = tmp_path_factory.mktemp("setup") / "lab.toml"
    file.write_text(to_toml(setup), encoding="utf-8")
    assert read_setup(file) == setup


def test_impedances_after_the_session_join_those_before() -> None:
    after = SETUP.after({"PO7": 8.0, "Oz": 30.0})
    assert after.eeg is not None
    assert after.eeg.impedances_before_kohm == EEG.impedances_before_kohm
    assert EEG.high_impedances() == ("PO7",)
    assert after.eeg.high_impedances() == ("Oz",)
    with pytest.raises(ValueError, match="needs a set-up with EEG"):
        LabSetup(screen=SCREEN).after({})


@given(st.floats(1, 1500))
def test_visual_angle_and_pixels_are_inverse(px: float) -> None:
    assert SCREEN.px(SCREEN.degrees(px)) == pytest.approx(px)


def test_a_centimetre_at_57_centimetres_is_a_degree() -> None:
    screen = ScreenSetup(1000, 1000, 50.0, 50.0, 57.3)
    assert screen.degrees(20.0) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[eeg", "is no TOML"),
        ("[eegs]", "Setting 'eegs' is unknown: known are eeg, screen"),
        ("eeg = 3", "Setting 'eeg' must be a table"),
        ("[eeg]\nmontage='a'\nreference='b'\nground='c'", "Setting 'eeg.amplifier' is missing"),
        ("[screen]\nwidth=3", "Setting 'screen.width' is unknown: known are width_px, height_px"),
    ],
)
def test_a_wrong_file_is_told_by_the_name_of_the_setting(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        read_setup(tmp_path / "lab.toml")


@pytest.mark.parametrize(
    ("table", "key", "value", "sentence"),
    [
        ("eeg", "montage", "", "'eeg.montage' must be a line of text"),
        ("eeg", "reference", 3, "'eeg.reference' must be a line of text"),
        ("eeg", "highpass_hz", -1, "'eeg.highpass_hz' must be a frequency in Hz, greater than 0"),
        ("eeg", "highpass_hz", 70, "'eeg.highpass_hz' .got 70. must be less than 'eeg.lowpass_hz'"),
        ("eeg", "notch_hz", True, "'eeg.notch_hz' must be a frequency"),
        ("eeg", "impedances_before_kohm", {"Fz": 0}, "'eeg.impedances_before_kohm.Fz' must be an impedance in kOhm"),
        ("eeg", "impedances_after_kohm", [1], "must be a table of channels"),
        ("screen", "width_px", 19.2, "'screen.width_px' must be a whole number of pixels"),
        ("screen", "distance_cm", float("nan"), "'screen.distance_cm' must be a length in cm"),
        ("screen", "width_cm", 530, "must fit the pixels .got pixels of 2.760 mm by 0.276 mm"),
    ],
)
def test_a_wrong_value_is_told_with_what_was_got(table: str, key: str, value: object, sentence: str) -> None:
    values = SETUP.to_dict()
    values[table][key] = value
    with pytest.raises(ValueError, match=sentence):
        setup_from_dict(values)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="'path' must name a file with a set-up"):
        read_setup(tmp_path / "none.toml")
