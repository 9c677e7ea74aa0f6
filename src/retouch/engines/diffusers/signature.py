"""What a pipeline's call takes, read off the installed library's source without importing any of it.

Importing a pipeline class takes seconds and torch; its signature is in its source for anybody who can parse. A
modular pipeline has no signature of its own: its blocks state their inputs, and the library writes the whole list
into the docstring of the class that strings them together.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

LIBRARY = "diffusers"


class DiffusersMissing(ValueError):
    """The library that runs these models is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "generative models need more packages; install them with: pip install 'retouch[diffusers]'"
        )


class UnknownPipeline(ValueError):
    """The checkpoint's pipeline is none that this engine can drive."""


@dataclass(frozen=True)
class Signature:
    """The arguments of a call.

    ``names``: in order, without ``self``. ``defaults``: of those that have one which is a plain value (numbers,
    text, None, tuples of them). ``required``: those that have none at all. ``modular``: whether the class is
    assembled of blocks.
    """

    names: tuple[str, ...]
    defaults: Mapping[str, Any]
    required: frozenset[str] = frozenset()
    modular: bool = False

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def first(self, *candidates: str) -> str | None:
        """The first of the candidates that is an argument."""
        return next((name for name in candidates if name in self.names), None)


@cache
def signature(name: str) -> Signature:
    """The signature of the pipeline class ``name``, its own or inherited.

    Raises `DiffusersMissing`, and `UnknownPipeline` where the installed version has no such class or its call
    cannot be read.
    """
    node = _class(name)
    blocks = next((_text(value) for target, value in _assignments(node) if target == "default_blocks_name"), None)
    if blocks is not None:
        return _of_blocks(blocks)
    for owner in (node, *_ancestors(node)):
        for member in owner.body:
            if isinstance(member, ast.FunctionDef) and member.name == "__call__":
                return _of_call(member)
    raise UnknownPipeline(f"{name} states nowhere what its call takes")


@cache
def exists(name: str) -> bool:
    """Whether the installed library has a pipeline class of that name. Raises `DiffusersMissing`."""
    try:
        _class(name)
    except UnknownPipeline:
        return False
    return True


def _of_call(call: ast.FunctionDef) -> Signature:
    positional = [*call.args.posonlyargs, *call.args.args][1:]
    given: list[ast.expr | None] = [None] * (len(positional) - len(call.args.defaults))
    pairs = [*zip(positional, [*given, *call.args.defaults], strict=True)]
    pairs += zip(call.args.kwonlyargs, call.args.kw_defaults, strict=True)
    defaults: dict[str, Any] = {}
    for argument, value in pairs:
        if value is not None:
            try:
                defaults[argument.arg] = _plain(value)
            except ValueError:
                continue
    return Signature(
        tuple(argument.arg for argument, _ in pairs),
        MappingProxyType(defaults),
        frozenset(argument.arg for argument, value in pairs if value is None),
    )


_INPUT = re.compile(
    r"^(?P<indent> +)(?P<name>[a-z_]\w*) \(`(?P<type>[^`]*)`(?P<rest>[^)]*(?:\([^)]*\))?[^)]*)\):$"
)
_REQUIRES = re.compile(r"^ *- `\w+`: requires (.*)$", re.MULTILINE)


def _of_blocks(name: str) -> Signature:
    document = inspect.cleandoc(ast.get_docstring(_class(name)) or "")
    _, found, after = document.partition("Inputs:\n")
    if not found:
        raise UnknownPipeline(f"{name} states nowhere what its call takes")
    names: list[str] = []
    defaults: dict[str, Any] = {}
    indent = None
    for line in after.partition("Outputs:\n")[0].splitlines():
        match = _INPUT.match(line)
        if match is None or (indent is not None and match["indent"] != indent):
            continue
        indent = match["indent"]
        names.append(match["name"])
        _, stated, default = match["rest"].partition("defaults to ")
        if stated:
            try:
                defaults[match["name"]] = ast.literal_eval(default.strip())
            except (ValueError, SyntaxError):
                continue
        elif "optional" in match["rest"]:
            defaults[match["name"]] = None
    # What isn't called optional may yet have a default that depends on the workflow; the workflows are plain.
    workflows = [set(re.findall(r"`(\w+)`", stated)) for stated in _REQUIRES.findall(document)]
    required = frozenset(set.intersection(*workflows)) if workflows else frozenset()
    return Signature(tuple(names), MappingProxyType(defaults), required, modular=True)


def _plain(node: ast.expr) -> Any:
    """The value of a literal, or of a product or power of literals. Raises `ValueError` for anything else."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Pow):
        left, right = _plain(node.left), _plain(node.right)
        if not isinstance(left, int) or not isinstance(right, int) or not 0 <= right <= 1 << 16:
            raise ValueError("no plain number")
        if isinstance(node.op, ast.Mult):
            return left * right
        if right > 8:
            raise ValueError("no plain number")
        return left**right
    return ast.literal_eval(node)


def _ancestors(node: ast.ClassDef) -> Iterator[ast.ClassDef]:
    for base in node.bases:
        # The library's own roots and mixins call nothing, and lie outside the folders that hold pipelines.
        if isinstance(base, ast.Name) and base.id.endswith("Pipeline") and exists(base.id):
            parent = _class(base.id)
            yield parent
            yield from _ancestors(parent)


def _assignments(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for owner in (node, *_ancestors(node)):
        for member in owner.body:
            if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name):
                yield member.targets[0].id, member.value


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


@cache
def _class(name: str) -> ast.ClassDef:
    if (path := _sources().get(name)) is not None:
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                return node
    raise UnknownPipeline(f"the installed version of {LIBRARY} has no pipeline {name!r}")


# No file of a library begins with a class, and a search for this text is ten times as fast as one for lines.
_HEADING = re.compile(rb"\nclass (\w+)")


@cache
def _sources() -> Mapping[str, Path]:
    """The file of each class. A dummy of every class, for machines without torch, lies in utils/: only these two
    folders hold the real ones."""
    found = importlib.util.find_spec(LIBRARY)
    if found is None or found.origin is None:
        raise DiffusersMissing
    root = Path(found.origin).parent
    return {
        heading.decode(): path
        for room in ("modular_pipelines", "pipelines")
        for path in sorted((root / room).rglob("*.py"))
        for heading in _HEADING.findall(path.read_bytes())
    }
