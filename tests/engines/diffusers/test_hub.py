"""Fetching models from a hub that stands in for the real one."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from retouch.engines.diffusers import blobs
from retouch.engines.diffusers.checkpoint import ModelMissing, locate
from retouch.engines.diffusers.hub import Hub, Order
from retouch.engines.diffusers.refusals import PullError
from tests.fake_hub import COMMIT, KLEIN, LARGE, FakeHub, fake_hub, weights
from tests.miniatures.fixtures import needs_libraries

huggingface_hub = pytest.importorskip("huggingface_hub")
from huggingface_hub import constants  # noqa: E402 - only where it is installed

NEEDED = {
    "LICENSE.md",
    "model_index.json",
    "transformer/config.json",
    "transformer/diffusion_pytorch_model.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
}
JUDGED = {"model_index.json", "transformer/config.json"}
DENOISER = "transformer/diffusion_pytorch_model.safetensors"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with fake_hub(owner__klein=KLEIN) as hub:
        yield hub
        huggingface_hub.close_session()


def snapshot(cache: Path, repository: str = "owner/klein") -> set[str]:
    folder = cache / f"models--{repository.replace('/', '--')}" / "snapshots" / COMMIT
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def incomplete(order: Order, content: bytes) -> Path:
    """Lay down ``content`` as what an interrupted pull has left of the denoiser."""
    blob = order.parts[0].folder.parents[1] / "blobs" / hashlib.sha256(KLEIN[DENOISER]).hexdigest()
    left = blob.with_name(f"{blob.name}.incomplete")
    left.write_bytes(content)
    return left


def pull(hub: Hub, order: Order) -> tuple[Path, int]:
    """The model's folder, and the bytes that were told of."""
    told: list[int] = []
    return hub.pull(order, told.append), sum(told)


def test_the_size_is_known_before_any_weights_are_fetched(served: FakeHub, tmp_path: Path) -> None:
    order = Hub(served.url, tmp_path).order("owner/klein")
    assert {path for path, _ in served.sent} == JUDGED
    assert {file.path for file in order.parts[0].files} == NEEDED
    assert order.size == sum(len(KLEIN[path]) for path in NEEDED)
    assert order.left == order.size - sum(len(KLEIN[path]) for path in JUDGED)


def test_a_model_is_fetched_whole_and_without_copies_of_its_weights(served: FakeHub, tmp_path: Path) -> None:
    hub = Hub(served.url, tmp_path)
    order = hub.order("owner/klein")
    folder, told = pull(hub, order)
    assert snapshot(tmp_path) == NEEDED
    assert (folder / DENOISER).read_bytes() == KLEIN[DENOISER]
    assert told == order.left
    found = huggingface_hub.snapshot_download("owner/klein", cache_dir=tmp_path, local_files_only=True)
    assert Path(found) == folder
    assert hub.order("owner/klein").left == 0


