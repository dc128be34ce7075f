import pytest

from experiments.registry import DECODER_GROUP, DECODERS, resolve


@pytest.mark.parametrize("name", DECODERS)
def test_every_decoder_in_the_table_is_there(name: str) -> None:
    assert callable(resolve(DECODERS, name, DECODER_GROUP))


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"erp-ensemble, .*fbcca, .*xdawn-ts \(got 'fbca'\)"):
        resolve(DECODERS, "fbca", DECODER_GROUP)
