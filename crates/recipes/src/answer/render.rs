//! Turns an answer into octets and steps.

use std::time::Duration;

use upspec_corpus::case::{Act, Awaited, LinkName, Step};
use upspec_corpus::{Bindings, Template};

use super::Answer;
use super::draft::Draft;
use crate::render::cut;
use crate::text::Text;

impl Answer {
    /// The octets of the answer, all of them, in order.
    #[must_use]
    pub fn octets(&self, bindings: &Bindings) -> Vec<u8> {
        let mut octets = Vec::new();
        for text in self.writes() {
            octets.extend(text.template().render(bindings));
        }
        octets
    }

    /// The steps of the answer: the request is awaited, and a pause stands at each cut.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut acts = vec![Act::AwaitOther(Awaited::Request)];
        for (index, text) in self.writes().iter().enumerate() {
            if index > 0 {
                acts.push(Act::Wait(PAUSE));
            }
            acts.push(Act::Send(text.template()));
        }
        acts.into_iter().map(|act| Step::at(LinkName::Origin, act)).collect()
    }

    /// All of it as one template.
    pub(crate) fn template(&self) -> Template {
        let mut all = Text::default();
        self.writes().iter().for_each(|text| all.append(text));
        all.template()
    }

    /// Whether the stream is to end behind it.
    pub(crate) fn stops(&self) -> bool {
        self.draft().stop.is_some()
    }

    /// The parts, with a pause between each two.
    fn writes(&self) -> Vec<Text> {
        let draft = self.draft();
        let mut all = whole(&draft);
        if let Some(units) = draft.stop {
            // At least one unit goes out, and one does not.
            let most = all.0.len().max(2) - 1;
            all.0.truncate(1 + usize::from(units).saturating_sub(1) % most);
        }
        cut(&all, &draft.cuts)
    }

    fn draft(&self) -> Draft {
        let mut draft = Draft::default();
        for edit in &self.edits {
            draft.apply(edit);
        }
        draft
    }
}

fn whole(draft: &Draft) -> Text {
    let mut all = draft.interim.clone();
    for (index, word) in draft.words.iter().enumerate() {
        if index > 0 {
            all.append(&Text::from(" "));
        }
        all.append(word);
    }
    all.append(&draft.status_end);
    for line in &draft.lines {
        for text in [&line.name, &line.colon, &line.value, &line.tail, &line.end] {
            all.append(text);
        }
    }
    all.append(&draft.empty_line);
    all.append(&draft.after);
    all
}

/// Long enough for the parts to be read one by one on a loopback.
const PAUSE: Duration = Duration::from_millis(20);
