//! After the target has died: which case killed it, and how the run goes on.
//! Blames only a case that was alone with the target.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;
use upspec_corpus::case::Over;
use upspec_exchange::Record;
use upspec_judge::{CaseResult, Death as Scene, Demise, Reason, Verdict};

use crate::cut::{is_cut_at_once, is_cut_short};
use crate::event::{Death, Ending};
use crate::health::Pulse;
use crate::queue::{MUTE, Round, answered_by};
use crate::risk::{Risk, by_risk, waits_anyway};
use crate::run::Run;
use crate::server::Server;
use crate::worker::Played;

/// What is known of the deaths of a run.
#[derive(Default)]
pub(crate) struct Deaths {
    pub(crate) all: Vec<Death>,
    /// The cases that are known to kill.
    pub(crate) killers: BTreeSet<usize>,
    /// What had been over only for a short time at the last death.
    before: Vec<usize>,
    /// The cases that were looked at early at the last death: each may be why, and late.
    early: Vec<usize>,
    /// The suspect that began while all others were merely waiting.
    freshest: Option<usize>,
    /// How many could be put down to no case.
    pub(crate) unexplained: usize,
    /// How many cases were played again since the target came back.
    pub(crate) replayed: usize,
    /// Whether the target was seen to outlive a row of controls after it had come back.
    pub(crate) outlives_controls: bool,
    /// The time that they took so far.
    spent: Duration,
}

impl Run {
    /// Waits until the target is back, started again where there is a command for it, plays every suspect
    /// alone with a control after it, and goes on. If it stays away the run is over.
    pub(crate) async fn after_death(&mut self) -> Result<(), Ending> {
        let began = Instant::now();
        self.end_those_left().await;
        let went_on = self.investigate().await;
        self.deaths.spent += began.elapsed();
        went_on
    }

    async fn investigate(&mut self) -> Result<(), Ending> {
        let scene = self.scene().await;
        let under_way = self.worker.health.suspects();
        let was_idle = under_way.is_empty();
        let recent = || self.worker.health.recent(SHORTLY_BEFORE);
        let among = if was_idle { recent() } else { under_way };
        let mut suspects = self.likeliest_first(among, usize::MAX);
        if was_idle {
            suspects.truncate(MOST_BEFORE);
        }
        let recent = self.worker.health.recent(LATE);
        self.deaths.before = self.worker.health.recent(LATE_PATIENCE);
        let (health, by) = (&self.worker.health, self.waiting());
        let (freshest, waited) = health.freshest(|case| self.waiting_of(case)).unzip();
        let waited = waited.unwrap_or_default();
        let all = health.suspects().len();
        self.deaths.freshest = freshest.filter(|_| waited.len() + 1 == all);
        let mut early: Vec<usize> = std::mem::take(&mut self.early.under_way).into_iter().collect();
        if let Some(newest) = self.deaths.freshest {
            early.retain(|case| !health.waited_aside(*case, newest, by));
        }
        self.deaths.early = early;
        if self.deaths.all.len() >= MOST_DEATHS || self.deaths.spent >= MOST_TIME {
            self.results.remark(format!(
                "the target died {} times and is left alone now; what was left was not played",
                self.deaths.all.len() + 1
            ));
            let accused = self.accuse(scene, suspects);
            return Err(self.end(&accused));
        }
        let back = match self.worker.bench.settings.server_cmd {
            Some(_) => "it is started again",
            None => "waiting for it to come back",
        };
        self.results.note(format!("the target died: {}; {back}", scene.what()));
        self.revive(&scene, &suspects).await?;
        // What an exchange with a dying target shows means nothing, so all of them are played again.
        let killers = self.deaths.killers.len();
        self.try_suspects(&suspects, &waited).await?;
        let looks_further =
            scene.how != Demise::Restarted && self.deaths.unexplained < MOST_UNEXPLAINED;
        if self.deaths.killers.len() == killers && looks_further {
            self.look_for_late_killer(recent).await?;
        }
        if self.deaths.killers.len() == killers {
            self.deaths.unexplained += 1;
            self.tell_unexplained(scene, &suspects);
        }
        Ok(())
    }

