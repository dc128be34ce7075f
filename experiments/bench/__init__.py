"""Benchmarks: ratios to a peer or a bound of the same run. Figures, not tests; nothing is imported before it is run."""

from collections.abc import Mapping

BENCHES: Mapping[str, str] = {
    "replay": "experiments.bench.replay:bench_replay",
    "acquisition": "experiments.bench.acquisition:bench_acquisition",
    "selector": "experiments.bench.selector:bench_selector",
    "generation": "experiments.bench.generation.overview:bench_generation",
    "validation": "experiments.bench.validation.overview:bench_validation",
    "pages": "experiments.bench.generation.pages:bench_pages",
    "prefetch": "experiments.bench.generation.prefetch:bench_prefetch",
    "layouts": "experiments.bench.generation.layouts:bench_layouts",
    "language": "experiments.bench.generation.language:bench_language",
    "filter": "experiments.bench.generation.filter:bench_filter",
    "cost": "experiments.bench.generation.cost:bench_cost",
    "alignment": "experiments.bench.alignment:bench_alignment",
    "realism": "experiments.bench.realism:bench_realism",
    "stopping": "experiments.bench.stopping:bench_stopping",
    "errors": "experiments.bench.errors:bench_errors",
    "selection": "experiments.bench.selection:bench_selection",
    "probabilities": "experiments.bench.probabilities:bench_probabilities",
    "rest": "experiments.bench.probabilities_rest:bench_rest",
    "lapses": "experiments.bench.probabilities_lapses:bench_lapses",
    "faults": "experiments.bench.faults:bench_faults",
}
