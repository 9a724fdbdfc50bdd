"""The shape of the package: imports go one way, prompts and settings are documented, no host is named."""

import ast
import re
from collections.abc import Collection, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from assistant.config import Config
from assistant.errors import PromptError
from assistant.prompts import load_prompt

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "assistant"
# Each module may import only from those above it.
ORDER = """errors interrupts recent records markup answers files resources privacy config prompts tokens costs replies transport
terms prose sentences quantities loaders chunking models questions store retrieval citations answering reports indexing seeding
exporting conversations feedback identity holdings library doctor evaluation testing page app terminal cli_eval cli __main__
training __init__""".split()


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("assistant."):
            found.add((node.module or "").split(".")[1])
    return found


def named(path: Path, modules: Collection[str]) -> Iterator[str]:
    """The `modules` that one imports from, for types alone too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("assistant"):
            names = [f"{node.module}.{name.name}" for name in node.names]
            yield from (name if name in modules else str(node.module) for name in names)


def test_imports_go_one_way() -> None:
    modules = {path: path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    assert sorted(set(modules.values())) == sorted(ORDER)
    wrong = [
        f"{module} imports {other}"
        for path, module in modules.items()
        for other in imported(path)
        if other != module and ORDER.index(other) > ORDER.index(module)
    ]
    assert wrong == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    paths = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
    modules = {name.removesuffix(".__init__"): path for name, path in paths.items()}
    graph = {name: set(named(path, modules)) for name, path in modules.items()}
    assert sum(map(len, graph.values())) > 500
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize(
    "name",
    [
        "answer",
        "baseline_chain",
        "baseline_closed_book",
        "draft",
        "judge_correct",
        "judge_support",
        "repair",
        "rewrite",
    ],
)
def test_prompts_render_with_their_own_names_only(name: str) -> None:
    prompt = load_prompt(name)
    (system, user) = prompt.render(**dict.fromkeys(prompt.variables, "{braces} $dollar [1.1]"))
    assert (system[0], user[0]) == ("system", "user")
    assert "{braces} $dollar [1.1]" in user[1]
    with pytest.raises(PromptError, match=name):
        prompt.render(nonsense="x")


def test_every_setting_is_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = []
    for name, field in Config.model_fields.items():
        alias = field.validation_alias
        names.append(alias.choices[0] if alias else f"ASSISTANT_{name.upper()}")  # type: ignore[union-attr]
    assert [name for name in names if name not in example] == []


def test_the_repository_names_no_download_host() -> None:
    hosts = re.compile(
        r"pypi\.org|files\.pythonhosted|huggingface\.co/[\w-]+/[\w-]+/resolve|registry\.npmjs|pypi\.python"
    )
    texts = [path for pattern in ("*.toml", "*.md", ".ci/run", "assistant/**/*.py") for path in ROOT.glob(pattern)]
    assert len(texts) > 30
    assert [path.name for path in texts if hosts.search(path.read_text(encoding="utf-8"))] == []