    /// Plays every suspect alone, and whatever met the death. Those that were merely waiting are not to blame where
    /// another one is.
    async fn try_suspects(&mut self, suspects: &[usize], waited: &[usize]) -> Result<(), Ending> {
        let killers = self.deaths.killers.len();
        let lost = std::mem::take(&mut self.lost).into_iter().map(|(index, _)| index);
        let all = unique(suspects.iter().copied().chain(lost));
        let (waited, others): (Vec<usize>, Vec<usize>) =
            all.into_iter().partition(|index| waited.contains(index));
        for index in others {
            self.kills_alone(index, Duration::ZERO).await?;
        }
        if self.deaths.killers.len() > killers {
            let waited = waited.into_iter().map(|index| (index, None)).collect();
            let jobs = self.worker.bench.settings.jobs;
            return Box::pin(self.play_round(waited, jobs, Round::Whole)).await;
        }
        for index in waited {
            self.kills_alone(index, Duration::ZERO).await?;
        }
        Ok(())
    }

    /// Plays a case alone, and blames it if the target dies. Where something was played before it since the
    /// target came back, that may have done it, and late: then the case is played once more. After a death
    /// the target is back when this returns.
    async fn kills_alone(&mut self, index: usize, patience: Duration) -> Result<(), Ending> {
        loop {
            let is_first = self.deaths.replayed == 0;
            self.deaths.replayed += 1;
            self.results.begin(index);
            let played = self.worker.play(index).await;
            let lives = !matches!(played, Played::Died(_))
                && self.worker.check_now().await == Pulse::Alive
                && (patience.is_zero() || self.outlives(patience).await);
            if lives {
                self.take(index, played);
                return Ok(());
            }
            let scene = self.scene().await;
            if is_first {
                self.blame(index, played, scene.clone());
                return self.revive(&scene, &[index]).await;
            }
            self.revive(&scene, &[index]).await?;
        }
    }

    /// Looks for a case after which the target dies with a delay, among those played last: one half after
    /// the other is played again and waited for.
    async fn look_for_late_killer(&mut self, mut among: Vec<usize>) -> Result<(), Ending> {
        among.retain(|index| !self.deaths.killers.contains(index));
        if among.is_empty() {
            return Ok(());
        }
        self.results.note(format!(
            "none of the suspects kills it at once; looking for one that does so late, among {} cases",
            among.len()
        ));
        // What was just played again may have killed it as late.
        self.dies_of(&[]).await?;
        while among.len() > 1 {
            let later = among.split_off(among.len() / 2);
            if self.dies_of(&later).await? {
                among = later;
            }
        }
        for index in among {
            self.kills_alone(index, LATE_PATIENCE).await?;
        }
        Ok(())
    }

    /// Whether the target dies, at once or late, when these cases are played again. Their results are
    /// known already.
    async fn dies_of(&mut self, cases: &[usize]) -> Result<bool, Ending> {
        let jobs = self.worker.bench.settings.jobs.max(1);
        self.deaths.replayed += cases.len();
        for some in cases.chunks(jobs) {
            let mut running = tokio::task::JoinSet::new();
            for index in some.iter().copied() {
                let worker = self.worker.clone();
                running.spawn(async move { worker.play_once(index).await });
            }
            while running.join_next().await.is_some() {}
            if self.worker.health.is_dead() {
                break;
            }
        }
        if self.outlives(LATE_PATIENCE).await {
            return Ok(false);
        }
        let scene = self.scene().await;
        self.revive(&scene, cases).await?;
        Ok(true)
    }

    /// Whether the target still lives after this time, or when its process has ended.
    async fn outlives(&mut self, patience: Duration) -> bool {
        let health = &self.worker.health;
        if !health.is_dead() {
            let _ = tokio::time::timeout(patience, health.process_end()).await;
        }
        let pulse = self.worker.check_now().await;
        self.mind_exit(pulse);
        pulse == Pulse::Alive
    }

    /// What there is to say of the death that was just found.
    pub(crate) async fn scene(&self) -> Scene {
        let demise = self.worker.health.demise();
        let demise = if self.worker.health.is_back() { Demise::Restarted } else { demise };
        let exit = self.server.as_ref().and_then(Server::exit);
        let output = match &self.server {
            Some(server) => server.last_lines().await,
            None => Vec::new(),
        };
        Scene {
            how: if exit.is_some() { Demise::Exited } else { demise },
            status: exit.map(|status| status.to_string()),
            suspects: Vec::new(),
            unsure: false,
            output,
        }
    }

    /// This case was alone with the target when it died.
    fn blame(&mut self, index: usize, played: Played, scene: Scene) {
        let result = match played {
            Played::Judged(result) | Played::Open(result) => *result,
            Played::Died(exchanges) => self.judged(index, exchanges),
        };
        self.deaths.killers.insert(index);
        self.open.remove(&index);
        if scene.how == Demise::Restarted {
            self.results.remark(RESTARTED);
        }
        self.count(&[index]);
        let result = result.with_death(scene, &self.requirements);
        self.results.store(index, result);
    }

