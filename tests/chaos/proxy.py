"""A server's address that its clients are given, whose connections can be cut in the middle of a message."""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


class Proxy:
    """Passes bytes on between clients and the server at ``target`` on this machine."""

    def __init__(self) -> None:
        self.target = 0
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._cutting = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """End every connection, those with bytes under way after half of them."""
        self._call(self._cut())

    def close(self) -> None:
        """Let go of everything."""
        self._call(self._end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _end_all(self) -> None:
        self._server.close()
        await self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def _cut(self) -> None:
        self._cutting = True
        # one chunk more may come through, by half
        await asyncio.sleep(0.02)
        for writer in list(self._writers):
            writer.transport.abort()
        self._cutting = False

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with suppress(OSError):
                there, back = await asyncio.open_connection("127.0.0.1", self.target)
                self._writers.add(back)
                await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
                self._end(back)
        finally:
            self._end(writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65_536):
                if self._cutting:
                    writer.write(chunk[: len(chunk) // 2])
                    break
                writer.write(chunk)
                await writer.drain()
        if not writer.transport.is_closing():
            writer.close()

    def _end(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.transport.abort()
