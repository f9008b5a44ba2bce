//! A server that hands every message on to everybody.

use std::future::pending;
use std::time::Duration;

use crate::support::*;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::broadcast;
use tokio::sync::mpsc::unbounded_channel;
use upspec_corpus::case::{Act, Case, Grade, Outcome, Outcomes, Step};
use upspec_exchange::frames::frames;
use upspec_exchange::{Octets, Transcript};
use upspec_handshake::Party;
use upspec_handshake::frame::{opcode, write};
use upspec_judge::CaseResult;
use upspec_runner::{Plan, Settings, run};

/// Sends each message that comes on any connection to all of them.
async fn chat(stream: TcpStream, everybody: broadcast::Sender<Vec<u8>>) {
    let Some(mut stream) = switch(stream).await else { return };
    let mut heard = everybody.subscribe();
    let (mut reads, mut writes) = stream.split();
    let own = everybody.clone();
    let (answers, mut answered) = unbounded_channel();
    let reading = async move {
        while let Some((code, payload)) = read_frame(&mut reads).await {
            match code {
                opcode::TEXT => drop(own.send(payload)),
                opcode::PING => drop(answers.send(write(opcode::PONG, &payload, None))),
                _ => drop(answers.send(write(opcode::CLOSE, &payload, None))),
            }
            if code == opcode::CLOSE {
                break;
            }
        }
    };
    let writing = async move {
        loop {
            let octets = tokio::select! {
                biased;
                Ok(payload) = heard.recv() => write(opcode::TEXT, &payload, None),
                answer = answered.recv() => match answer {
                    Some(answer) => answer,
                    None => return,
                },
            };
            if writes.write_all(&octets).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}

/// A text message within a tunnel, which is awaited back, and some time behind it.
fn says(id: &str, text: &[u8]) -> Case {
    let message = write(opcode::TEXT, text, Some([1, 2, 3, 4]));
    let steps = vec![
        send(HANDSHAKE),
        Act::Await(Outcomes(vec![Outcome::Status(101)])).into(),
        send_octets(&message),
        Act::AwaitCount(1).into(),
        Step::from(Act::Wait(Duration::from_millis(20))),
    ];
    let expect = vec![expect(Grade::Pass, &[Outcome::Status(101)])];
    Case { expect, ..case(id, steps) }
}

fn messages(result: &CaseResult) -> usize {
    let octets = Octets::of(result.record.as_ref().unwrap());
    let transcript = Transcript::read(&octets);
    let tunnel = transcript.talks[0].tunnel.as_ref().unwrap();
    let came = frames(tunnel.sent(Party::Server));
    came.iter().filter(|frame| frame.opcode == opcode::TEXT).count()
}

#[tokio::test]
async fn nobody_hears_of_another_case_where_messages_are_handed_on() {
    let (everybody, _kept) = broadcast::channel(64);
    let address = serve(move |stream| chat(stream, everybody.clone())).await;
    let spoken = (0..12).map(|at| says(&format!("server/a/says-{at}"), &[b'a' + at]));
    let echo = says("server/control/echo", b"Hello");
    let cases: Vec<Case> = [control(), echo].into_iter().chain(spoken).collect();
    let (events, _told) = unbounded_channel();
    let plan = Plan::new(&cases, |_| true);
    let settings = Settings { jobs: 16, ..settings() };
    let outcome = run(plan, target(address), settings, requirements(), events, pending()).await;
    assert!(outcome.remarks.iter().any(|remark| remark.contains("reaches the others")));
    let spoken = outcome.results.iter().filter(|result| result.id.contains("/says-"));
    assert_eq!(spoken.map(messages).collect::<Vec<_>>(), vec![1; 12]);
}
