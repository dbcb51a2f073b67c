"""Break rules of the op table, one at a time, and see whether the generated tests of that op fail.

    python tests/mutation.py --count 10 --seed 0

Each mutant changes one thing in one rule, drawn at random: a sign, a factor left out, a conjugate or a transpose left
out, a number (a factor, an axis) off by one, a sum for a difference, an argument for another. The tests run on a copy of
the tree. A survivor is a test that is missing, or a change that means the same; it is printed to be looked at.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FACETS = ("vjp", "jvp")
SWAPPED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
LEFT_OUT = {"conj", "_t", "_h", "matrix_transpose", "swapaxes", "square", "sign", "flip", "real"}


class Mutant(NamedTuple):
    """One broken rule: where it stands, what it was, and the source of its file with the change."""

    op: str
    facet: str
    file: Path
    line: int
    before: str
    after: str
    source: str


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What may become of one node of a rule."""
    if isinstance(node, ast.BinOp):
        if type(node.op) in SWAPPED:
            other = copy.copy(node)
            other.op = SWAPPED[type(node.op)]()
            yield "another operator", other
        if isinstance(node.op, (ast.Mult, ast.Div)):
            yield "a factor left out", node.left
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "a sign left out", node.operand
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in LEFT_OUT:
            yield f"{name} left out", node.args[0] if isinstance(node.func, ast.Name) else node.func.value  # type: ignore[attr-defined]
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        yield "a number off by one", ast.Constant(node.value + 1)
    elif isinstance(node, ast.Name) and node.id == "g":
        yield "a sign too many", ast.UnaryOp(ast.USub(), node)


def rules_of(tree: ast.Module) -> Iterator[tuple[str, str, ast.AST]]:
    """Each rule that stands in a call of ``primitive``: the op, the facet, and the function."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "primitive"):
            continue
        if not (call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)):
            continue
        for keyword in call.keywords:
            if keyword.arg in FACETS:
                listed = keyword.value.elts if isinstance(keyword.value, ast.List) else [keyword.value]
                for rule in listed:
                    if isinstance(rule, ast.Name):
                        rule = functions.get(rule.id, rule)
                    if isinstance(rule, (ast.Lambda, ast.FunctionDef)):
                        yield call.args[0].value, keyword.arg, rule


def mutants(rng: random.Random) -> Iterator[Mutant]:
    """Mutants without end: first a rule is drawn, then a change to it."""
    rules = []
    for file in sorted((ROOT / "autograd" / "ops").glob("*.py")):
        tree = ast.parse(file.read_text())
        rules += [(file, tree, *found) for found in rules_of(tree)]
    while True:
        file, tree, op, facet, rule = rng.choice(rules)
        body = [rule.body] if isinstance(rule, ast.Lambda) else rule.body[1:] or rule.body
        nodes = [node for part in body for node in ast.walk(part)]
        asked = {
            node.value for node in nodes if isinstance(node, ast.Attribute) and node.attr in ("ndim", "shape", "dtype")
        }
        places = [(node, *change) for node in nodes if node not in asked for change in changes(node)]
        if not places:
            continue
        node, what, new = rng.choice(places)
        before, after = ast.unparse(node), ast.unparse(new)
        source = ast.unparse(copy_with(tree, node, new))
        yield Mutant(op, facet, file.relative_to(ROOT), getattr(node, "lineno", 0), f"{what}: {before}", after, source)


def copy_with(tree: ast.Module, old: ast.AST, new: ast.AST) -> ast.Module:
    """The tree with one node replaced; the tree itself stays as it is."""
    memo: dict[int, object] = {id(old): new}  # deepcopy takes a node that it "knows" already from here
    return ast.fix_missing_locations(copy.deepcopy(tree, memo))


def survives(mutant: Mutant, tree: Path) -> tuple[bool, str]:
    """Whether the tests of the op pass in spite of the change, and the last line that pytest prints."""
    target = tree / mutant.file
    original = target.read_text()
    target.write_text(mutant.source)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "--color=no", "-p", "no:cacheprovider",
             "tests/autograd/test_op_table.py", "-k", mutant.op],
            cwd=tree, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    finally:
        target.write_text(original)
    last = (done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or ["nothing printed"])[-1]
    return done.returncode == 0, last


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10, help="how many mutants")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of rules and changes")
    options = parser.parse_args()
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in ("autograd", "nn", "optim", "viz", "glassgrad", "tests"):
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("setup.cfg", "pyproject.toml"):
            shutil.copy(ROOT / name, tree / name)
        shutil.copytree(ROOT / "docs", tree / "docs")
        drawn = mutants(random.Random(options.seed))
        for k in range(options.count):
            mutant = next(drawn)
            survived, last = survives(mutant, tree)
            survivors += survived
            print(
                f"{'SURVIVED' if survived else 'caught':9} {k + 1:3} {mutant.op}, {mutant.facet} "
                f"({mutant.file}:{mutant.line}): {mutant.before} -> {mutant.after}   [{last}]",
                flush=True,
            )
    print(f"{options.count - survivors} of {options.count} mutants were caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
