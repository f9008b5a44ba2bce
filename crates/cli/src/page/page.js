// Opens the connections that upspec asks for, a few at a time, and posts what the browser says of each.
'use strict';

const WORKERS = Number(new URLSearchParams(location.search).get('workers') || 4);
let played = 0;

function show(id, text) {
  document.getElementById(id).textContent = text;
}

async function ask(path) {
  const answer = await fetch(path, { cache: 'no-store' });
  return answer.json();
}

// Posts the events of a connection one after the other, so that none overtakes another.
function reporter(id) {
  let posted = Promise.resolve();
  return (event) => {
    posted = posted.then(() => fetch('event/' + id, { method: 'POST', body: JSON.stringify(event) })).catch(() => {});
  };
}

function data(message) {
  if (typeof message.data === 'string') return { event: 'message', data: message.data };
  const octets = String.fromCharCode(...new Uint8Array(message.data));
  return { event: 'message', base64: btoa(octets) };
}

function connect(call) {
  const report = reporter(call.id);
  let socket;
  try {
    socket = new WebSocket(call.url, ['chat', 'superchat']);
  } catch (error) {
    report({ event: 'error', message: String(error) });
    return null;
  }
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => {
    report({ event: 'open', subprotocol: socket.protocol, extensions: socket.extensions });
    socket.send('hello');
  };
  socket.onmessage = (message) => report(data(message));
  socket.onerror = () => report({ event: 'error', message: 'an error event' });
  socket.onclose = (event) => report({ event: 'close', code: event.code, clean: event.wasClean });
  return socket;
}

async function work() {
  for (;;) {
    const call = await ask('next');
    if (call.over) return;
    if (call.id === undefined) continue;
    show('last', call.case);
    const socket = connect(call);
    while (!(await ask('over/' + call.id)).over);
    if (socket) socket.close();
    played += 1;
    show('state', played + ' connections so far.');
  }
}

Promise.all(Array.from({ length: WORKERS }, work)).then(
  () => show('state', 'All is done: ' + played + ' connections.'),
  (error) => show('state', 'upspec is no longer there (' + error + ').'),
);
