// Calls of the official SDK, by name: each prints a line `NAME: ANSWER`.
import fs from 'node:fs';
import OpenAI from 'openai7';

const model = 'gpt-4o-mini';
const questions = {
  model,
  messages: [
    { role: 'system', content: 'Be <brief>.' },
    { role: 'user', content: 'naïve ✓ 😀' },
  ],
  temperature: 1.0,
};
const client = new OpenAI({ maxRetries: 0 });

const embeddings = async (options) => {
  const answer = await client.embeddings.create({ model: 'text-embedding-3-small', input: ['one', 'two'], ...options });
  return answer.data.map(({ embedding }) => `[${embedding.join(' ')}]`).join(' ');
};

const calls = {
  chat: async () => (await client.chat.completions.create(questions)).choices[0].message.content,
  stream: async () => {
    const options = { stream: true, stream_options: { include_usage: true } };
    let text = '';
    for await (const event of await client.chat.completions.create({ ...questions, ...options })) {
      for (const choice of event.choices) text += choice.delta.content ?? '';
    }
    return text;
  },
  embeddings,
  floats: () => embeddings({ encoding_format: 'float' }),
  transcription: async () => {
    const file = fs.createReadStream('speech.wav');
    return (await client.audio.transcriptions.create({ file, model: 'whisper-1', language: 'pt' })).text;
  },
  responses: async () =>
    (await client.responses.create({ model, input: 'naïve ✓ 😀', max_output_tokens: 100 })).output_text,
};

for (const name of process.argv.slice(2)) {
  const answer = await calls[name]().catch((error) => `failed: ${error.message}`);
  console.log(`${name}: ${answer}`);
}
