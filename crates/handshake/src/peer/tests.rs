//! What all tests of the peers share, and the walk over every pair of the tables.

mod client;
mod server;
mod together;

use super::table::{ClientInput, ClientState, ServerInput, ServerState};
use super::{Client, Compression, Decision, Server, Service, Transport};
use crate::Status;

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, superchat\r\n\
     Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10, x-foo\r\n\r\n";

const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
     Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A client whose request is out.
fn sent(request: &str) -> Client {
    let mut client = Client::new(request.as_bytes()).complete().unwrap();
    assert_eq!(client.send(), request.as_bytes());
    client
}

fn chat() -> Server {
    Server::new(Service {
        subprotocols: vec![b"chat".to_vec(), b"superchat".to_vec()],
        compression: Compression::Deflate,
        transport: Transport::Clear,
    })
}

/// Gives the octets so far to a server, which decides as soon as the head is complete: the decision,
/// and how many octets the head takes, all of them when it is too long.
fn decide(server: &mut Server, octets: &[u8]) -> Option<(Decision, usize)> {
    match server.read(octets) {
        Status::Partial => None,
        Status::Complete(Ok(head)) => Some((server.decide(&head).clone(), head.len)),
        Status::Complete(Err(refusal)) => Some((Decision::Refuse(refusal), octets.len())),
    }
}

#[test]
fn a_client_takes_every_step_of_the_table() {
    for state in ClientState::ALL {
        for input in ClientInput::ALL {
            let mut client = client_in(state);
            give(&mut client, input);
            assert_eq!(client.state(), state.after(input), "{state:?} {input:?}");
        }
    }
}

/// The walk compares the machine with the table; this compares the table with the RFCs.
#[test]
fn the_tables_have_one_way_to_switch_and_no_way_back() {
    use ClientState::{Answered, Failed, Idle, Sent, Switched};
    for (state, input) in pairs(ClientState::ALL, ClientInput::ALL) {
        let next = state.after(input);
        let switches = (state, input) == (Sent, ClientInput::Switch);
        let answers = (state, input) == (Sent, ClientInput::Final);
        assert_eq!(next == Switched && state != Switched, switches);
        assert_eq!(next == Answered && state != Answered, answers);
        assert!(![Switched, Answered, Failed].contains(&state) || next == state);
        assert_eq!(next == Sent && state == Idle, (state, input) == (Idle, ClientInput::Send));
        assert!(next != Idle);
    }
    use ServerState::Decided;
    for (state, input) in pairs(ServerState::ALL, ServerInput::ALL) {
        let next = state.after(input);
        let answer = match input {
            ServerInput::Switch => Some(ServerState::Switched),
            ServerInput::Ignore => Some(ServerState::Http),
            ServerInput::Refuse => Some(ServerState::Refused),
            ServerInput::Next => {
                let is_over = matches!(state, ServerState::Http | ServerState::Refused);
                assert_eq!(next, if is_over { ServerState::Idle } else { state });
                continue;
            }
            ServerInput::Incomplete | ServerInput::Decide => None,
        };
        match (state, answer) {
            (Decided, Some(answer)) => assert_eq!(next, answer),
            (ServerState::Head, Some(ServerState::Refused)) => {
                assert_eq!(next, ServerState::Refused);
            }
            (ServerState::Idle | ServerState::Head, None) => assert_ne!(next, ServerState::Idle),
            _ => assert_eq!(next, state),
        }
    }
}

fn pairs<S: Copy, I: Copy>(
    states: impl IntoIterator<Item = S>,
    inputs: impl IntoIterator<Item = I> + Clone,
) -> impl Iterator<Item = (S, I)> {
    let of_state = move |state| inputs.clone().into_iter().map(move |input| (state, input));
    states.into_iter().flat_map(of_state)
}

fn client_in(state: ClientState) -> Client {
    let mut client = Client::new(REQUEST.as_bytes()).complete().unwrap();
    let inputs: &[ClientInput] = match state {
        ClientState::Idle => &[],
        ClientState::Sent => &[ClientInput::Send],
        ClientState::Switched => &[ClientInput::Send, ClientInput::Switch],
        ClientState::Answered => &[ClientInput::Send, ClientInput::Final],
        ClientState::Failed => &[ClientInput::Send, ClientInput::Failure],
    };
    for &input in inputs {
        give(&mut client, input);
    }
    assert_eq!(client.state(), state);
    client
}

/// Has the input happen, whatever the client makes of it.
fn give(client: &mut Client, input: ClientInput) {
    let octets = match input {
        ClientInput::Send => {
            client.send();
            return;
        }
        ClientInput::End => {
            client.end();
            return;
        }
        ClientInput::Incomplete => "HTTP/1.1 1",
        ClientInput::Interim => "HTTP/1.1 103 \r\n\r\n",
        ClientInput::Switch => SWITCH,
        ClientInput::Final => "HTTP/1.1 400 \r\n\r\n",
        ClientInput::Failure => "junk",
    };
    client.receive(octets.as_bytes());
}

#[test]
fn a_server_takes_every_step_of_the_table() {
    for state in ServerState::ALL {
        for input in ServerInput::ALL {
            let mut server = server_in(state, input);
            give_server(&mut server, input);
            assert_eq!(server.state(), state.after(input), "{state:?} {input:?}");
        }
    }
}

/// A server in this state, with a request that makes the input possible.
fn server_in(state: ServerState, input: ServerInput) -> Server {
    let mut server = chat();
    if state == ServerState::Idle {
        return server;
    }
    assert!(decide(&mut server, b"GET").is_none());
    if state == ServerState::Head {
        return server;
    }
    let request: &[u8] = match input {
        ServerInput::Ignore => b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        _ => REQUEST.as_bytes(),
    };
    assert!(decide(&mut server, request).is_some());
    match state {
        ServerState::Switched => assert!(server.answer().is_some()),
        ServerState::Http => server.ignore(),
        ServerState::Refused => server.refuse(),
        _ => {}
    }
    let plain = input == ServerInput::Ignore && state == ServerState::Switched;
    assert!(plain || server.state() == state);
    if plain {
        server = server_in(state, ServerInput::Switch);
    }
    server
}

fn give_server(server: &mut Server, input: ServerInput) {
    match input {
        ServerInput::Incomplete => {
            decide(server, b"GET");
        }
        ServerInput::Decide => {
            decide(server, REQUEST.as_bytes());
        }
        ServerInput::Switch => {
            server.answer();
        }
        ServerInput::Ignore => server.ignore(),
        ServerInput::Refuse => server.refuse(),
        ServerInput::Next => server.next(),
    }
}