def test_an_interrupted_pull_goes_on_where_it_stopped(
    served: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(served.url, tmp_path)
    order = hub.order("owner/klein")
    served.breaks = [2 << 20]

    def give_up(seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("huggingface_hub.file_download.time.sleep", give_up)
        patched.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1 << 20)
        with pytest.raises(KeyboardInterrupt):
            hub.pull(order)
    with pytest.raises(FileNotFoundError):  # half a model is not found as if it were one
        huggingface_hub.snapshot_download("owner/klein", cache_dir=tmp_path, local_files_only=True)
    served.sent.clear()
    again = hub.order("owner/klein")
    assert order.left - again.left >= 2 << 20
    folder, told = pull(hub, again)
    assert dict(served.sent)[DENOISER] == 2 << 20
    assert told == again.left
    assert (folder / DENOISER).read_bytes() == KLEIN[DENOISER]


@pytest.mark.parametrize(
    ("named", "surplus", "sent"), [(True, b"", False), (False, b"", False), (False, b"x", True)]
)
def test_what_is_here_to_its_last_byte_is_not_fetched_again(
    served: FakeHub, tmp_path: Path, named: bool, surplus: bytes, sent: bool
) -> None:
    """A pull may have been killed before it gave the file its name, and before it was put in its place."""
    hub = Hub(served.url, tmp_path)
    left = incomplete(hub.order("owner/klein"), KLEIN[DENOISER] + surplus)
    if named:
        left.rename(left.with_suffix(""))
    order = hub.order("owner/klein")
    folder, told = pull(hub, order)
    assert told == order.left
    assert (folder / DENOISER).read_bytes() == KLEIN[DENOISER]
    assert (DENOISER in dict(served.sent)) == sent


def test_what_comes_damaged_is_thrown_away_and_fetched_anew(served: FakeHub, tmp_path: Path) -> None:
    hub = Hub(served.url, tmp_path)
    order = hub.order("owner/klein")
    incomplete(order, b"x" * 100)
    with pytest.raises(PullError, match="damaged"):
        hub.pull(order)
    hub.pull(hub.order("owner/klein"))
    assert snapshot(tmp_path) == NEEDED


def test_a_busy_hub_is_asked_again(served: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    served.failures = [503, 429]
    hub = Hub(served.url, tmp_path)
    order = hub.order("owner/klein")
    assert waited == [1, 2]
    served.failures = [502, 504]
    hub.pull(order)
    assert snapshot(tmp_path) == NEEDED
    served.failures = [503] * 6
    with pytest.raises(PullError, match="answered 503 for owner/klein"):
        hub.order("owner/klein")


def test_a_connection_that_breaks_again_and_again_is_taken_up_where_it_broke(
    served: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1 << 19)
    hub = Hub(served.url, tmp_path)
    order = hub.order("owner/klein")
    served.breaks = [1 << 19] * 9
    folder, told = pull(hub, order)
    assert told == order.left
    assert (folder / DENOISER).read_bytes() == KLEIN[DENOISER]
    assert [first for path, first in served.sent if path == DENOISER] == [count << 19 for count in range(10)]


def test_a_server_that_sends_no_parts_is_heard_from_the_beginning(served: FakeHub, tmp_path: Path) -> None:
    hub = Hub(served.url, tmp_path)
    incomplete(hub.order("owner/klein"), KLEIN[DENOISER][: 1 << 20])
    served.ranges = False
    order = hub.order("owner/klein")
    folder, told = pull(hub, order)
    assert told == order.left
    assert (folder / DENOISER).read_bytes() == KLEIN[DENOISER]


def test_the_token_does_not_go_to_where_the_hub_keeps_its_files(
    served: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    with fake_hub(owner__klein=KLEIN) as store:
        served.store = store.url
        hub = Hub(served.url, tmp_path)
        incomplete(hub.order("owner/klein"), KLEIN[DENOISER][: 1 << 20])
        folder, _ = pull(hub, hub.order("owner/klein"))
        assert (folder / DENOISER).read_bytes() == KLEIN[DENOISER]
        assert store.sent == [(DENOISER, 1 << 20)]
        assert store.tokens == {None}
    assert served.tokens == {"Bearer hf_right"}


@pytest.mark.parametrize("path", ["transformer/../../../../x.safetensors", "/etc/x.json", "transformer//x.json"])
def test_a_listing_of_names_that_lead_elsewhere_is_refused(served: FakeHub, tmp_path: Path, path: str) -> None:
    served.listed = [path]
    with pytest.raises(PullError, match="lists owner/klein in a way that no hub does"):
        Hub(served.url, tmp_path / "cache").order("owner/klein")
    assert list(tmp_path.rglob("x*")) == []


@needs_libraries
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"model_index.json": {"_class_name": "WanPipeline"}}, "does not paint single pictures"),
        ({"model_index.json": {"_class_name": "NoSuchPipeline"}}, "has no pipeline 'NoSuchPipeline'"),
        ({"model_index.json": {"_class_name": ["mine", "Mine"]}}, "brings code of its own"),
        (
            {"model_index.json": {"_class_name": "Flux2KleinPipeline", "vae": ["mine", "X"]}, "vae/mine.py": 0},
            "never run",
        ),
        ({"model_index.json": [1]}, "holds no table"),
        (
            {
                "model_index.json": {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "X"]},
                "unet/config.json": {"in_channels": 7, "out_channels": 4},
            },
            "reads 7 channels",
        ),
        (
            {
                "model_index.json": {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "X"]},
                "unet/model.bin": 0,
            },
            "unet as pickles only",
        ),
    ],
)
def test_a_model_that_could_not_be_used_is_refused_before_its_weights_are_fetched(
    served: FakeHub, tmp_path: Path, files: dict[str, object], said: str
) -> None:
    large = {"unet/model.safetensors": weights(7)} if "unet/model.bin" not in files else {}
    named = {path: json.dumps(content).encode() for path, content in files.items()}
    served.repositories["owner/odd"] = {**named, **large}
    with pytest.raises(PullError, match=said):
        Hub(served.url, tmp_path).order("owner/odd")
    assert not any(path.endswith((".safetensors", ".bin")) for path, _ in served.sent)


