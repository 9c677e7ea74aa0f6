"""The page that says which test shows which rule of the contract is true."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "document_contract.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("document_contract", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_rule_has_its_test_and_the_page_is_up_to_date() -> None:
    # In a process of its own, since it collects every test, these too.
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_keeps_the_page_from_being_true_is_told(script: ModuleType) -> None:
    rules = {
        "1/shown": script.Rule("shown", "decided", "both"),
        "1/forgotten": script.Rule("forgotten", "recorded", "strict"),
        "1/pending": script.Rule("pending", "document", "both", pending=True),
        "1/landed": script.Rule("landed", "document", "both", pending=True),
        "1/absent": script.Rule("absent", "inferred", "friendly", absent="not here"),
        "1/odd": script.Rule("odd", "rumour", "both"),
    }
    shown = {name: ["test_a.py::test_it"] for name in ("1/shown", "1/landed", "1/odd", "1/nobody")}
    assert script.faults([script.Section("1", "One", rules)], shown) == [
        "no test shows 1/forgotten",
        "1/landed is shown by a test, so it is neither pending nor absent",
        "1/odd has an unknown source or mode",
        "test_a.py::test_it: there is no rule 1/nobody",
    ]


def test_the_page_names_each_rule_with_its_tests(script: ModuleType) -> None:
    rules = {
        "1/a": script.Rule("First.", "decided", "both"),
        "1/b": script.Rule("Second.", "recorded", "strict", absent="not here"),
    }
    page = script.render([script.Section("1", "One", rules)], {"1/a": ["t.py::test_x[a|b]", "t.py::test_y"]})
    assert "## 1. One" in page
    assert "| `1/a` | First. | decided | both | `t.py::test_x[a\\|b]`<br>`t.py::test_y` |" in page
    assert "| `1/b` | Second. | recorded | strict | not for us: not here |" in page
