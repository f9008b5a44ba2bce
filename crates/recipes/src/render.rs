//! Turns a recipe into octets and steps.

use std::time::Duration;

use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Over, Step};

use crate::draft::Draft;
use crate::http2::outcomes;
use crate::recipe::Recipe;
use crate::text::Text;
use crate::words::{Ahead, Pace};

/// A request as it goes out.
pub(crate) struct Rendered {
    /// The parts, with a pause between each two.
    pub(crate) writes: Vec<Text>,
}

impl Recipe {
    /// The octets of the recipe, all of them, in order.
    #[must_use]
    pub fn octets(&self, bindings: &Bindings) -> Vec<u8> {
        octets(self.rendered(), bindings)
    }

    /// The same with a tag in the target, by which our origin knows it again.
    pub(crate) fn tagged_octets(&self, bindings: &Bindings) -> Vec<u8> {
        octets(self.tagged(), bindings)
    }

    /// The steps of the recipe: the requests before it, writes with a pause at each cut, and what goes into the tunnel.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let draft = self.draft();
        if self.base.over() == Over::Http2 {
            return draft.http2_steps();
        }
        let mut all = Vec::new();
        let mut unanswered = 0;
        for (ahead, pace) in &draft.ahead {
            let Some(octets) = earlier(*ahead) else { continue };
            all.push(Act::Send(octets.template()).into());
            match pace {
                Pace::Awaited => all.push(any_final()),
                Pace::Pipelined => unanswered += 1,
            }
        }
        all.extend(steps(rendered(&draft)));
        all.extend((0..unanswered).map(|_| any_final()));
        if !draft.then.0.is_empty() {
            all.push(Act::Await(outcomes("101")).into());
            all.push(Act::Send(draft.then.template()).into());
        }
        all
    }

    /// The steps with a tag in the target.
    pub(crate) fn tagged_steps(&self) -> Vec<Step> {
        steps(self.tagged())
    }

    pub(crate) fn rendered(&self) -> Rendered {
        rendered(&self.draft())
    }

    fn tagged(&self) -> Rendered {
        let mut draft = self.draft();
        draft.tag();
        rendered(&draft)
    }

    pub(crate) fn draft(&self) -> Draft {
        let mut draft = Draft::of(self.base);
        for edit in &self.edits {
            draft.apply(edit);
        }
        draft
    }
}

/// A request before the one in question, as HTTP/1.1 writes it.
fn earlier(ahead: Ahead) -> Option<Text> {
    const REFUSED: &str = r"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key-2}\r\nSec-WebSocket-Version: 25\r\n";
    const OFFERS: &str = r"Sec-WebSocket-Protocol: {subprotocol}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
    let (line, fields, content) = match ahead {
        Ahead::Plain => ("GET /", "", ""),
        Ahead::Head => ("HEAD /", "", ""),
        Ahead::Post => ("POST /", r"Content-Length: 5\r\n", "hello"),
        Ahead::Refused => ("GET {path}", REFUSED, ""),
        Ahead::Rich => ("GET {path}", &*[REFUSED, OFFERS].concat(), ""),
        Ahead::Ignored => ("GET /", r"Upgrade: x-{random}/1\r\nConnection: Upgrade\r\n", ""),
        Ahead::Close => ("GET /", r"Connection: close\r\n", ""),
        Ahead::Malformed | Ahead::Opened | Ahead::Closed | Ahead::Reset | Ahead::Negotiated => {
            return None;
        }
    };
    Text::parse(&format!(
        r"{line} HTTP/1.1\r\nHost: {{authority}}\r\n{{standing}}{fields}\r\n{content}"
    ))
}

fn any_final() -> Step {
    Act::Await(outcomes("2xx 3xx 4xx 5xx")).into()
}

fn rendered(draft: &Draft) -> Rendered {
    Rendered { writes: cut(&whole(draft), &draft.cuts) }
}

fn octets(rendered: Rendered, bindings: &Bindings) -> Vec<u8> {
    let mut octets = Vec::new();
    for text in rendered.writes {
        text.template().render_into(&mut octets, bindings);
    }
    octets
}

fn steps(rendered: Rendered) -> Vec<Step> {
    let mut steps = Vec::new();
    for text in rendered.writes {
        if !steps.is_empty() {
            steps.push(Act::Wait(PAUSE).into());
        }
        steps.push(Act::Send(text.template()).into());
    }
    steps
}

fn whole(draft: &Draft) -> Text {
    let mut all = draft.lead.clone();
    let [method, target, version] = &draft.words;
    let [before_target, before_version] = &draft.gaps;
    for text in [method, before_target, target, before_version, version] {
        all.append(text);
    }
    all.append(&draft.request_end);
    for line in &draft.lines {
        for text in [&line.name, &line.colon, &line.value, &line.tail, &line.end] {
            all.append(text);
        }
    }
    for text in [&draft.empty_line, &draft.body, &draft.after] {
        all.append(text);
    }
    if let Some(units) = draft.stop {
        all.0.truncate(units.into());
    }
    all
}

