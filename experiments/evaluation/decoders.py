"""From a decoder's name and options in a data set's file to the decoder."""

import inspect
from typing import Any

from experiments.evaluation.datasets import Choice
from experiments.registry import DECODER_GROUP, DECODERS, resolve


def build(choice: Choice, **given: Any) -> Any:
    """Make the decoder that is chosen.

    Parameters
    ----------
    choice : Choice
        Name and options.
    **given
        What the task itself knows, such as the sampling rate.

    Raises
    ------
    ValueError
        If the name is unknown, or the decoder takes no such option or is none for this task.
    """
    factory = resolve(DECODERS, choice.name, DECODER_GROUP)
    arguments = {**given, **choice.options}
    try:
        inspect.signature(factory).bind(**arguments)
    except TypeError as error:
        told = ", ".join(arguments) or "nothing"
        raise ValueError(f"Decoder {choice.name!r} cannot be made from {told}: {error}.") from None
    return factory(**arguments)
