"""What is kept about a machine comes back as it was; a damaged file is told by name."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.machine import PROFILE_VARIABLE, MachineProfile, profile_path, read_profile, write_profile


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "deep" / "machine.toml"
    monkeypatch.setenv(PROFILE_VARIABLE, str(file))
    return file


def test_a_machine_that_was_never_measured_has_no_offset(path: Path) -> None:
    assert read_profile() == MachineProfile()
    assert read_profile().n_flips == 0


def test_a_profile_comes_back_as_it_was_written(path: Path) -> None:
    profile = MachineProfile(0.0251234567891, 0.0003, 200, "2026-03-09")
    assert write_profile(profile) == path
    assert read_profile() == profile
    write_profile(MachineProfile(0.01))
    assert read_profile() == MachineProfile(0.01)
    assert [file.name for file in path.parent.iterdir()] == ["machine.toml"]


@given(st.floats(-1, 1), st.floats(0, 1), st.integers(0, 10**6), st.text(st.characters(codec="utf-8"), max_size=12))
def test_every_valid_profile_survives_its_file(
    tmp_path_factory: pytest.TempPathFactory, latency: float, jitter: float, n_flips: int, day: str
) -> None:
    try:
        profile = MachineProfile(latency, jitter, n_flips, day)
    except ValueError:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PROFILE_VARIABLE, str(tmp_path_factory.mktemp("profile") / "machine.toml"))
        write_profile(profile)
        assert read_profile() == profile


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("display_latency_s = ", "is no TOML"),
        ("latency = 1", "unknown keys: latency"),
        ("display_latency_s = 25.0", r"'display_latency_s' must be a number of seconds in -1..1 \(got 25.0\)"),
        ('display_latency_s = "x"', r"\(got 'x'\)"),
        ("n_flips = -1", "'n_flips' must be a whole number"),
        ("measured_on = 2026-03-09", "'measured_on' must be a date"),
    ],
)
def test_a_damaged_profile_is_told_in_a_sentence_that_names_the_file(path: Path, text: str, sentence: str) -> None:
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"machine.toml.*{sentence}"):
        read_profile()


def test_the_profile_lies_in_the_users_config_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PROFILE_VARIABLE, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert profile_path() == tmp_path / "assent" / "machine.toml"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("APPDATA", str(tmp_path / "Roaming"))
    assert profile_path() == tmp_path / "Roaming" / "assent" / "machine.toml"


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(PROFILE_VARIABLE, str(tmp_path / "file" / "machine.toml"))
    with pytest.raises(OSError, match="Cannot keep the machine's profile"):
        write_profile(MachineProfile())
