//! Prints cases as a case file that is read back as the same cases.

use std::fmt::Write as _;

use upspec_handshake::h2::{ErrorCode, flag, kind};

use crate::case::{Act, Again, Case, Expectation, Grade, Over, Role, Step, Terms, Tls, usual_alpn};
use crate::frames::{Field, Flow, Frames, Payload};
use crate::template::{Part, Template};

/// A file of these cases, in the shortest form. Fragments, openings, presets and comments are gone, since loading dissolves them.
/// Cases that were loaded are read back as they are, but for their place; of others, a grade but `pass` needs its reason.
#[must_use]
pub fn case_file(title: &str, cases: &[Case]) -> String {
    let mut out = format!("title = {}\n", text(title));
    for case in cases {
        out.push_str("\n[[case]]\n");
        for (key, value) in keys(case) {
            writeln!(out, "{key:<11} = {value}").expect("a string takes it all");
        }
    }
    out
}

/// The keys of a case that do not say what goes without saying.
fn keys(case: &Case) -> Vec<(&'static str, String)> {
    let name = case.id.rsplit('/').next().unwrap_or_default();
    let texts = |all: &[String]| list(all.iter().map(|one| text(one)));
    let needs = list(case.needs.iter().map(|need| format!("\"{need}\"")));
    let without = list(case.without.iter().map(|need| format!("\"{need}\"")));
    let template = |octets: &Template| format!("'{octets}'");
    let keys = [
        ("name", Some(text(name))),
        ("title", Some(text(&case.title))),
        ("requirement", Some(text(&case.requirement))),
        ("see", (!case.see.is_empty()).then(|| texts(&case.see))),
        ("tags", (!case.tags.is_empty()).then(|| texts(&case.tags))),
        ("why", case.why.as_deref().map(text)),
        ("needs", (!case.needs.is_empty()).then_some(needs)),
        ("without", (!case.without.is_empty()).then_some(without)),
        ("hazard", case.hazard.map(|hazard| format!("\"{hazard}\""))),
        ("over", (case.over != Over::default()).then(|| format!("\"{}\"", case.over))),
        ("tls", (case.tls != Tls::default()).then(|| format!("\"{}\"", case.tls))),
        ("alpn", (case.alpn != usual_alpn(case.over)).then(|| texts(&case.alpn))),
        ("url", case.url.as_ref().map(template)),
        ("certificate", case.certificate.map(|word| format!("\"{word}\""))),
        ("again", (case.again != Again::default()).then(|| format!("\"{}\"", case.again))),
        ("same-as", case.same_as.as_deref().map(text)),
        steps(&case.steps, case.role),
        ("expect", Some(expect(&case.expect))),
    ];
    keys.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

fn steps(steps: &[Step], role: Role) -> (&'static str, Option<String>) {
    // A case with several connections says on which one each step is.
    let says_link = role.links().len() > 1;
    match steps {
        [] => ("step", None),
        [Step { act: Act::Send(bytes), .. }] if !says_link => ("send", Some(send(bytes, ""))),
        [Step { act: Act::H2(written), .. }] if !says_link => ("h2", Some(frames(written, ""))),
        _ => ("step", Some(lines(steps.iter().map(|one| step(one, says_link)), ""))),
    }
}

fn step(step: &Step, says_link: bool) -> String {
    let at = if says_link { format!("at = \"{}\", ", step.at) } else { String::new() };
    let act = match &step.act {
        Act::Send(bytes) => format!("send = {}", send(bytes, "  ")),
        Act::Repeat { times, bytes } => {
            format!("repeat = {{ times = {times}, bytes = '{bytes}' }}")
        }
        Act::Grow { from, to, bytes, beside } => {
            let beside = beside.as_ref().map(|it| format!(", beside = '{it}'")).unwrap_or_default();
            format!("grow = {{ from = {from}, to = {to}, bytes = '{bytes}'{beside} }}")
        }
        Act::Endless { times, bytes } => {
            format!("endless = {{ times = {times}, bytes = '{bytes}' }}")
        }
        Act::H2(written) => format!("h2 = {}", frames(written, "  ")),
        Act::Flow(written) => format!("flow = {}", flow(written)),
        Act::Wait(pause) => format!("wait = \"{}ms\"", pause.as_millis()),
        Act::Await(outcomes) => format!("await = \"{outcomes}\""),
        Act::AwaitOther(awaited) => format!("await = \"{awaited}\""),
        Act::AwaitOctets(octets) => format!("await = {{ octets = '{octets}' }}"),
        Act::AwaitCount(count) => format!("await = {{ count = {count} }}"),
        Act::SendBytewise(bytes) => format!("send-bytewise = {}", send(bytes, "  ")),
        Act::PauseReading(pause) => format!("pause-reading = \"{}ms\"", pause.as_millis()),
        Act::Reset => "shutdown = \"reset\"".to_owned(),
        Act::ShutdownBoth => "shutdown = \"both\"".to_owned(),
        Act::ShutdownWrite => "shutdown = \"write\"".to_owned(),
    };
    let terms = terms(&step.terms);
    format!("{{ {at}{act}{terms} }}")
}

fn terms(Terms { otherwise, once, when }: &Terms) -> String {
    let mut said = String::new();
    said.extend(otherwise.as_ref().map(|octets| format!(", otherwise = {}", send(octets, "  "))));
    said.push_str(if *once { ", once = true" } else { "" });
    said.extend(when.map(|when| format!(", if = \"{when}\"")));
    said
}

fn flow(written: &Flow) -> String {
    let Flow { data, times, padding, stream } = written;
    let mut keys = vec![format!("data = '{data}'")];
    keys.extend((*times != 1).then(|| format!("times = {times}")));
    keys.extend(padding.map(|padding| format!("padding = {padding}")));
    keys.extend((*stream != 1).then(|| format!("stream = {stream}")));
    format!("{{ {} }}", keys.join(", "))
}

/// Bytes, cut behind each line end that they write.
fn send(bytes: &Template, indent: &str) -> String {
    let spelt = bytes.to_string();
    let mut texts: Vec<String> = Vec::new();
    for piece in spelt.split_inclusive("\\n") {
        match texts.last_mut() {
            Some(last) if !ends_line(last) => last.push_str(piece),
            _ => texts.push(piece.to_owned()),
        }
    }
    match &texts[..] {
        [one] => format!("'{one}'"),
        _ => short_or_lines(texts.iter().map(|text| format!("'{text}'")), indent),
    }
}

/// Whether a spelling ends with `\n` and not with an escaped backslash before an `n`.
fn ends_line(spelt: &str) -> bool {
    let before = spelt.strip_suffix('n').unwrap_or_default();
    before.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
}

fn frames(written: &Frames, indent: &str) -> String {
    let Frames { kind, flags, stream, payload } = written;
    let octets = match payload {
        Payload::Octets(octets) => octets,
        Payload::Block { fields, continuations } => {
            let fields = short_or_lines(fields.iter().map(field), indent);
            let mut keys = vec![format!("headers = {fields}")];
            keys.extend((*stream != 1).then(|| format!("stream = {stream}")));
            keys.extend((flags & flag::END_STREAM != 0).then(|| "end-stream = true".to_owned()));
            keys.extend((*continuations != 0).then(|| format!("continuation = {continuations}")));
            return format!("{{ {} }}", keys.join(", "));
        }
    };
    let none_but = |may: u8| flags & !may == 0;
    let known = match *kind {
        kind::DATA if none_but(flag::END_STREAM) => {
            Some((format!("data = '{octets}'"), 1, "end-stream"))
        }
        kind::PING if *stream == 0 && none_but(flag::ACK) => {
            Some((format!("ping = '{octets}'"), 0, "ack"))
        }
        kind::SETTINGS if *stream == 0 && none_but(flag::ACK) => {
            settings(octets).map(|settings| (format!("settings = {settings}"), 0, "ack"))
        }
        kind::RST_STREAM if *flags == 0 => {
            let code = number(octets).and_then(|number| ErrorCode(number).name());
            code.map(|code| (format!("rst-stream = \"{code}\""), 1, ""))
        }
        kind::WINDOW_UPDATE if *flags == 0 => {
            number(octets).map(|more| (format!("window-update = {more}"), 0, ""))
        }
        _ => None,
    };
    let mut keys = Vec::new();
    match known {
        Some((key, usual, flag)) => {
            keys.push(key);
            keys.extend((*stream != usual).then(|| format!("stream = {stream}")));
            keys.extend((*flags != 0).then(|| format!("{flag} = true")));
            format!("{{ {} }}", keys.join(", "))
        }
        None => {
            keys.push(format!("type = {kind}"));
            keys.extend((*flags != 0).then(|| format!("flags = {flags}")));
            keys.extend((*stream != 0).then(|| format!("stream = {stream}")));
            keys.extend((!octets.is_empty()).then(|| format!("payload = '{octets}'")));
            format!("{{ frame = {{ {} }} }}", keys.join(", "))
        }
    }
}

fn field(field: &Field) -> String {
    match field {
        Field::Standing => "'{standing}'".to_owned(),
        Field::StandingButOrigin => "'{standing-but-origin}'".to_owned(),
        Field::Protocol => "'{protocol-field}'".to_owned(),
        Field::Line(name, value) => format!("['{name}', '{value}']"),
    }
}

/// The octets of a template that is not filled in.
fn plain(octets: &Template) -> Option<&[u8]> {
    match &octets.parts[..] {
        [] => Some(&[]),
        [Part::Bytes(octets)] => Some(octets),
        _ => None,
    }
}

fn number(octets: &Template) -> Option<u32> {
    plain(octets)?.try_into().ok().map(u32::from_be_bytes)
}

/// `[[8, 1]]`, when the payload is whole settings (RFC 9113 6.5.1).
fn settings(octets: &Template) -> Option<String> {
    let (pairs, []) = plain(octets)?.as_chunks::<6>() else {
        return None;
    };
    let pairs = pairs.iter().map(|[a, b, c, d, e, f]| {
        format!("[{}, {}]", u16::from_be_bytes([*a, *b]), u32::from_be_bytes([*c, *d, *e, *f]))
    });
    Some(list(pairs))
}

fn expect(alternatives: &[Expectation]) -> String {
    match alternatives {
        [one] => alternative(one),
        _ => lines(alternatives.iter().map(alternative), ""),
    }
}

fn alternative(one: &Expectation) -> String {
    let when = list(one.when.iter().map(|fact| format!("\"{fact}\"")));
    let mut keys = Vec::new();
    keys.extend((!one.when.is_empty()).then(|| format!("when = {when}")));
    keys.extend(one.wants.print());
    let ends = one.ends.iter();
    keys.extend(ends.map(|(name, asked)| format!("{name} = {{ {} }}", asked.print().join(", "))));
    match &one.because {
        None if one.grade == Grade::Pass => {}
        because => keys.push(format!("{} = {}", one.grade, text(because.as_deref().unwrap_or("")))),
    }
    keys.extend(one.requirement.as_deref().map(|id| format!("requirement = {}", text(id))));
    format!("{{ {} }}", keys.join(", "))
}

/// A list on one line.
pub(crate) fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// A list with a line for each item.
fn lines(items: impl Iterator<Item = String>, indent: &str) -> String {
    let items: String = items.map(|item| format!("{indent}  {item},\n")).collect();
    format!("[\n{items}{indent}]")
}

/// A list on one line if it is short.
fn short_or_lines(items: impl Iterator<Item = String> + Clone, indent: &str) -> String {
    let short = list(items.clone());
    if short.len() <= SHORT { short } else { lines(items, indent) }
}

/// A basic string of TOML.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                write!(out, "\\u{:04X}", u32::from(c)).expect("a string takes it all");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// How long a list may be that stands on one line.
const SHORT: usize = 110;

#[cfg(test)]
mod tests;