    /// A death after which nothing can be played again: a lone suspect has it, and one that began while the
    /// others were waiting for silence to end.
    /// Returns who is accused.
    pub(crate) fn accuse(&mut self, scene: Scene, suspects: Vec<usize>) -> Vec<usize> {
        let lone = if let [only] = *suspects { Some(only) } else { self.deaths.freshest };
        let lone = lone.filter(|lone| suspects.contains(lone));
        let at_once = lone.is_some_and(|lone| self.was_cut_at_once(lone));
        let Some(only) = lone.filter(|_| at_once || self.deaths.early.is_empty()) else {
            let suspects = unique(suspects.into_iter().chain(self.deaths.early.iter().copied()));
            self.leave_open(scene, &suspects);
            return suspects;
        };
        let met = self.lost.iter().position(|(index, _)| *index == only);
        let exchanges = met.map(|at| self.lost.swap_remove(at).1).unwrap_or_default();
        let told = self.results.result(only).cloned().map(Box::new);
        let most = if at_once { MOST_BESIDE } else { MOST_BEFORE };
        let played = told.map_or(Played::Died(exchanges), Played::Judged);
        let before = self.likeliest_first(self.deaths.before.clone(), only);
        let waiting = suspects.into_iter().filter(|waiting| *waiting != only);
        let mut earlier = unique(waiting.chain(before));
        earlier.truncate(most);
        let suspects = self.ids(&earlier);
        self.blame(only, played, Scene { unsure: true, suspects, ..scene });
        vec![only]
    }

    /// Whether the target cut the exchange of a case right behind what we wrote.
    fn was_cut_at_once(&self, index: usize) -> bool {
        let lost = self.lost.iter().filter(|(lost, _)| *lost == index);
        let lost = lost.flat_map(|(_, exchanges)| exchanges);
        let known = self.results.result(index).and_then(|told| told.record.as_ref());
        lost.chain(known).any(is_cut_at_once)
    }

    /// After this time without an answer an exchange merely waits for silence to end.
    fn waiting(&self) -> Duration {
        answered_by(self.worker.bench.answer(), false) * 7 / 8
    }

    /// The same for this case: sooner where silence is no news.
    fn waiting_of(&self, index: usize) -> Duration {
        let waits = waits_anyway(&self.worker.plan.cases()[index], self.mute >= MUTE);
        answered_by(self.worker.bench.answer(), waits) * 7 / 8
    }

    /// Other cases than this, those first that kill most often; of these, what most targets speak and what they
    /// answered badly, and then the latest.
    pub(crate) fn likeliest_first(&self, cases: Vec<usize>, but: usize) -> Vec<usize> {
        let plan = &self.worker.plan;
        let risks: BTreeMap<usize, Option<Risk>> =
            by_risk(plan, &self.worker.bench).into_iter().collect();
        let mut cases: Vec<usize> = cases.into_iter().rev().filter(|case| *case != but).collect();
        cases.sort_by_key(|case| {
            let is_bad =
                |result: &CaseResult| matches!(result.verdict, Verdict::Fail | Verdict::Warn);
            let badly = self.results.result(*case).is_some_and(is_bad);
            let risk = risks.get(case).copied().flatten();
            Reverse((risk, plan.cases()[*case].over == Over::Http1, badly))
        });
        cases
    }

    /// The target is back, and none of the suspects kills it again. One that took connections all the time, and
    /// came to by itself, may have refused us for other reasons.
    fn tell_unexplained(&mut self, scene: Scene, suspects: &[usize]) {
        let paused = matches!(scene.how, Demise::Closing | Demise::Hanging)
            && self.worker.bench.settings.server_cmd.is_none();
        match paused {
            true => self.results.remark(PAUSED),
            false => self.leave_open(scene, suspects),
        }
    }

    /// The death is nobody's in particular, so the control has it: that is what the target answers no more.
    /// One that answers again at once may have been away for other reasons, and is only told.
    fn leave_open(&mut self, scene: Scene, suspects: &[usize]) {
        if scene.how == Demise::Restarted {
            return self.results.remark(RESTARTED);
        }
        self.count(suspects);
        let ids = self.ids(suspects);
        let Some(control) = self.worker.control else {
            return;
        };
        let known = self.results.result(control).filter(|known| known.death.is_none()).cloned();
        if let Some(known) = known {
            let scene = Scene { suspects: ids, ..scene };
            self.results.store(control, known.with_death(scene, &self.requirements));
        }
    }

