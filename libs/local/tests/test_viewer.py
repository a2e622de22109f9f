"""Spans on their way into the trace viewer."""

import asyncio
import json
from pathlib import Path

import httpx

from lotse.local.process import free_port
from lotse.local.standin.http import Connection, Request, Response
from lotse.local.viewer import forward


async def test_spans_reach_the_viewer_once_whole_and_after_it_was_away(tmp_path: Path):
    taken: list[str] = []
    refusals = [None, None]
    news = asyncio.Event()

    def take(request: Request) -> Response:
        assert request.path == "/api/v2/spans"
        if refusals:
            refusals.pop()
            return Response(503)
        taken.extend(span["id"] for span in json.loads(request.body))
        news.set()
        return Response(202)

    async def arrived(count: int) -> list[str]:
        async with asyncio.timeout(10):
            while len(taken) < count:
                news.clear()
                await news.wait()
        return taken

    port, file = free_port(), tmp_path / "router.jsonl"
    file.write_text('{"id": "1"}\n{"id": "2"}\n{"id": ')
    server = await asyncio.get_running_loop().create_server(lambda: Connection(take), "127.0.0.1", port)
    async with server, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        forwarding = asyncio.create_task(forward(tmp_path, client))
        assert await arrived(2) == ["1", "2"]
        with file.open("a") as more:
            more.write('"3"}\n')
        (tmp_path / "sla.jsonl").write_text('{"id": "4"}\n')
        assert sorted(await arrived(4)) == ["1", "2", "3", "4"]
        forwarding.cancel()
        await asyncio.wait([forwarding])
