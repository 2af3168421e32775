// The handshake of a WebSocket by `ws`, as the SDK's realtime client does it; prints what came of it.
import { WebSocket } from 'ws';

const headers = { Authorization: `Bearer ${process.env.OPENAI_API_KEY}` };
const socket = new WebSocket('wss://api.openai.com/v1/realtime?model=gpt-realtime', { headers });

socket.on('open', () => {
  console.log('OPEN');
  socket.close();
});
socket.on('unexpected-response', (_request, response) => {
  console.log('REFUSED', response.statusCode);
  socket.terminate();
});
socket.on('error', (error) => {
  console.log('ERROR', error.message);
  process.exitCode = 1;
});