/// The parts between the cuts; each cut lies within the text, wherever its number points.
pub(crate) fn cut(whole: &Text, cuts: &[u16]) -> Vec<Text> {
    let length = whole.0.len().max(2);
    let mut places: Vec<usize> =
        cuts.iter().map(|units| 1 + usize::from(*units).saturating_sub(1) % (length - 1)).collect();
    places.sort_unstable();
    places.dedup();
    let mut writes = Vec::new();
    let mut from = 0;
    for to in places.into_iter().chain([whole.0.len()]) {
        if to > from && to <= whole.0.len() {
            writes.push(Text(whole.0[from..to].to_vec()));
            from = to;
        }
    }
    writes
}

/// Long enough for the parts to be read one by one on a loopback, and no longer.
const PAUSE: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Edit;
    use proptest::prelude::*;
    use upspec_handshake::RequestHead;
    use upspec_handshake::opening::Opening;

    fn shown(text: &str) -> String {
        let recipe: Recipe = text.parse().unwrap();
        String::from_utf8(recipe.octets(&Bindings::example())).unwrap()
    }

    #[test]
    fn every_base_but_the_plain_one_is_a_valid_handshake() {
        for base in ["handshake", "subprotocols", "extensions", "browser"] {
            let octets = shown(base);
            let head = RequestHead::parse(octets.as_bytes()).complete().unwrap();
            assert!(Opening::read(&head).is_valid(), "{base}");
            assert_eq!(head.len, octets.len(), "{base}");
        }
    }

    #[test]
    fn edits_do_what_they_say() {
        let rows = [
            ("add last 'X: y'", "\r\nX: y\r\n\r\n"),
            ("after 'more'", "13\r\n\r\nmore"),
            ("body length", "\r\nContent-Length: 5\r\n\r\nhello"),
            ("case upgrade upper", "Upgrade: WEBSOCKET\r\n"),
            ("double connection first", "Connection: Upgrade, Upgrade\r\n"),
            ("end request lf", "GET /chat HTTP/1.1\nHost"),
            ("fold upgrade middle", "Upgrade: webs\r\n ocket\r\n"),
            ("gap target tab", "GET\t/chat HTTP/1.1\r\n"),
            ("insert upgrade first 'h2c'", "Upgrade: h2c, websocket\r\n"),
            ("insert upgrade first 'h2c'; split upgrade", "Upgrade: h2c\r\nUpgrade: websocket\r\n"),
            ("repeat upgrade; join upgrade", "Upgrade: websocket, websocket\r\n"),
            ("lead '\\r\\n'", "\r\nGET "),
            ("move host last", "Version: 13\r\nHost: "),
            ("name host swapped", "\r\nhOST: "),
            ("put upgrade last 'x'", "Upgrade: websocketx\r\n"),
            ("remove upgrade first", "Upgrade: \r\n"),
            ("repeat host", "Host: server.example.com\r\nHost: "),
            ("request method 'POST'", "POST /chat HTTP/1.1\r\n"),
            ("set key '{key}A'", "Key: dGhlIHNhbXBsZSBub25jZQ==A\r\n"),
            ("set origin 'a'", "13\r\nOrigin: a\r\n\r\n"),
            ("space upgrade before tab", "Upgrade:\twebsocket\r\n"),
            ("space upgrade colon space", "Upgrade : websocket\r\n"),
            ("spell upgrade last 's'", "Upgrades: websocket\r\n"),
        ];
        for (edits, want) in rows {
            let octets = shown(&format!("handshake; {edits}"));
            assert!(octets.contains(want), "{edits}:\n{octets}");
        }
        assert!(!shown("handshake; drop host").contains("Host"));
    }

    #[test]
    fn a_cut_lies_within_the_request() {
        let steps = |text: &str| text.parse::<Recipe>().unwrap().steps().len();
        assert_eq!(steps("handshake"), 1);
        assert_eq!(steps("handshake; cut 1"), 3);
        assert_eq!(steps("handshake; cut 65535; cut 7; cut 7"), 5);
    }

    proptest! {
        #[test]
        fn rendering_is_total_and_the_steps_write_it(recipe in crate::strategy::recipes()) {
            // What goes out in HTTP/2, before the request and into the tunnel is no part of its octets.
            let is_more = |edit: &Edit| matches!(edit, Edit::Ahead(..) | Edit::Then(_));
            let alone = recipe.base.over() == Over::Http1 && !recipe.edits.iter().any(is_more);
            let bindings = Bindings::example();
            let mut written = Vec::new();
            for step in recipe.steps() {
                let before = written.len();
                let writes = step.act.render_into(&mut written, &bindings);
                let empty = recipe.base.over() == Over::Http2 || !alone;
                prop_assert!(empty || writes == (written.len() > before));
            }
            let octets = recipe.octets(&bindings);
            prop_assert!(!alone || written == octets, "{}", recipe);
        }
    }
}
