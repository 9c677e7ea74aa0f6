"""Lines of the standard library's logging, as a process of its own writes them."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any

SECRET = "my-neighbour"


def lines(code: str, *, people: bool = False) -> list[str]:
    """What a process that logs through `Lines` writes to its standard error."""
    head = f"""
        import logging, sys, threading, warnings
        from retouch.service.logs import Lines, write_lines
        lines = Lines(people={people})
        write_lines(lines, logging.INFO)
    """
    program = textwrap.dedent(head) + textwrap.dedent(code)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert SECRET not in ran.stderr
    return ran.stderr.splitlines()


def parsed(code: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(code)]


def test_a_line_is_an_object_with_the_request_that_is_worked_on() -> None:
    (line,) = parsed("""
        lines.fields["request_id"] = "req_1"
        logging.getLogger("retouch.worker").info("edit_failed", extra={"fields": {"stage": "decode"}})
    """)
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "event": "edit_failed",
        "level": "info",
        "logger": "retouch.worker",
        "request_id": "req_1",
        "stage": "decode",
    }


def test_an_exception_is_told_by_its_place() -> None:
    (line,) = parsed(f"""
        try:
            int("{SECRET}")
        except ValueError:
            logging.getLogger("retouch.worker").exception("edit_failed")
    """)
    assert line["error"].startswith("ValueError < ")


def test_of_other_libraries_only_warnings_and_their_own_words_are_told() -> None:
    found = parsed(f"""
        other = logging.getLogger("another.package")
        other.info("quiet")
        other.warning("cannot open %s", "{SECRET}")
        other.error("Exception in callback f('{SECRET}')\\nfuture: <{SECRET}>")
    """)
    assert [line["event"] for line in found] == ["cannot open %s", "Exception in callback f"]


def test_warnings_are_told_by_kind_and_place() -> None:
    (line,) = parsed(f"""
        warnings.warn("{SECRET}", UserWarning)
    """)
    assert (line["event"], line["category"]) == ("warning", "UserWarning")


def test_what_nobody_caught_is_told_by_its_place() -> None:
    found = parsed(f"""
        thread = threading.Thread(target=lambda: int("{SECRET}"))
        thread.start()
        thread.join()
        int("{SECRET}")
    """)
    assert [line["event"] for line in found] == ["uncaught_in_thread", "uncaught"]
    assert all(line["error"].startswith("ValueError < ") for line in found)


def test_people_get_a_line_they_can_read() -> None:
    (line,) = lines(
        """
        lines.fields["request_id"] = "req_1"
        logging.getLogger("retouch.worker").warning("edit_failed")
        """,
        people=True,
    )
    assert line.startswith("[warning] edit_failed logger=retouch.worker request_id=req_1 timestamp=")
