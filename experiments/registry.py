"""What can be chosen by name, and where it lives; nothing is imported before it is chosen."""

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

DECODERS: Mapping[str, str] = {
    "xdawn-ts": "selector.decoders.xdawn:xdawn_tangent_space",
    "xdawn-lda": "selector.decoders.lda:xdawn_lda",
    "shrinkage-lda": "selector.decoders.lda:ShrinkageLDA",
    "toeplitz-lda": "selector.decoders.lda:BlockToeplitzLDA",
    "xdawn-toeplitz-lda": "selector.decoders.lda:xdawn_toeplitz_lda",
    "erp-ensemble": "selector.decoders.ensemble:erp_ensemble",
    "erp-ensemble-calibrated": "selector.decoders.ensemble:calibrated_erp_ensemble",
    "umm": "selector.decoders.umm:UMM",
    "erp-adaptive": "selector.decoders.answers:AnswerModel",
    "fbcca": "selector.decoders.ssvep:FBCCA",
    "cca": "selector.decoders.ssvep:cca",
    "extended-cca": "selector.decoders.ssvep_templates:ExtendedCCA",
    "etrca": "selector.decoders.ssvep_templates:EnsembleTRCA",
    "tdca": "selector.decoders.ssvep_templates:TDCA",
    "ssvep-mdm": "selector.decoders.ssvep_riemann:ssvep_mdm",
    "ssvep-ts": "selector.decoders.ssvep_riemann:ssvep_tangent_space",
    "ssvep-ensemble": "selector.decoders.ssvep_ensemble:SSVEPEnsemble",
    "ssvep-softmax": "selector.decoders.ssvep_ensemble:correlation_softmax",
    "ssvep-or-nothing": "selector.decoders.ssvep_no_control:SSVEPOrNothing",
    "rcca": "selector.decoders.cvep:ReconvolutionCCA",
    "code-likelihood": "selector.decoders.cvep_likelihood:ResponseLikelihood",
    "code-ensemble": "selector.decoders.cvep:CodeEnsemble",
    "code-online": "selector.decoders.cvep_online:CVEPDecoder",
    "gaze": "selector.decoders.gaze:GazeDecoder",
}
DECODER_GROUP = "assent.decoders"

PARADIGMS: Mapping[str, str] = {
    "p300": "experiments.paradigms.p300:WIRING",
    "dwell": "experiments.paradigms.dwell:WIRING",
    "ssvep": "experiments.paradigms.ssvep:WIRING",
    "cvep": "experiments.paradigms.cvep:WIRING",
}
PARADIGM_GROUP = "assent.paradigms"

STOPPING: Mapping[str, str] = {
    "threshold": "selector.stopping:ThresholdStopping",
    "bayes": "selector.stopping:BayesStopping",
    "utility": "selector.stopping:UtilityStopping",
}
STOPPING_GROUP = "assent.stopping"


def resolve(table: Mapping[str, str], name: str, group: str | None = None) -> Any:
    """Import what a name stands for.

    Parameters
    ----------
    table : mapping of str to str
        Name to "module:attribute".
    name : str
        The name wanted.
    group : str, optional
        Entry-point group in which other distributions may offer more; the table goes first.

    Raises
    ------
    ValueError
        If nobody knows the name; the message lists those that are known.
    """
    if name in table:
        module, _, attribute = table[name].partition(":")
        return getattr(importlib.import_module(module), attribute)
    plugins = {plugin.name: plugin for plugin in entry_points(group=group)} if group else {}
    if name in plugins:
        return plugins[name].load()
    known = ", ".join(sorted({*table, *plugins}))
    raise ValueError(f"Argument 'name' must be one of {known} (got {name!r}).")
