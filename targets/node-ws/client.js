// A client on node's `ws`: opens one connection, sends a message, and closes when that comes back.
// Usage: node client.js URL
'use strict';

const WebSocket = require('ws');

const socket = new WebSocket(process.argv[2], ['chat', 'superchat']);
socket.on('open', () => socket.send('hello'));
socket.on('message', () => socket.close(1000));
socket.on('error', () => {});
// Nobody waits for longer than for a close that does not come.
setTimeout(() => process.exit(), 8000).unref();
