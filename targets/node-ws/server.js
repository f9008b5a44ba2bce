// An echo server on node's `ws` with its defaults: what the library does, not what we make of it.
// Usage: PORT=9101 node server.js
'use strict';

const http = require('node:http');
const { WebSocketServer } = require('ws');

const known = ['chat', 'superchat'];

const server = http.createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  response.end('an echo server; open a WebSocket here\n');
});

const sockets = new WebSocketServer({
  server,
  perMessageDeflate: true,
  handleProtocols: (offered) => known.find((name) => offered.has(name)) ?? false,
});

sockets.on('connection', (socket) => {
  // A target that breaks the protocol is the point of the exercise; it must not end the server.
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});

server.listen(Number(process.env.PORT), '127.0.0.1');
