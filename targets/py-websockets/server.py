"""An echo server on Python's `websockets` with its defaults.

Usage: PORT=9102 python3 server.py
"""

import asyncio
import logging
import os

from websockets.asyncio.server import serve


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def main():
    # Malformed handshakes are the point of the exercise; their tracebacks are not.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    port = int(os.environ["PORT"])
    async with serve(
        echo, "127.0.0.1", port, compression="deflate", subprotocols=["chat", "superchat"]
    ) as server:
        await server.serve_forever()


asyncio.run(main())
