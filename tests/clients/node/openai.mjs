// The official SDK of the major version named: `node openai.mjs 7 MESSAGE`.
const [major, content] = process.argv.slice(2);
const { default: OpenAI } = await import(`openai${major}`);

const client = new OpenAI({ maxRetries: 0 });
const params = { model: 'gpt-4o-mini', messages: [{ role: 'user', content }] };

const answer = await client.chat.completions.create(params);
console.log('JSON', answer.choices[0].message.content);

let text = '';
for await (const chunk of await client.chat.completions.create({ ...params, stream: true })) {
  text += chunk.choices[0]?.delta.content ?? '';
}
console.log('SSE', text);
