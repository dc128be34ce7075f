"""What README says of the code is true. `python tests/test_architecture.py` draws the modules anew."""

import ast
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("acquisition", "selector", "generation", "validation", "experiments")
BEGIN, END = "<!-- modules: drawn by tests/test_architecture.py -->\n", "<!-- end of modules -->\n"


def modules() -> dict[str, Path]:
    """Dotted name and file of every module of the five packages."""
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


def imports() -> set[tuple[str, str]]:
    """Which package imports which."""
    edges = set()
    for name, path in modules().items():
        package = name.partition(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                targets = [node.module]
            elif isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            else:
                continue
            edges |= {(package, t.partition(".")[0]) for t in targets if t.partition(".")[0] in PACKAGES}
    return {(source, target) for source, target in edges if source != target}


def drawing() -> str:
    """The arrows between the packages as a Mermaid chart, and every module with its one line."""
    lines = ["```mermaid", "flowchart LR"]
    lines += [f"    {source} --> {target}" for source, target in sorted(imports())]
    lines += ["```", "", "<details><summary>Every module, and what it is for</summary>", "", "```text"]
    for name, path in modules().items():
        first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
        parts = name.split(".")
        is_package = path.name == "__init__.py"
        label = "    " * (len(parts) - 1) + parts[-1] + ("/" if is_package else ".py")
        lines.append(f"{label:<28} {first}".rstrip())
    return "\n".join([*lines, "```", "", "</details>", ""])


def with_drawing(readme: str) -> str:
    """README with its drawing made anew."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{drawing()}{END}{after}"


def test_readme_draws_the_modules_that_there_are():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert BEGIN in readme
    assert readme == with_drawing(readme), "run `python tests/test_architecture.py`"


def test_signals_and_documents_meet_only_in_experiments():
    signal_half, document_half = {"acquisition", "selector"}, {"generation", "validation"}
    for source, target in imports():
        assert not (source in signal_half and target in document_half), (source, target)
        assert not (source in document_half and target in signal_half), (source, target)
        assert target != "experiments", source


def test_the_dependency_rule_holds():
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout


def test_the_loop_fits_on_two_screens():
    assert len((ROOT / "experiments" / "loop.py").read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_belongs_to_assent_alone(package):
    assert metadata.packages_distributions()[package] in (["assent"], ["assent", "assent"])


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(with_drawing(readme.read_text(encoding="utf-8")), encoding="utf-8")
