//! What a case writes, for people: exact bytes in our escapes, line by line.

use std::fmt::Write as _;

use crate::case::{Act, Case, LinkName, Over, Step, Terms, Tls, When, usual_alpn};
use crate::frames::{Flow, Frames};
use crate::template::{Bindings, MAX_FILL, escape};

/// The steps of a case, one line for each line that is written. Sends that follow each other form
/// one write and stand below one `send`; of a repeat the bytes are shown once.
#[must_use]
pub fn show(case: &Case, bindings: &Bindings) -> String {
    let mut out =
        connection(case).map_or_else(String::new, |unusual| format!("connect {unusual}\n"));
    // What has been written since the last step that splits writes: `{fill-N}` depends on it.
    let mut write = Vec::new();
    let mut sending: Option<LinkName> = None;
    for step in &case.steps {
        let plain = step.terms == Terms::default();
        let goes_on = plain && sending == Some(step.at) && matches!(step.act, Act::Send(_));
        if let Act::H2(frames) = &step.act {
            show_frames(&mut out, &who(case, step), frames, bindings);
            frames.render_into(&mut write, bindings);
            sending = None;
            continue;
        }
        if !goes_on {
            let (who, mark, terms) = (who(case, step), mark(&step.act), terms(step));
            writeln!(out, "{who}{mark}{terms}").expect("a string takes it all");
        }
        sending = matches!(step.act, Act::Send(_)).then_some(step.at);
        let start = write.len();
        if !step.act.render_into(&mut write, bindings) {
            write.clear();
            continue;
        }
        for line in write[start..].split_inclusive(|octet| *octet == b'\n') {
            writeln!(out, "  {}", escape(line)).expect("a string takes it all");
        }
        repeat(&mut write, start, step.act.rounds());
    }
    out
}

/// How the connection differs from that of most cases.
fn connection(case: &Case) -> Option<String> {
    let mut unusual = Vec::new();
    if case.over == Over::Http2 {
        unusual.push("for HTTP/2".to_owned());
    }
    if case.tls == Tls::Off {
        unusual.push("without TLS".to_owned());
    } else if case.alpn.is_empty() {
        unusual.push("without ALPN in TLS".to_owned());
    } else if case.alpn != usual_alpn(case.over) {
        unusual.push(format!("offering {} in TLS", case.alpn.join(", ")));
    }
    (!unusual.is_empty()).then(|| unusual.join(" "))
}

/// Each frame with what it says, and its octets below.
fn show_frames(out: &mut String, who: &str, frames: &Frames, bindings: &Bindings) {
    for frame in frames.show(bindings) {
        writeln!(out, "{who}send {}", frame.title).expect("a string takes it all");
        for (name, value) in &frame.lines {
            writeln!(out, "  {}: {}", escape(name), escape(value)).expect("a string takes it all");
        }
        writeln!(out, "  = {}", escape(&frame.octets)).expect("a string takes it all");
    }
}

/// Who acts, where that is not always the same.
fn who(case: &Case, step: &Step) -> String {
    if case.role.links().len() > 1 { format!("{}: ", step.at) } else { String::new() }
}

/// When the step is done, and what in its place.
fn terms(step: &Step) -> String {
    let mut said = String::new();
    said.push_str(match step.terms.when {
        None => "",
        Some(When::Interim) => ", if a 1xx has come to the client",
        Some(When::NoHead) => ", if no response has come to the client",
        Some(When::NotOnce) => ", if this has not been sent",
        Some(When::StreamOpen) => ", if the stream is open",
    });
    said.push_str(if step.terms.once { ", once" } else { "" });
    let otherwise = step.terms.otherwise.as_ref();
    said.extend(otherwise.map(|octets| format!(", or where nothing is offered: {octets}")));
    said
}

fn mark(act: &Act) -> String {
    match act {
        Act::Send(_) | Act::H2(_) => "send".into(),
        Act::Repeat { times, .. } => format!("send {times} times"),
        Act::Grow { from, to, .. } => format!("send {from} to {to} times"),
        Act::Endless { times, .. } => {
            format!("send up to {times} times, one by one, until something comes")
        }
        Act::Flow(flow) => flow_mark(flow),
        Act::Wait(pause) => format!("wait {}ms", pause.as_millis()),
        Act::Await(outcomes) => format!("await {outcomes}"),
        Act::AwaitOther(awaited) => format!("await {awaited}"),
        Act::AwaitOctets(octets) => format!("await {octets}"),
        Act::AwaitCount(count) => format!("await {count} octets"),
        Act::SendBytewise(_) => "send octet by octet".into(),
        Act::PauseReading(pause) => format!("read nothing for {}ms", pause.as_millis()),
        Act::Reset => "reset".into(),
        Act::ShutdownBoth => "shutdown both".into(),
        Act::ShutdownWrite => "shutdown write".into(),
    }
}

/// `send 17500 times, in DATA on stream 1 as the windows allow: \xab`.
fn flow_mark(flow: &Flow) -> String {
    let Flow { data, times, padding, stream } = flow;
    let often = if *times == 1 { String::new() } else { format!(" {times} times") };
    let padded = padding.map(|octets| format!(", each with padding of {octets}"));
    format!(
        "send{often}, in DATA on stream {stream} as the windows allow{}: {data}",
        padded.unwrap_or_default()
    )
}

/// Adds what the other rounds of a repeat write, as far as it can make a difference to the length
/// of the current line.
fn repeat(write: &mut Vec<u8>, start: usize, times: u32) {
    let once = write[start..].to_vec();
    if once.is_empty() || once.contains(&b'\n') {
        return;
    }
    let enough = (MAX_FILL as usize).div_ceil(once.len());
    for _ in 1..enough.min(times as usize) {
        write.extend_from_slice(&once);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::case::Outcomes;
    use crate::template::Template;

    fn send(text: &str) -> Act {
        Act::Send(Template::parse(text).unwrap())
    }

    #[test]
    fn every_step_is_marked() {
        let steps = vec![
            send(r"GET {path} HTTP/1.1\r\nX:"),
            Act::Repeat { times: 4, bytes: Template::parse("ab").unwrap() },
            send(r"{fill-14}!\r\n"),
            send(r"'\xFF{{\r\n\r\n"),
            Act::Await(Outcomes::from_words("101").unwrap()),
            Act::Wait(Duration::from_secs(1)),
            send("{ping}"),
            Act::ShutdownWrite,
        ];
        let steps = steps.into_iter().map(Step::from).collect();
        let case = Case { id: "server/a/b".into(), steps, ..Case::default() };
        insta::assert_snapshot!(show(&case, &Bindings::example()), @r#"
        send
          GET /chat HTTP/1.1\r\n
          X:
        send 4 times
          ab
        send
          aaa!\r\n
          \x27\xFF{{\r\n
          \r\n
        await 101
        wait 1000ms
        send
          \x89\x84\x00\x00\x00\x00ping
        shutdown write
        "#);
    }
}
