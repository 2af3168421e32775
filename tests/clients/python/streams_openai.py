# mypy: disable-error-code="import-not-found,import-untyped"
"""Streams of the official SDK, one after the other: `streams_openai.py COUNT [EVENTS]`.

As many chats and responses each, read to their end or left after EVENTS events. Prints what
came of each in a line.
"""

import sys
from itertools import islice

import openai

MODEL = "gpt-4o-mini"
count = int(sys.argv[1])
events = int(sys.argv[2]) if len(sys.argv) > 2 else None
client = openai.OpenAI(max_retries=0)
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
