# mypy: disable-error-code="import-not-found,import-untyped"
import asyncio
import sys

import openai


async def main() -> None:
    messages = [{"role": "user", "content": sys.argv[1]}]
    async with openai.AsyncOpenAI(max_retries=0) as client:
        create = client.chat.completions.create
        answer = await create(model="gpt-4o-mini", messages=messages)
        print("JSON", answer.choices[0].message.content)

        stream = await create(model="gpt-4o-mini", messages=messages, stream=True)
        print("SSE ", end="")
        async for chunk in stream:
            if chunk.choices:
                print(chunk.choices[0].delta.content or "", end="")
        print()


asyncio.run(main())
