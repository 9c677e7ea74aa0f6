"""What people test their own programs with."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI
from PIL import Image

import retouch.testing
from retouch.testing import LiveServer, serve

PAGE = (Path(__file__).parent.parent / "docs" / "testing.md").read_text()
CONFTEST, TESTS, SETTINGS, SCRIPT, RETRIES = re.findall(r"```python\n(.*?)```", PAGE, re.S)


@pytest.fixture(scope="session")
def image(picture_file: Callable[..., bytes]) -> bytes:
    return picture_file(Image.new("RGB", (64, 64), "teal"))


@pytest.fixture(scope="session")
def echo() -> Any:
    with serve() as server:
        yield server


def talk_to(server: LiveServer, **options: Any) -> OpenAI:
    return OpenAI(**{"base_url": server.base_url, "api_key": "any", "max_retries": 0, **options})


def run(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "RETOUCH"))}
    return subprocess.run(
        [sys.executable, *words], cwd=directory, env=environment, capture_output=True, text=True, timeout=100
    )


def run_pytest(directory: Path, **files: str) -> str:
    """The output of pytest on these files (``name="text"`` is name.py; ``ini`` is pytest.ini)."""
    directory.joinpath("pytest.ini").write_text("[pytest]\nfilterwarnings = error\n" + files.pop("ini", ""))
    for name, text in files.items():
        directory.joinpath(f"{name}.py").write_text(text)
    options = ("--strict-config", "-p", "no:cacheprovider", "-p", "no:schemathesis")
    return run(directory, "-m", "pytest", "-q", *options).stdout


def test_the_examples_of_the_page_pass(tmp_path: Path) -> None:
    told = run_pytest(tmp_path, conftest=CONFTEST, test_page=TESTS, test_retries=RETRIES)
    assert "5 passed" in told, told


def test_the_example_with_settings_gives_a_strict_server_with_a_key(tmp_path: Path) -> None:
    test = """
import httpx2

def test_both(retouch_server, retouch_client):
    assert httpx2.get(f"{retouch_server.base_url}/models").status_code == 401
    assert retouch_client.models.list().data
    assert "revised_prompt" not in httpx2.get(f"{retouch_server.url}/openapi.json").text
"""
    conftest = f"import pytest\n{CONFTEST}\n{SETTINGS}"
    told = run_pytest(tmp_path, conftest=conftest, test_settings=test)
    assert "1 passed" in told, told


def test_the_example_without_pytest_needs_no_pytest(tmp_path: Path) -> None:
    tmp_path.joinpath("script.py").write_text(f"import sys\nsys.modules['pytest'] = None\n{SCRIPT}")
    told = run(tmp_path, "script.py")
    assert told.returncode == 0, told.stderr
    assert re.search(r"^http://127\.0\.0\.1:\d+/v1$", told.stdout, re.M)


def test_an_ini_option_chooses_the_engine(tmp_path: Path) -> None:
    test = """
def test_it(retouch_server, retouch_engine):
    assert retouch_engine == "darkroom"
    import httpx2
    model = httpx2.get(f"{retouch_server.base_url}/models/gpt-image-1.5").json()
    assert [able["engine"] for able in model["capabilities"]["engines"]] == ["darkroom"]
"""
    told = run_pytest(tmp_path, conftest=CONFTEST, test_engine=test, ini="retouch_engine = darkroom\n")
    assert "1 passed" in told, told


def test_without_the_official_client_its_fixture_says_so(tmp_path: Path) -> None:
    conftest = f"import sys\nsys.modules['openai'] = None\n{CONFTEST}"
    told = run_pytest(tmp_path, conftest=conftest, test_client="def test_it(retouch_client): pass\n")
    assert "1 error" in told, told
    assert "pip install openai" in told


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETOUCH_SERVER__API_KEYS", '["sk-secret"]')
    monkeypatch.setenv("RETOUCH_SERVICE__WORKERS", "7")
    with serve() as server:
        assert httpx2.get(f"{server.base_url}/models").status_code == 200


def test_results_by_url_lie_in_a_directory_that_goes_with_the_server(image: bytes) -> None:
    with serve() as server, talk_to(server) as client:
        answer = client.images.edit(model="echo", image=image, prompt="hi", response_format="url")
        assert answer.data
        assert answer.data[0].url
        assert httpx2.get(answer.data[0].url).status_code == 200
        assert [path.suffix for path in server.results.glob("*.png")] == [".png"]
    assert not server.results.exists()


def test_an_engine_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no engine 'brush'"), serve("brush"):
        pass


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="speed"), serve(settings={"service": {"speed": 11}}):
        pass


@pytest.mark.parametrize(
    ("prompt", "status", "code", "retry"),
    [
        ("[refuse]", 400, "unsupported_instruction", None),
        ("[raise]", 500, "internal_error", "false"),
        ("[abort]", 500, "worker_lost", None),
        ("[memory]", 500, "out_of_memory", "false"),
    ],
)
def test_an_order_in_the_prompt_makes_the_error_of_the_page(
    echo: LiveServer, image: bytes, prompt: str, status: int, code: str, retry: str | None
) -> None:
    assert f"| `{prompt}` | {status} `{code}`" in PAGE
    with talk_to(echo) as client, pytest.raises(openai.APIStatusError) as failed:
        client.images.edit(image=image, prompt=prompt)
    assert failed.value.status_code == status
    assert failed.value.code == code
    assert failed.value.response.headers.get("x-should-retry") == retry


@pytest.mark.parametrize("prompt", ["[sleep 5]", "[hang]"])
def test_an_edit_over_the_deadline_of_the_settings_fails(image: bytes, prompt: str) -> None:
    with (
        serve(settings={"service": {"deadline": 0.5}}) as server,
        talk_to(server) as client,
        pytest.raises(openai.InternalServerError) as failed,
    ):
        client.images.edit(image=image, prompt=prompt)
    assert failed.value.code == "deadline_exceeded"


def test_a_second_edit_of_a_server_where_none_may_wait_is_refused(image: bytes) -> None:
    with serve(settings={"service": {"waiting": 0}}) as server, talk_to(server) as client:
        first = threading.Thread(target=client.images.edit, kwargs={"image": image, "prompt": "[sleep 2]"})
        first.start()
        while not server.in_flight:
            time.sleep(0.02)
        with pytest.raises(openai.RateLimitError) as refused:
            client.images.edit(image=image, prompt="hi")
        first.join()
    assert refused.value.code == "rate_limit_exceeded"
    assert int(refused.value.response.headers["retry-after"]) >= 1


def test_settings_make_the_refusals_of_keys_and_sizes(image: bytes) -> None:
    settings = {"server": {"api_keys": ["sk-test"], "max_request_bytes": 1024}}
    with serve(settings=settings) as server:
        with talk_to(server) as stranger, pytest.raises(openai.AuthenticationError):
            stranger.models.list()
        with talk_to(server, api_key="sk-test") as client, pytest.raises(openai.APIStatusError) as refused:
            client.images.edit(image=image + bytes(2048), prompt="hi")
    assert refused.value.status_code == 413


def test_what_the_module_offers_is_what_it_says() -> None:
    assert retouch.testing.__all__ == ["LiveServer", "serve"]