def test_what_the_library_itself_has_fetched_is_not_fetched_again(served: FakeHub, tmp_path: Path) -> None:
    given = {"cache_dir": tmp_path, "endpoint": served.url}
    huggingface_hub.snapshot_download("owner/klein", allow_patterns=["transformer/*.safetensors"], **given)
    served.sent.clear()
    hub = Hub(served.url, tmp_path)
    order = hub.order("owner/klein")
    assert order.left < LARGE
    hub.pull(order)
    assert snapshot(tmp_path) == NEEDED
    assert DENOISER not in dict(served.sent)


def test_a_model_counts_as_here_when_its_parts_are_whoever_fetched_them(
    served: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    given = {"cache_dir": tmp_path, "endpoint": served.url}
    huggingface_hub.hf_hub_download("owner/klein", "model_index.json", **given)
    with pytest.raises(ModelMissing):
        locate("owner/klein")
    # The library notes down all names of the repository, copies of the weights that nobody needs among them.
    huggingface_hub.snapshot_download("owner/klein", allow_patterns=["*.json", "transformer/*.bin"], **given)
    with pytest.raises(ModelMissing):
        locate("owner/klein")
    Hub(served.url, tmp_path).pull(Hub(served.url, tmp_path).order("owner/klein"))
    assert locate("owner/klein").name == COMMIT


def test_a_full_disk_and_a_wrong_token_are_told_in_a_sentence(
    served: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(served.url, tmp_path)
    order = hub.order("owner/klein")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("retouch.engines.diffusers.hub.complete", full)
        with pytest.raises(PullError, match="No space left on device; what has come is kept"):
            hub.pull(order)
    served.failures = [403]
    with pytest.raises(PullError, match="refuses owner/klein to your token: set HF_TOKEN"):
        hub.order("owner/klein")


def test_a_file_that_another_process_completes_meanwhile_is_left_alone(
    served: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    blob = tmp_path / "blob"
    whole = fcntl.flock

    def late(file: object, how: int) -> None:
        blob.with_name("blob.incomplete").rename(blob)
        whole(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", late)
    blob.with_name("blob.incomplete").write_bytes(b"done")
    with pytest.raises(BlockingIOError, match="just fetched it"):
        blobs.complete("http://127.0.0.1:1/x", blob, 10, lambda _: None)
    assert blob.read_bytes() == b"done"


def test_two_processes_do_not_write_the_same_file(tmp_path: Path) -> None:
    import fcntl

    blob = tmp_path / "blob"
    with blob.with_name("blob.incomplete").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError, match="another process"):
            blobs.complete("http://127.0.0.1:1/x", blob, 10, lambda _: None)


def test_too_little_room_is_told_before_weights_are_fetched(
    served: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(served.url, tmp_path)
    order = hub.order("owner/klein")
    monkeypatch.setattr(Order, "free", order.left - 1)
    with pytest.raises(PullError, match=r"needs 5\.2 MB more .* HF_HOME names another place"):
        hub.pull(order)
    assert {path for path, _ in served.sent} == JUDGED


def test_a_gated_model_says_which_page_to_accept_and_where_the_token_goes(
    served: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.gated.add("owner/klein")
    hub = Hub(served.url, tmp_path)
    with pytest.raises(PullError) as caught:
        hub.order("owner/klein")
    assert f"accept its terms at {served.url}/owner/klein" in str(caught.value)
    assert "HF_TOKEN" in str(caught.value)
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    hub.pull(hub.order("owner/klein"))
    assert snapshot(tmp_path) == NEEDED


def test_what_is_not_there_is_told_in_a_sentence(served: FakeHub, tmp_path: Path) -> None:
    served.repositories["owner/lora"] = {"lora.safetensors": weights(9)}
    hub = Hub(served.url, tmp_path)
    for model, revision, said in [
        ("owner/none", None, "the hub has no model owner/none, or it is private"),
        ("owner/klein", "v9", "no such version"),
        ("owner/lora", None, "holds no model_index.json"),
        ("klein-nine", None, "neither a preset's name nor a hub id"),
    ]:
        with pytest.raises(PullError, match=said):
            hub.order(model, revision)


def test_a_hub_that_cannot_be_reached_is_told_in_a_sentence(
    served: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PullError, match="cannot be reached"):
        Hub("http://127.0.0.1:9", tmp_path).order("owner/klein")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(PullError, match="HF_HUB_OFFLINE"):
        Hub(served.url, tmp_path).order("owner/klein")


def test_parts_of_a_modular_model_come_from_where_its_index_says(served: FakeHub, tmp_path: Path) -> None:
    index = {
        "_class_name": "Flux3ModularPipeline",
        "transformer": ["diffusers", "X", {"repo": "owner/modular", "subfolder": "transformer"}],
        "vae": [None, None, {"pretrained_model_name_or_path": "owner/klein", "subfolder": "vae"}],
    }
    served.repositories["owner/modular"] = {
        "modular_model_index.json": json.dumps(index).encode(),
        "transformer/config.json": b"{}",
        "transformer/model.safetensors": weights(7),
    }
    hub = Hub(served.url, tmp_path)
    hub.pull(hub.order("owner/modular"))
    assert "transformer/model.safetensors" in snapshot(tmp_path, "owner/modular")
    assert {path for path in snapshot(tmp_path) if "/" in path} == {path for path in NEEDED if "vae/" in path}


def test_a_presets_adapters_come_with_it(served: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from retouch.engines.diffusers import hub as module
    from retouch.engines.diffusers.presets import Preset

    known = Preset.model_validate(
        {
            "name": "quick",
            "repo": "owner/klein",
            "loras": [{"source": "owner/lora", "weight_name": "b.safetensors"}],
            "pipeline": "Flux2KleinPipeline",
            "about": "in a test",
        }
    )
    monkeypatch.setattr(module, "preset", {"quick": known}.get)
    hub = Hub(served.url, tmp_path)
    served.repositories["owner/lora"] = {"a.safetensors": weights(8)}
    with pytest.raises(PullError, match=r"owner/lora cannot be used: it holds no b\.safetensors"):
        hub.order("quick")
    served.repositories["owner/lora"] = {"a.safetensors": weights(8), "b.safetensors": weights(9)}
    order = hub.order("quick")
    assert order.size > 2 * LARGE
    hub.pull(order)
    assert snapshot(tmp_path, "owner/lora") == {"b.safetensors"}


def test_a_denoiser_from_a_file_and_adapters_come_with_the_model(served: FakeHub, tmp_path: Path) -> None:
    hub = Hub(served.url, tmp_path)
    order = hub.order("owner/klein", loras=(), denoiser=f"owner/klein/{DENOISER}")
    assert [[file.path for file in part.files] for part in order.parts[1:]] == [[DENOISER]]
    with pytest.raises(PullError, match=r"there is no file it\.gguf, and it is none of the hub's"):
        hub.order("owner/klein", denoiser="it.gguf")
