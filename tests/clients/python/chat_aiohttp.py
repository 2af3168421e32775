# mypy: disable-error-code="import-not-found,import-untyped"
import asyncio
import os
import sys

import aiohttp
import sse

URL = "https://api.openai.com/v1/chat/completions"
BODY = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": sys.argv[1]}],
}


async def main() -> None:
    headers = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
    # Without trust_env a session reads no proxy variable.
    async with aiohttp.ClientSession(
        headers=headers, trust_env=True, raise_for_status=True
    ) as session:
        async with session.post(URL, json=BODY) as answer:
            print("JSON", (await answer.json())["choices"][0]["message"]["content"])
        async with session.post(URL, json=BODY | {"stream": True}) as stream:
            lines = [line.decode().rstrip() async for line in stream.content]
    print("SSE", sse.text(lines))


asyncio.run(main())
