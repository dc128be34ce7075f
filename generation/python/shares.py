"""How much each part of the token model is believed, by how far the document repeats itself."""

PARTS = ("tokens", "roles", "functions", "exact-1", "exact-2", "exact-3", "role-last", "role-longest")
# A row for each number of symbols before the cursor that stood earlier in the document. Fitted by
# `generation.python.fitting` on what no model learns from: for modules on the held-out packages, for scripts on their
# functions that stand alone and those of the held-out modules. Rows of few places lean on all others.
IN_MODULES = (
    (0.03, 0.79, 0.02, 0.01, 0.13, 0.01, 0.01, 0.00),
    (0.04, 0.56, 0.02, 0.01, 0.06, 0.27, 0.01, 0.03),
    (0.02, 0.33, 0.01, 0.01, 0.07, 0.49, 0.02, 0.05),
    (0.04, 0.49, 0.01, 0.02, 0.12, 0.19, 0.04, 0.09),
    (0.01, 0.52, 0.01, 0.01, 0.07, 0.19, 0.05, 0.14),
    (0.03, 0.46, 0.01, 0.02, 0.08, 0.19, 0.12, 0.09),
    (0.02, 0.22, 0.01, 0.01, 0.04, 0.19, 0.22, 0.29),
)
IN_SCRIPTS = (
    (0.10, 0.27, 0.47, 0.01, 0.09, 0.05, 0.01, 0.00),
    (0.07, 0.32, 0.12, 0.05, 0.12, 0.27, 0.02, 0.03),
    (0.06, 0.36, 0.04, 0.01, 0.19, 0.18, 0.09, 0.07),
    (0.01, 0.21, 0.14, 0.02, 0.17, 0.09, 0.24, 0.12),
    (0.08, 0.14, 0.17, 0.01, 0.14, 0.12, 0.25, 0.09),
    (0.03, 0.12, 0.21, 0.05, 0.06, 0.19, 0.21, 0.13),
    (0.04, 0.09, 0.14, 0.04, 0.05, 0.18, 0.21, 0.25),
)
