"""Serving overhead and throughput, on an echo of a 1024² PNG with a mask.

The floor is the bare work: decoding picture and mask, encoding the PNG, base64, with the same libraries in this
process. Overhead: one client's median request ÷ the floor's median, the two measured in turn. Throughput: eight
clients against what two cores could do if the server cost nothing, (2 × wall − the clients' CPU) ÷ (wall × CPU
seconds of the floor), the floor measured just before and just after.
"""

from __future__ import annotations

import io
import statistics
import threading
import time

import cv2
import pybase64

from benchmarks.photos import half_mask, photograph
from benchmarks.servers import Client, multipart, serving
from retouch.imaging.decode import decode
from retouch.imaging.encode import encode
from retouch.imaging.limits import PixelLimits
from retouch.imaging.mask import read_mask

SIDE = 1024
PAIRS = 40
CLIENTS = 8
REQUESTS = 160


class Bare:
    """The work that no server of this endpoint can leave out."""

    def __init__(self, picture: bytes, mask: bytes) -> None:
        self._picture = picture
        self._mask = mask

    def run(self) -> tuple[float, float]:
        """(wall, CPU) seconds of one pass."""
        wall, cpu = time.perf_counter(), time.thread_time()
        raster = decode(io.BytesIO(self._picture), limits=PixelLimits(), position=1)
        read_mask(io.BytesIO(self._mask), limits=PixelLimits(), source_size=raster.size)
        pybase64.b64encode(encode(raster, "png", 100))
        return time.perf_counter() - wall, time.thread_time() - cpu


def overhead(bare: Bare, client: Client) -> None:
    for _ in range(5):
        bare.run()
        client.post()
    floors, requests = [], []
    for _ in range(PAIRS):
        floors.append(bare.run()[0])
        started = time.perf_counter()
        client.post()
        requests.append(time.perf_counter() - started)
    ratios = [request / floor for request, floor in zip(requests, floors, strict=True)]
    print(f"one client, {PAIRS} pairs:   bare {_ms(floors)}   request {_ms(requests)}", end="   ")
    print(
        f"overhead {statistics.median(requests) / statistics.median(floors):.2f} ×"
        f" (pair by pair {statistics.median(ratios):.2f}; at most 1.20 wanted)"
    )


def throughput(bare: Bare, clients: list[Client]) -> None:
    floors = [bare.run()[1] for _ in range(15)]
    left = iter(range(REQUESTS))
    lock = threading.Lock()
    times: list[float] = []

    def work(client: Client) -> None:
        while True:
            with lock:
                if next(left, None) is None:
                    return
            started = time.perf_counter()
            client.post()
            times.append(time.perf_counter() - started)

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    wall, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    floors += [bare.run()[1] for _ in range(15)]
    floor = statistics.median(floors)
    reached, possible = REQUESTS / wall, (2 * wall - cpu) / (wall * floor)
    print(
        f"{CLIENTS} clients, {REQUESTS} requests: {reached:.1f}/s, p50 {statistics.median(times) * 1000:.0f} ms,"
        f" of {possible:.1f}/s possible (floor {floor * 1000:.0f} ms CPU):"
        f" {reached / possible:.2f} (at least 0.90 wanted)"
    )


def _ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.0f} ms"


def main() -> None:
    cv2.setNumThreads(1)
    picture = encode(photograph(SIDE, SIDE), "png", 100)
    mask = half_mask(SIDE, SIDE)
    content_type, body = multipart(
        {"prompt": "echo", "model": "gpt-image-2", "size": f"{SIDE}x{SIDE}"}, {"image": picture, "mask": mask}
    )
    bare = Bare(picture, mask)
    print(f"picture {len(picture) >> 10} kB, mask {len(mask) >> 10} kB")
    with serving("--engine", "echo", "--workers", "2") as server:
        clients = [Client(server.port, content_type, body) for _ in range(CLIENTS)]
        overhead(bare, clients[0])
        throughput(bare, clients)


if __name__ == "__main__":
    main()
