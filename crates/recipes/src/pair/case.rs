//! A pair as a case, for the judge and for a case file that replays it: the client asks, the origin answers, and a
//! canary on the client's connection shows who believes in a tunnel.

use upspec_corpus::Corpus;
use upspec_corpus::case::{Act, Awaited, Case, LinkName, Need, Preset, Role, Step};
use upspec_corpus::template::Template;

use super::Pair;
use super::expect::{Asked, Expected, Said, expected};
use crate::case::CaseName;

/// What each case of a pair has of the corpus.
#[derive(Clone, Debug)]
pub struct Scene {
    canary: Template,
    hello: Template,
    presets: Vec<Preset>,
}

impl Scene {
    /// What the controls of the corpus send, and its presets; `None` where it has no such controls.
    #[must_use]
    pub fn of(corpus: &Corpus) -> Option<Self> {
        let sent = |id: &str, at: LinkName| {
            corpus.case(id)?.steps.iter().find_map(|step| match &step.act {
                Act::Send(octets) if step.at == at => Some(octets.clone()),
                _ => None,
            })
        };
        Some(Self {
            canary: sent(CANARY, LinkName::Client)?,
            hello: sent(HELLO, LinkName::Origin)?,
            presets: corpus.presets.clone(),
        })
    }
}

impl Pair {
    /// The case that plays the pair and expects what the model permits each end to believe.
    #[must_use]
    pub fn case(&self, name: CaseName<'_>, scene: &Scene) -> Case {
        let expected = expected(self);
        let mut expect = expected.own.clone();
        for name in expected.presets {
            let preset = scene.presets.iter().find(|preset| preset.name == *name);
            expect.extend(preset.iter().flat_map(|preset| preset.expect.iter().cloned()));
        }
        let mut needs = vec![Need::Reframes];
        needs.extend((expected.asked == Asked::Upgrade).then_some(Need::Upgrade));
        Case {
            id: format!("{}/{}", name.topic, name.name),
            title: expected.title(),
            why: Some(format!("Recipe: {self}")),
            requirement: expected.requirement.to_owned(),
            role: Role::Intermediary,
            needs,
            steps: self.steps(&expected, scene),
            expect,
            ..Case::default()
        }
    }

    fn steps(&self, expected: &Expected, scene: &Scene) -> Vec<Step> {
        let client = |act| Step::at(LinkName::Client, act);
        let origin = |act| Step::at(LinkName::Origin, act);
        let answered = || client(Act::AwaitOther(Awaited::Response));
        let silence = || client(Act::AwaitOther(Awaited::Silence));
        let mut steps = self.request.tagged_steps();
        let mut answer = self.answer.steps();
        if expected.said == Said::Switch || expected.said == Said::FramedSwitch {
            answer = vec![
                origin(Act::AwaitOther(Awaited::Request)),
                origin(Act::Send(self.answer.template())),
            ];
            // Where no upgrade arrives none is agreed to.
            if let Some(switch) = answer.last_mut() {
                switch.terms.otherwise = Some(scene.hello.clone());
            }
        }
        steps.append(&mut answer);
        steps.extend(expected.ends_stream.then(|| origin(Act::ShutdownWrite)));
        steps.push(answered());
        if expected.said.is_refused_switch() {
            let mut hello = origin(Act::Send(scene.hello.clone()));
            hello.terms.when = Some(upspec_corpus::case::When::NoHead);
            steps.extend([hello, answered()]);
        }
        steps.extend(expected.ends_stream.then(silence));
        steps.extend([client(Act::Send(scene.canary.clone())), silence()]);
        steps
    }
}

/// The control that sends the canary, and the one whose answer is a plain 200.
const CANARY: &str = "intermediary/control/byte-relay";
const HELLO: &str = "intermediary/control/relay";
