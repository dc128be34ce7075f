"""Settings: read, checked, and written down again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.config import Config, load, to_toml


def test_what_is_written_is_read_again(tmp_path):
    config = load(settings=["stopping.p=0.9", "seed=7", "person.profile=hard"], target='a "quoted"\ttarget\n')
    path = tmp_path / "config.toml"
    path.write_text(to_toml(config), encoding="utf-8")
    assert load(path) == config


@given(st.text())
def test_any_target_survives(text):
    import tomllib

    config = Config(target=text.encode("utf-8", "replace").decode("utf-8"))
    assert Config.model_validate(tomllib.loads(to_toml(config))) == config


def test_arguments_win_over_settings_and_settings_over_the_file(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("seed = 1\nkind = 'python'\n[stopping]\np = 0.8\n")
    config = load(path, ["stopping.p=0.9"], seed=3, kind=None)
    assert (config.seed, config.kind, config.stopping.p) == (3, "python", 0.9)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (["stoping.p=0.9"], "Setting 'stoping' is unknown"),
        (["stopping.q=0.9"], "Setting 'stopping.q' is unknown"),
        (["stopping.p=1.5"], r"Setting 'stopping.p' \(got 1.5\) is not valid: .*less than 1"),
        (["kind=poem"], r"Setting 'kind' \(got 'poem'\).*'text', 'python', 'table' or 'formula'"),
        (["seed"], "must look like key=value"),
        (["seed.x=1", "seed=2"], "Setting 'seed'|must name a key"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_value_got(settings, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        load(settings=settings if settings[0] != "seed.x=1" else ["seed=2", "seed.x=1"])
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_toml_is_named(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not a TOML file"):
        load(path)
    with pytest.raises(FileNotFoundError, match="There is no configuration file"):
        load(tmp_path / "absent.toml")
