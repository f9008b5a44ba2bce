// What node's HTTP server, which reads with llhttp, makes of requests. Reads a request in base64 from each line of standard
// input and prints a line of JSON for each, in order. All connections are on loopback.
'use strict';

const http = require('node:http');
const net = require('node:net');
const readline = require('node:readline');

// By the port that a connection comes from: what the server said of it.
const said = new Map();
const tell = (socket, what) => {
  if (!said.has(socket.remotePort)) said.set(socket.remotePort, what);
};
const taken = (request) => ({
  said: 'taken', method: request.method, target: request.url, version: request.httpVersion,
  fields: request.rawHeaders,
});

const server = http.createServer({ keepAliveTimeout: 1 }, (request, response) => {
  tell(request.socket, taken(request));
  response.end();
});
server.on('upgrade', (request, socket) => {
  tell(socket, taken(request));
  socket.destroy();
});
server.on('connect', (request, socket) => {
  tell(socket, taken(request));
  socket.destroy();
});
server.on('clientError', (error, socket) => {
  const waits = error.code === 'HPE_INVALID_EOF_STATE' || error.code === 'ECONNRESET';
  tell(socket, waits ? { said: 'waits' } : { said: 'refused', why: error.code });
  socket.destroy();
});

const ask = (octets) => new Promise((resolve) => {
  let answer = '';
  const socket = net.connect(server.address().port, '127.0.0.1', () => socket.end(octets));
  let port;
  socket.on('connect', () => { port = socket.localPort; });
  socket.on('data', (data) => { answer += data.toString('latin1'); });
  socket.on('error', () => {});
  socket.on('close', () => {
    const status = Number(/^HTTP\/1.1 (\d{3})/.exec(answer)?.[1]);
    const what = said.get(port)
      ?? (status >= 400 ? { said: 'refused', why: `status ${status}` } : { said: 'waits' });
    said.delete(port);
    resolve(what);
  });
});

server.listen(0, '127.0.0.1', async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await ask(Buffer.from(line, 'base64'))));
  }
  server.close();
});
