# mypy: disable-error-code="import-not-found,import-untyped"
"""Streams of the official SDK, one after the other: `streams_openai.py [--http2] COUNT [EVENTS]`.

As many chats and responses each, read to their end or left after EVENTS events. Prints what
came of each in a line.
"""

import sys
from itertools import islice

import openai

MODEL = "gpt-4o-mini"
numbers = [int(word) for word in sys.argv[1:] if word != "--http2"]
count, events = numbers[0], numbers[1] if len(numbers) > 1 else None
http = openai.DefaultHttpxClient(http2="--http2" in sys.argv)
client = openai.OpenAI(max_retries=0, http_client=http)
for number in range(count):
    question = f"question {number}"
    chat = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": question}], stream=True
    )
    response = client.responses.create(model=MODEL, input=question, stream=True)
    for name, stream in (("chat", chat), ("response", response)):
        with stream:
            got = [event.to_json(indent=None) for event in islice(stream, events)]
        print(name, len(got), *got, flush=True)
