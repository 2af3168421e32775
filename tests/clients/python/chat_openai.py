# mypy: disable-error-code="import-not-found,import-untyped"
import sys

import openai

client = openai.OpenAI(max_retries=0)
messages = [{"role": "user", "content": sys.argv[1]}]

answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages)
print("JSON", answer.choices[0].message.content)

stream = client.chat.completions.create(
    model="gpt-4o-mini", messages=messages, stream=True
)
deltas = (chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
print("SSE", "".join(deltas))
