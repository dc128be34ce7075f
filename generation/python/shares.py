"""How much each part of the token model is believed, by how far the document repeats itself."""

PARTS = ("tokens", "roles", "functions", "exact-1", "exact-2", "exact-3", "role-last", "role-longest")
BY_ROLE = ("roles", "functions")  # n-grams whose share is the token n-gram's where they are not asked
# A row for each number of symbols before the cursor that stood earlier in the document. Fitted by
# `generation.python.fitting` on what no model learns from: for modules on the held-out packages, for scripts on their
# functions that stand alone and those of the held-out modules. Rows of few places lean on all others.
IN_MODULES = (
    (0.05, 0.79, 0.02, 0.01, 0.13, 0.00, 0.00, 0.00),
    (0.05, 0.53, 0.00, 0.01, 0.11, 0.25, 0.00, 0.04),
    (0.04, 0.35, 0.00, 0.00, 0.09, 0.44, 0.02, 0.06),
    (0.05, 0.49, 0.00, 0.02, 0.12, 0.19, 0.05, 0.08),
    (0.01, 0.52, 0.00, 0.01, 0.07, 0.18, 0.04, 0.16),
    (0.02, 0.48, 0.00, 0.02, 0.05, 0.21, 0.14, 0.07),
    (0.02, 0.22, 0.00, 0.01, 0.05, 0.23, 0.17, 0.30),
)
IN_SCRIPTS = (
    (0.10, 0.27, 0.47, 0.00, 0.09, 0.05, 0.01, 0.00),
    (0.07, 0.32, 0.12, 0.05, 0.12, 0.28, 0.02, 0.03),
    (0.06, 0.36, 0.04, 0.00, 0.20, 0.18, 0.09, 0.06),
    (0.02, 0.21, 0.14, 0.02, 0.18, 0.08, 0.23, 0.12),
    (0.08, 0.15, 0.17, 0.01, 0.14, 0.11, 0.27, 0.07),
    (0.03, 0.12, 0.22, 0.05, 0.05, 0.19, 0.20, 0.14),
    (0.04, 0.09, 0.15, 0.03, 0.04, 0.19, 0.18, 0.27),
)