    /// The target dies of the control itself.
    pub(crate) fn blame_control(&mut self, scene: Scene) -> Ending {
        let Some(control) = self.worker.control else {
            return self.end(&[]);
        };
        let known = self.results.result(control).cloned();
        let played =
            known.map_or(Played::Died(Vec::new()), |known| Played::Judged(Box::new(known)));
        self.blame(control, played, scene);
        self.end(&[control])
    }

    fn judged(&self, index: usize, exchanges: Vec<Record>) -> CaseResult {
        let case = &self.worker.plan.cases()[index];
        match exchanges.is_empty() {
            true => self.results.not_played(case, Reason::TargetDied, ""),
            false => self.worker.bench.judge(case, exchanges),
        }
    }

    /// The run is over. Of the exchanges that met the death none says anything about its case.
    pub(crate) fn end(&mut self, suspects: &[usize]) -> Ending {
        for (index, exchanges) in std::mem::take(&mut self.lost) {
            let message = "the target died while this case was under way";
            let case = &self.worker.plan.cases()[index];
            let mut result = self.results.not_played(case, Reason::TargetDied, message);
            let mut records = exchanges.into_iter();
            (result.record, result.twin) = (records.next(), records.next());
            self.results.store(index, result);
        }
        self.leave_open_ones(
            Reason::TargetDied,
            "the target died before this case was looked at again",
        );
        self.forget_what_death_cut();
        let message = "the target had died before this case was played";
        for index in 0..self.worker.plan.cases().len() {
            // What the target could not do anyway is not lost.
            if self.results.result(index).is_none() && self.is_playable(index) {
                self.results.leave_out(index, Reason::TargetDied, message);
            }
        }
        Ending::TargetDied { suspects: self.ids(suspects) }
    }

    /// What had its answer and was cut by the death of another says nothing of how the target ends a connection.
    fn forget_what_death_cut(&mut self) {
        for index in self.worker.health.suspects() {
            let known = self.results.result(index).filter(|known| known.death.is_none());
            let records = |known: &CaseResult| (known.record.clone(), known.twin.clone());
            let cut =
                known.filter(|known| known.record.iter().chain(&known.twin).any(is_cut_short));
            if let Some((record, twin)) = cut.map(records) {
                let message = "the target died while this case was under way";
                let case = &self.worker.plan.cases()[index];
                let untold = self.results.not_played(case, Reason::TargetDied, message);
                self.results.store(index, CaseResult { record, twin, ..untold });
            }
        }
    }

    fn count(&mut self, suspects: &[usize]) {
        let suspects = self.ids(suspects);
        self.results.note(match &suspects[..] {
            [one] => format!("the target died of {one}"),
            many => format!("the target died; any of {} cases may have killed it", many.len()),
        });
        self.deaths.all.push(Death { suspects });
    }

    fn ids(&self, cases: &[usize]) -> Vec<String> {
        cases.iter().map(|index| self.worker.plan.cases()[*index].id.clone()).collect()
    }
}

/// Each number once, where it first stands.
fn unique(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    numbers.filter(|number| seen.insert(*number)).collect()
}

const RESTARTED: &str = "the target refused connections for a moment and then took them again: something \
    restarts it when it dies, so deaths may pass unseen";

const PAUSED: &str = "the target took connections but answered none of them for a while, and then went on: it may \
    limit what it serves, or something may have restarted it";

/// After this many deaths the target is left alone.
const MOST_DEATHS: usize = 150;
/// After so much time spent on deaths, too.
const MOST_TIME: Duration = Duration::from_secs(120);
/// After so many deaths without a cause no further one is looked for among earlier cases.
const MOST_UNEXPLAINED: usize = 1;
/// How long a killer's exchange may have been over when the target dies of it.
const LATE: Duration = Duration::from_secs(10);
/// What was over for so long when the target was found dead may have killed it, where nothing else was under way.
const SHORTLY_BEFORE: Duration = Duration::from_millis(3500);
/// How long a death is waited for that comes late.
const LATE_PATIENCE: Duration = Duration::from_millis(2500);
/// How many cases are told that were over shortly before a death, the likeliest of them.
const MOST_BEFORE: usize = 10;
/// How many are told beside a case that the target cut right behind what it sent.
const MOST_BESIDE: usize = 2;
