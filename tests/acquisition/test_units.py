import pytest

from acquisition.units import scale


@pytest.mark.parametrize(
    ("unit", "to", "factor"),
    [
        ("V", "V", 1.0),
        ("microvolts", "V", 1e-6),
        ("uV", "V", 1e-6),
        ("\u00b5V", "V", 1e-6),
        ("\u03bcV", "V", 1e-6),
        ("-6", "V", 1e-6),
        (" mV ", "V", 1e-3),
        ("nanovolt", "V", 1e-9),
        ("pixels", "px", 1.0),
    ],
)
def test_the_names_that_devices_use_are_known(unit: str, to: str, factor: float) -> None:
    assert scale(unit, to) == factor


@pytest.mark.parametrize(("unit", "to"), [("", "V"), ("counts", "V"), ("normalized", "px"), ("px", "V")])
def test_an_unknown_unit_is_refused(unit: str, to: str) -> None:
    with pytest.raises(ValueError, match="Argument 'unit' must be one of"):
        scale(unit, to)
