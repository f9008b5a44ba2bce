//! What the peers that are Rust make of the requests of the corpus and of generated recipes, beside our model: a line of
//! JSON for each, which `targets/differ.py` reads. `differ COUNT SEED` draws so many recipes. No sockets.
#![allow(clippy::print_stdout, reason = "it is a command")]

use std::time::Duration;

use arbitrary::{Arbitrary as _, Unstructured};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio::sync::mpsc::unbounded_channel;
use tungstenite::handshake::machine::TryParse as _;
use tungstenite::handshake::server::create_response;
use upspec_corpus::case::Role;
use upspec_corpus::{Bindings, Corpus};
use upspec_handshake::opening::Opening;
use upspec_handshake::permitted::{Answer, Endpoint, Grade, permitted};
use upspec_handshake::{RequestHead, Status};
use upspec_promises::seeds::written;
use upspec_recipes::Recipe;

fn main() {
    let mut words = std::env::args().skip(1).map(|word| word.parse().expect("a number"));
    let (count, seed): (u64, u64) = (words.next().unwrap_or(0), words.next().unwrap_or(1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("it needs nothing");
    for (name, octets) in requests(count, seed) {
        // Only HTTP/1: the others speak nothing else.
        if octets.starts_with(b"PRI * ") {
            continue;
        }
        let line = json!({
            "name": name,
            "octets": STANDARD.encode(&octets),
            "ours": ours(&octets),
            "httparse": httparse(&octets),
            "tungstenite": tungstenite(&octets),
            "hyper": runtime.block_on(hyper(&octets)),
        });
        println!("{line}");
    }
}

/// Those of the cases for servers, and drawn ones.
fn requests(count: u64, seed: u64) -> Vec<(String, Vec<u8>)> {
    let corpus = Corpus::embedded().expect("the tests of the corpus have read it");
    let cases = corpus.cases.iter().filter(|case| case.role == Role::Server);
    let cases = cases.filter_map(|case| Some((case.id.clone(), written(case)?)));
    let drawn = (0..count).map(|number| {
        let recipe = Recipe::arbitrary(&mut Unstructured::new(&entropy(seed ^ (number << 20))));
        let recipe = recipe.unwrap_or_default();
        (recipe.to_string(), recipe.octets(&Bindings::example()))
    });
    cases.chain(drawn).collect()
}

/// Octets by xorshift: any will do, as long as they are the same each time.
fn entropy(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..256).map(|_| next()).collect()
}

fn ours(octets: &[u8]) -> Value {
    let Status::Complete(head) = RequestHead::parse(octets) else {
        return json!({ "said": "waits" });
    };
    let opening = Opening::read(&head);
    let permitted = permitted(&head, &Endpoint { switches: true, ..Endpoint::default() });
    let forbidden = |answer| {
        let ruling = permitted.ruling(answer);
        (ruling.grade == Grade::Forbidden).then(|| ruling.by.to_vec())
    };
    let defects = opening.defects.iter().map(|defect| {
        json!({ "what": defect.what, "rule": defect.requirement, "then": format!("{:?}", defect.consequence) })
    });
    let fields = head.fields.iter().map(|line| (text(line.name), text(&line.value)));
    json!({
        "said": "taken",
        "method": text(head.method),
        "target": text(head.target),
        "version": text(head.version_bytes),
        "fields": fields.collect::<Vec<_>>(),
        "odd": head.violations.iter().map(|one| one.kind.describe()).collect::<Vec<_>>(),
        "defects": defects.collect::<Vec<_>>(),
        "valid": opening.is_valid(),
        "no-switch": forbidden(Answer::Switch),
        "no-success": forbidden(Answer::Success),
        "accept": opening.key.map(|key| text(&upspec_handshake::field::key::accept(key))),
    })
}

fn httparse(octets: &[u8]) -> Value {
    let mut slots = [httparse::EMPTY_HEADER; 256];
    let mut request = httparse::Request::new(&mut slots);
    match request.parse(octets) {
        Ok(httparse::Status::Partial) => json!({ "said": "waits" }),
        Err(error) => json!({ "said": "refused", "why": error.to_string() }),
        Ok(httparse::Status::Complete(_)) => {
            let fields = request.headers.iter().map(|one| (one.name.to_owned(), text(one.value)));
            json!({
                "said": "taken",
                "method": request.method,
                "target": request.path,
                "fields": fields.collect::<Vec<_>>(),
            })
        }
    }
}

fn tungstenite(octets: &[u8]) -> Value {
    let request = tungstenite::handshake::server::Request::try_parse(octets);
    let response = match request {
        Ok(None) => return json!({ "said": "waits" }),
        Err(error) => return json!({ "said": "refused", "why": error.to_string() }),
        Ok(Some((_, request))) => create_response(&request),
    };
    match response {
        Ok(response) => {
            let accept = response.headers().get("sec-websocket-accept");
            json!({ "said": "switches", "accept": accept.map(|value| text(value.as_bytes())) })
        }
        Err(error) => json!({ "said": "refused", "why": error.to_string() }),
    }
}

async fn hyper(octets: &[u8]) -> Value {
    let (mut near, far) = duplex(1 << 20);
    let (taken, mut told) = unbounded_channel();
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let fields = request.headers().iter();
        let fields = fields.map(|(name, value)| (name.to_string(), text(value.as_bytes())));
        let _ = taken.send(json!({
            "said": "taken",
            "method": request.method().as_str(),
            "target": request.uri().to_string(),
            "fields": fields.collect::<Vec<_>>(),
        }));
        async { Ok::<_, std::convert::Infallible>(Response::new(Empty::<Bytes>::new())) }
    });
    let served = async {
        let builder = hyper::server::conn::http1::Builder::new();
        builder.serve_connection(TokioIo::new(far), service).await
    };
    let asked = async {
        let _ = near.write_all(octets).await;
        let _ = near.shutdown().await;
        let mut answer = Vec::new();
        let _ = near.read_to_end(&mut answer).await;
        answer
    };
    let both = async { tokio::join!(served, asked) };
    let ended = tokio::time::timeout(Duration::from_secs(2), both).await;
    if let Ok(taken) = told.try_recv() {
        return taken;
    }
    match ended {
        Ok((Err(error), _)) if error.is_incomplete_message() => json!({ "said": "waits" }),
        Ok((Err(error), answer)) => {
            let status = answer.get(9..12).map(text);
            json!({ "said": "refused", "why": error.to_string(), "status": status })
        }
        _ => json!({ "said": "waits" }),
    }
}

/// Each octet as the character of its number.
fn text(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}
