# SPDX-License-Identifier: GPL-3.0-or-later
"""What does it cost to ask every agent once a second? The plain way to watch a fleet, as a program.

``python polling.py PORT AGENTS SECONDS`` polls emulated agents and prints how many it asked.
"""

import asyncio
import ipaddress
import json
import sys
import time

import aiohttp
import uvloop

FIRST_ADDRESS = ipaddress.IPv4Address("127.1.0.1")
INTERVAL_S = 1.0
BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "heartbeat", "params": {}})


async def poll(session: aiohttp.ClientSession, port: int, number: int, until: float) -> int:
    """Ask one agent until the time is over; return how often it answered."""
    url = f"https://{FIRST_ADDRESS + number}:{port}/emulatedpathof{number:05}/rpc"
    headers = {"X-Agent-Token": f"token-of-emulated-{number:05}"}
    asked = 0
    await asyncio.sleep(number * 0.618 % 1)
    while time.monotonic() < until:
        began = time.monotonic()
        async with session.post(url, data=BODY, headers=headers, ssl=False) as answer:
            asked += "result" in await answer.json(content_type=None)
        await asyncio.sleep(max(0.0, INTERVAL_S - (time.monotonic() - began)))
    return asked


async def main(port: int, agents: int, seconds: float) -> None:
    """Poll all of them over connections that are kept open."""
    until = time.monotonic() + seconds
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
    async with aiohttp.ClientSession(connector=connector) as session:
        asked = await asyncio.gather(*(poll(session, port, n, until) for n in range(agents)))
    sys.stdout.write(f"{sum(asked)}\n")


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
