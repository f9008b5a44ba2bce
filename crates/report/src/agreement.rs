//! Who believes that the tunnel is up: what a client asked of an intermediary, what its origin answered, and which of
//! the three take what follows for octets of a tunnel.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_judge::{Agreement, CaseResult, agreement};

use crate::visible::write_to;

/// One pair of request and answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The case that played it.
    pub case: String,
    /// What was asked.
    pub asked: String,
    /// What the origin answered.
    pub answered: String,
    /// The client was told that the protocols are switched: 101, or 2xx to an extended CONNECT.
    pub client: bool,
    /// The proxy passes on, octet for octet, what HTTP would have it read; `null` where that is not known.
    pub proxy: Option<bool>,
    /// The origin said that the protocols are switched; `null` where the request never came there.
    pub origin: Option<bool>,
}

impl Pair {
    pub(crate) fn agreement(&self) -> Agreement {
        Agreement { client: self.client, proxy: self.proxy, origin: self.origin }
    }
}

/// The pairs that were played, in the order of the corpus.
pub(crate) fn of_cases(cases: &[CaseResult]) -> Vec<Pair> {
    let pairs = cases.iter().filter_map(|case| {
        let (asked, answered) = case.title.split_once(BETWEEN)?;
        let Agreement { client, proxy, origin } = agreement(case.record.as_ref()?)?;
        let (asked, answered) = (asked.to_owned(), answered.to_owned());
        Some(Pair { case: case.id.clone(), asked, answered, client, proxy, origin })
    });
    pairs.collect()
}

/// How many pairs there are and how many of them the parties disagree on, with those, for a terminal.
pub(crate) fn text(pairs: &[Pair]) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    let apart: Vec<&Pair> = pairs.iter().filter(|pair| !pair.agreement().is_mutual()).collect();
    let mut text = format!(
        "Who believes that the tunnel is up? Client, proxy and origin agree on {} of {} pairs of request and answer.\n",
        pairs.len() - apart.len(),
        pairs.len()
    );
    if let Some(width) = apart.iter().map(|pair| label(pair).len()).max() {
        write_to(&mut text, format_args!("     {:width$}  client  proxy  origin\n", ""));
        for pair in apart {
            let [client, proxy, origin] = words(pair.agreement());
            let label = label(pair);
            let line = format!("     {label:width$}  {client:6}  {proxy:5}  {origin}");
            write_to(&mut text, format_args!("{}\n", line.trim_end()));
        }
    }
    text.push('\n');
    text
}

/// Whether each party is in a tunnel, in a word.
pub(crate) fn words(agreement: Agreement) -> [&'static str; 3] {
    let word = |is_in: Option<bool>, unknown| match is_in {
        Some(true) => "yes",
        Some(false) => "no",
        None => unknown,
    };
    [
        word(Some(agreement.client), ""),
        word(agreement.proxy, "?"),
        word(agreement.origin, "not asked"),
    ]
}

fn label(pair: &Pair) -> String {
    format!("{} → {}", pair.asked, pair.answered)
}

/// What stands in a title between the request and its answer.
const BETWEEN: &str = " that the origin answers with ";

#[cfg(test)]
mod tests {
    use upspec_exchange::{Io, IoKind, Link, Over, Record};
    use upspec_handshake::Party;

    use super::*;
    use crate::sample;

    /// A handshake and its answer at both ends, and a canary behind it that comes as it was sent.
    fn case(answer: &[u8], told: &[u8]) -> CaseResult {
        let ask = |tag: &str| {
            let head = "HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n";
            format!("GET /?upspec={tag}-abcdefghijklmnop {head}").into_bytes()
        };
        let steps = [
            (0, IoKind::Wrote, ask("1")),
            (1, IoKind::Read, ask("1")),
            (1, IoKind::Wrote, answer.to_vec()),
            (0, IoKind::Read, told.to_vec()),
            (0, IoKind::Wrote, ask("2")),
            (1, IoKind::Read, ask("2")),
        ];
        let io = steps.map(|(link, kind, octets)| Io { link, ..sample::io(0, kind, &octets) });
        let links = [("client", Party::Client), ("origin", Party::Server)];
        let links = links.map(|(name, we)| Link::plain(name, we, Over::Http1)).to_vec();
        let record = Record { links, io: io.to_vec() };
        let title = "A valid handshake that the origin answers with 200".to_owned();
        CaseResult { title, record: Some(record), ..sample::result_of(Vec::new(), Vec::new()) }
    }

    #[test]
    fn a_tunnel_that_only_the_proxy_believes_in_is_told() {
        let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n";
        let pairs = of_cases(&[case(ok, ok), case(switch, switch)]);
        assert_eq!(
            pairs.iter().map(|pair| words(pair.agreement())).collect::<Vec<_>>(),
            [["no", "yes", "no"], ["yes", "yes", "yes"],]
        );
        insta::assert_snapshot!(text(&pairs));
    }

    #[test]
    fn a_target_with_one_end_has_no_pairs() {
        assert_eq!(of_cases(&sample::report().cases), []);
        assert_eq!(text(&[]), "");
    }
}
