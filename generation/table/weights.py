"""Weights of the experts before a table has shown which of them foretell it.

`generation.table.fitting.fit_prior` gives them from the first rows of the country codes, the GDP and the top economies
of datahub.io (public domain), which benchmarks therefore leave out.
"""

PRIOR = {
    "frequency": 0.037,
    "recency": 0.019,
    "after one": 0.045,
    "after two": 0.048,
    "repeat": 0.022,
    "steps": 0.252,
    "order": 0.102,
    "group": 0.019,
    "dependencies": 0.029,
    "parts": 0.196,
    "choices": 0.077,
    "references": 0.077,
    "lookup": 0.077,
}
