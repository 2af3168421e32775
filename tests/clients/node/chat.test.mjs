// For vitest, and for Node's own runner where that one is not there.
import assert from 'node:assert';
import OpenAI from 'openai6';

const { it } = process.env.VITEST ? await import('vitest') : await import('node:test');

it('reaches the API', async () => {
  const messages = [{ role: 'user', content: 'hi' }];
  const answer = await new OpenAI({ maxRetries: 0 }).chat.completions.create({ model: 'gpt-4o-mini', messages });
  assert.ok(answer.choices[0].message.content);
});
