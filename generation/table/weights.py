"""Weights of the experts before a table has shown which of them foretell it.

`generation.table.fitting.fit_prior` gives them from the first rows of the country codes, the GDP and the top economies
of datahub.io (public domain), which benchmarks therefore leave out.
"""

PRIOR = {
    "frequency": 0.037,
    "recency": 0.019,
    "after one": 0.048,
    "after two": 0.051,
    "repeat": 0.021,
    "steps": 0.321,
    "group": 0.019,
    "dependencies": 0.026,
    "parts": 0.209,
    "choices": 0.083,
    "references": 0.083,
    "lookup": 0.083,
}
