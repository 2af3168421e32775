const assert = require('node:assert');
const OpenAI = require('openai6').default;

it('reaches the API', async () => {
  const messages = [{ role: 'user', content: 'hi' }];
  const answer = await new OpenAI({ maxRetries: 0 }).chat.completions.create({ model: 'gpt-4o-mini', messages });
  assert.ok(answer.choices[0].message.content);
});
