//! An answer as a case, for the judge and for a case file that replays it.
//! Expects no more of a client than the model does.

use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Case, LinkName, Need, Preset, Role, Step};
use upspec_corpus::template::{Binding, Template};

use super::Answer;
use super::expect::expected;
use crate::case::CaseName;

/// What an answer is an answer to, and what cases of the corpus expect of clients.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The head of the client's request.
    pub request: &'a [u8],
    /// What stands in the place of bindings in an answer to it.
    pub bindings: &'a Bindings,
    /// The sets of alternatives of the corpus.
    pub presets: &'a [Preset],
}

impl Answer {
    /// The case that plays the answer and expects what the model permits, in the alternatives of a preset.
    #[must_use]
    pub fn case(&self, name: CaseName<'_>, ask: &Ask<'_>) -> Case {
        let expected = expected(self, ask);
        let mut steps = self.steps();
        if expected.ends_stream {
            steps.push(Step::at(LinkName::Origin, Act::ShutdownWrite));
        }
        let preset = ask.presets.iter().find(|preset| preset.name == expected.preset);
        Case {
            id: format!("{}/{}", name.topic, name.name),
            title: expected.title,
            why: Some(format!("Recipe: {self}")),
            requirement: expected.requirement.to_owned(),
            role: Role::Client,
            needs: needs(&steps),
            steps,
            expect: preset.map(|preset| preset.expect.clone()).unwrap_or_default(),
            ..Case::default()
        }
    }
}

/// What the client must have for the bindings to stand for something.
fn needs(steps: &[Step]) -> Vec<Need> {
    let mut needs = vec![Need::Opens];
    let sent = steps.iter().filter_map(|step| match &step.act {
        Act::Send(octets) => Some(octets),
        _ => None,
    });
    for binding in sent.flat_map(Template::bindings) {
        let more: &[Need] = match binding {
            Binding::Protocol | Binding::ProtocolPrefix | Binding::ProtocolSwapped => {
                &[Need::OffersSubprotocol]
            }
            Binding::ProtocolSecond => &[Need::OffersTwoSubprotocols],
            Binding::Deflate | Binding::DeflateWithoutHint => {
                &[Need::OffersDeflate, Need::DeflateOpens]
            }
            _ => &[],
        };
        needs.extend(more);
    }
    needs.sort_unstable();
    needs.dedup();
    needs
}
