from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest

SECRET = "my-neighbour"


def parsed(code: str, level: str = "info") -> list[dict[str, Any]]:
    """What a program writes to its standard error that has set up its logs as the commands do."""
    head = f"""
        import logging, structlog
        from retouch.cli import logs
        logs.configure("{level}")
        log = structlog.get_logger("retouch.requests")
    """
    program = textwrap.dedent(head) + textwrap.dedent(code)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert SECRET not in ran.stderr
    return [json.loads(line) for line in ran.stderr.splitlines()]


def test_a_line_is_one_object_without_what_is_not_known() -> None:
    (line,) = parsed('log.info("request", status=200, code=None)')
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "request", "level": "info", "status": 200}


@pytest.mark.parametrize("call", ['log.exception("failed")', 'log.error("failed", exc_info=error)'])
def test_an_exception_is_told_by_its_place_and_never_in_its_words(call: str) -> None:
    (line,) = parsed(f"""
        try:
            int("{SECRET}")
        except ValueError as error:
            {call}
    """)
    assert line["error"].startswith("ValueError < ")


def test_the_level_holds_for_both_kinds_of_loggers() -> None:
    found = parsed(
        """
        log.info("quiet")
        logging.getLogger("retouch.engines").info("quiet")
        log.warning("told")
        logging.getLogger("retouch.engines").warning("told too")
        """,
        level="warning",
    )
    assert [line["event"] for line in found] == ["told", "told too"]
