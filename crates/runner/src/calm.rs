//! Plays again, alone, what load alone may explain: a target that limits rates or connections, bans, or is
//! slow when much is under way must not be blamed for it.
//! Decides no verdict: a result of the calm replaces one that the crowd spoilt.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use upspec_corpus::case::Outcome;
use upspec_judge::{CaseResult, Reason, Verdict, unmet};

use crate::doubt::{
    fell_silent, is_cut_short, is_doubtful, is_left_early, is_silent, is_strange,
    looks_like_a_limit, may_be_chance,
};
use crate::ease::FORBIDDEN;
use crate::event::Ending;
use crate::health::Patience;
use crate::run::Run;

/// What the calm costs and finds so far, over all its parts.
#[derive(Default)]
pub(crate) struct Calm {
    /// How long all of it has taken before the part under way, and until when that may go on.
    spent: Duration,
    until: Option<Instant>,
    /// What was played again, and how much of what a limit explains fared otherwise then.
    done: BTreeSet<usize>,
    limited: usize,
    otherwise: usize,
    /// How many of those that had fared now so, now so did so once more.
    racing: u32,
    /// How many of those that waited were played again.
    waited: u32,
    /// What failed beside others, and not alone.
    acquitted: Vec<usize>,
    /// The number of the next attempt, so that no nonce is used twice.
    attempt: u32,
    /// What the control got when nothing else was under way.
    control: Option<Outcome>,
    /// The control got something else since, so that there is a limit indeed.
    refused: bool,
    /// Since when it gets what no limit explains.
    strange: Option<Instant>,
    /// It got its answer from another address.
    has_moved: bool,
    /// The control got at the last what it got at first, and nothing was asked since.
    is_settled: bool,
}

impl Run {
    /// Asks again what a control of discovery got no answer to, and what was not asked because of that: by chance,
    /// many cases would be left out.
    pub(crate) async fn discover_again(&mut self, discovery: &[usize]) {
        for &index in discovery {
            for attempt in 1..FEW {
                let is_open = self.results.result(index).is_some_and(|result| {
                    let case = &self.worker.plan.cases()[index];
                    let left_out =
                        result.reason == Some(Reason::NotApplicable) && result.record.is_none();
                    may_be_chance(result)
                        || is_silent(result)
                        || is_cut_short(result)
                        || left_out && unmet(case, &self.worker.bench.facts).is_none()
                });
                if !is_open || self.worker.health.is_dead() {
                    break;
                }
                let mut again =
                    self.worker.play_in_calm(index, CALM - attempt, Patience::Window).await;
                // No haste where an answer that is late would cost many cases.
                if again.as_ref().is_some_and(fell_silent) {
                    let number = CALM - FEW - attempt;
                    again = self.worker.play_in_calm(index, number, Patience::Timeout).await;
                }
                if let Some(again) = again
                    && !may_be_chance(&again)
                    && !is_cut_short(&again)
                {
                    self.learn(index, &again);
                    self.results.replace(index, again);
                }
            }
        }
    }

    /// Plays again what load may explain. Without a sign of load that is only what costs no waiting, and a
    /// few of those that met silence: one that fares better alone is such a sign. Once played in calm, a case
    /// has its result.
    pub(crate) async fn again_in_calm(&mut self) -> Result<(), Ending> {
        let first = self.worker.control.and_then(|index| self.results.result(index));
        let control = first.and_then(|result| result.outcome).map(|came| came.outcome);
        if control.is_none() || self.has_asked_nothing() {
            return Ok(());
        }
        let began = Instant::now();
        let mut calm = std::mem::take(&mut self.calm);
        calm.attempt = calm.attempt.max(CALM);
        calm.control = control;
        calm.until = Some(began + MOST_CALM.saturating_sub(calm.spent));
        let before = self.is_as_before(&mut calm).await;
        let asked = calm.attempt;
        let has_moved = self.worker.bench.sources().at() > 0;
        let loaded = !before || has_moved || self.ease.has_met_a_limit() || self.signs_of_load();
        let was_known = calm.was_the_limit();
        let mut went_on = self.play_all_in_calm(&mut calm, loaded).await;
        if went_on.is_ok() && !was_known && calm.was_the_limit() {
            let results = &self.results;
            let is_doubtful = |index: &usize| {
                results.result(*index).is_some_and(|result| is_doubtful(result, true))
            };
            calm.done.retain(|index| !is_doubtful(index));
            went_on = self.play_all_in_calm(&mut calm, true).await;
        } else if let (Ok(true), false) = (&went_on, loaded) {
            went_on = self.play_all_in_calm(&mut calm, true).await;
        }
        calm.spent += began.elapsed();
        calm.is_settled = before && calm.attempt == asked;
        self.calm = calm;
        went_on.map(|_| ())
    }

    /// Whether the control has just been asked in calm and got what it got at first.
    pub(crate) fn is_settled(&self) -> bool {
        self.calm.is_settled
    }

    /// What the calm has shown of the target, besides its cases.
    pub(crate) async fn tell_of_calm(&mut self) {
        self.tell_of_acquitted();
        self.tell_of_limit().await;
    }

    /// Which cases failed beside others and did not alone, so that nobody takes them for steady.
    fn tell_of_acquitted(&mut self) {
        let ids =
            self.calm.acquitted.iter().map(|index| self.worker.plan.cases()[*index].id.as_str());
        let ids: Vec<&str> = ids.collect();
        let (named, left) = ids.split_at(ids.len().min(FEW_NAMES));
        let cases = match ids.len() {
            0 => return,
            1 => "1 case".to_owned(),
            more => format!("{more} cases"),
        };
        let more = match left.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = named.join(", ");
        self.results.remark(format!(
            "{cases} failed beside others, and not alone, which counts: {named}{more}; --repeat shows how steady that is"
        ));
    }

    /// How many cases have no result because of a limit, and what to do about it.
    async fn tell_of_limit(&mut self) {
        let left = self.worker.bench.sources().at();
        if left > 0 {
            let were = if left == 1 { "1 address was" } else { &format!("{left} addresses were") };
            self.results.remark(format!(
                "the target bans who sends bad requests: {were} let in no more, and the run went on from {}",
                self.worker.bench.sources().current().map_or_else(String::new, |ip| ip.to_string())
            ));
        }
        let lost = self.how_many(|result| result.reason == Some(Reason::Busy));
        if lost > 0 {
            let jobs = self.worker.bench.settings.jobs;
            let attempt = self.calm.next();
            let advice = match self.worker.control_now(attempt).await {
                // A limit on rates has long forgotten us.
                Some(Outcome::Status(403)) if self.calm.control != Some(Outcome::Status(403)) => {
                    "it bans who sends bad requests, so let this client's address off the ban"
                }
                _ if jobs > 1 => "try --jobs 1, or lift the limit",
                _ => "lift the limit",
            };
            let were = if lost == 1 { "1 case was" } else { &format!("{lost} cases were") };
            self.results.remark(format!(
                "the target limits what it serves: {were} never answered otherwise; {advice}"
            ));
        }
    }

    /// Plays again what may be explained; whether anything fared otherwise.
    async fn play_all_in_calm(&mut self, calm: &mut Calm, loaded: bool) -> Result<bool, Ending> {
        let mut otherwise = false;
        let all_late = self.worker.bench.answer() >= BEHIND_RESETS;
        let began = Instant::now();
        for index in 0..self.plan().cases().len() {
            if calm.done.contains(&index) || self.open.contains(&index) {
                continue;
            }
            let late = self.worker.is_late();
            // Where all answers are so late, none comes before a reset.
            let is_open = |it: &&CaseResult| {
                is_doubtful(it, loaded) && !(all_late && is_left_early(it))
                    || late && fell_silent(it)
            };
            let Some(result) = self.results.result(index).filter(is_open) else {
                continue;
            };
            let limited = looks_like_a_limit(result);
            let patience = self.patience(result);
            if patience == Patience::Timeout || is_silent(result) {
                calm.waited += 1;
                if calm.waited > FEW && !loaded && !otherwise && !late {
                    continue;
                }
            }
            let (before, was_silent) = ((result.verdict, result.reason), is_silent(result));
            let was_flaky = result.flaky;
            // Without a sign of load not much time is spent in search of one.
            if !loaded && !otherwise && !late && calm.spent + began.elapsed() > MOST_UNSIGNED {
                continue;
            }
            let result = match calm.has_time() {
                true => self.play_one_in_calm(index, patience, calm).await?,
                false => None,
            };
            let Some(result) = result else {
                if calm.refused || limited && calm.was_the_limit() {
                    self.give_up(index);
                }
                continue;
            };
            calm.done.insert(index);
            calm.limited += usize::from(limited);
            calm.otherwise += usize::from(limited && !looks_like_a_limit(&result));
            // An answer is worth more than none in a shorter wait; none is no news where there was none.
            let is_news = !is_silent(&result) || was_silent && before.1.is_some();
            if (result.verdict, result.reason) != before && is_news {
                // What costs a target much fares now so, now so, and one case may race with itself.
                if !self.worker.plan.cases()[index].is_about_cost() {
                    calm.racing += u32::from(was_flaky);
                    otherwise |= !was_flaky || limited || calm.racing > 1;
                }
                if !limited && before.0 == Verdict::Fail && result.verdict != Verdict::Fail {
                    calm.acquitted.push(index);
                }
                self.results.replace(index, result);
            }
        }
        Ok(otherwise)
    }

    /// One case, once the control gets its answer. `None` when it does not within the time.
    async fn play_one_in_calm(
        &mut self,
        index: usize,
        patience: Patience,
        calm: &mut Calm,
    ) -> Result<Option<CaseResult>, Ending> {
        let mut pause = SHORTEST_PAUSE;
        let mut vouched = 0;
        while calm.has_time() {
            sleep(self.worker.bench.settings.delay).await;
            let played = self.worker.play_in_calm(index, calm.next(), patience).await;
            if self.worker.health.is_dead() {
                self.after_death().await?;
                // Its refusals were those of who is dead.
                calm.refused = false;
                if self.deaths.killers.contains(&index) {
                    return Ok(None);
                }
                continue;
            }
            // What is in order needs nobody to vouch for it, unless it looks like a limit.
            if played.as_ref().is_some_and(|result| !is_doubtful(result, true)) {
                return Ok(played);
            }
            if self.is_as_before(calm).await {
                // A connection that is cut or mute by chance is seldom so three times.
                let may_change = played.as_ref().is_none_or(|result| {
                    may_be_chance(result)
                        || is_silent(result) && calm.is_by_chance()
                        || calm.was_the_limit()
                });
                vouched += 1;
                if !may_change || vouched == FEW {
                    return Ok(played.map(|result| self.vouched(index, result)));
                }
                continue;
            }
            if !std::mem::take(&mut calm.has_moved) {
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        Ok(None)
    }

    /// The result of a case that was alone each time, while the control got what it always gets. A 503 is no matter
    /// of time then (RFC 9110 section 15.6.4).
    fn vouched(&mut self, index: usize, result: CaseResult) -> CaseResult {
        let outcome = result.outcome.map(|came| came.outcome);
        if (result.reason, outcome) != (Some(Reason::Busy), Some(Outcome::Status(503))) {
            return result;
        }
        self.worker.bench_mut().facts.never_available.insert(result.id.clone());
        let case = &self.worker.plan.cases()[index];
        self.worker.bench.judge(case, result.record.into_iter().chain(result.twin).collect())
    }

    /// A case that the target leaves no time for has no result, if its answer is one that a limit explains.
    fn give_up(&mut self, index: usize) {
        let message = "the target refuses the control as well, or asks for a pause";
        let is_spoilt = |result: &CaseResult| result.death.is_none() && looks_like_a_limit(result);
        let spoilt = self.results.result(index).is_some_and(is_spoilt);
        if spoilt {
            let case = &self.plan().cases()[index].clone();
            let mut result = self.results.not_played(case, Reason::Busy, message);
            if let Some(earlier) = self.results.result(index) {
                (result.record, result.twin) = (earlier.record.clone(), earlier.twin.clone());
                result.outcome = earlier.outcome;
            }
            self.results.replace(index, result);
        }
    }

    /// How long to wait for what took so long the first time.
    fn patience(&self, result: &CaseResult) -> Patience {
        let window = self.worker.bench.facts.window_ms;
        let late = !is_silent(result) && result.elapsed_ms >= window;
        if late { Patience::Timeout } else { Patience::Window }
    }

    /// Whether the control gets what it got at first, if need be from another address. A case that was played from
    /// this one has to be played again there.
    async fn is_as_before(&mut self, calm: &mut Calm) -> bool {
        let came = self.worker.control_now(calm.next()).await;
        let same = came == calm.control;
        calm.refused |= !same;
        let is_strange = !same && came.is_some_and(is_strange);
        calm.strange = is_strange.then(|| calm.strange.unwrap_or_else(Instant::now));
        let is_ban = came == Some(FORBIDDEN) || self.worker.bench.sources().at() > 0;
        if let (true, Some(wanted)) = (!same && is_ban, calm.control)
            && self.moves_on(wanted).await
        {
            calm.refused = false;
            calm.has_moved = true;
        }
        same
    }

    fn has_asked_nothing(&self) -> bool {
        self.how_many(|result| result.record.is_some()) < 2
    }

    /// One case that fares now so, now so may race with itself.
    fn signs_of_load(&self) -> bool {
        let was_refused =
            |result: &CaseResult| matches!(result.reason, Some(Reason::Busy | Reason::Connect));
        self.how_many(was_refused) > 0 || self.how_many(|result| result.flaky) >= MANY_FLAKY
    }

    fn how_many(&self, wanted: impl Fn(&CaseResult) -> bool) -> usize {
        let all = 0..self.worker.plan.cases().len();
        all.filter_map(|index| self.results.result(index)).filter(|result| wanted(result)).count()
    }
}

impl Calm {
    fn has_time(&self) -> bool {
        let is_changed = self.strange.is_some_and(|since| since.elapsed() > STRANGE);
        !is_changed && self.until.is_some_and(|until| Instant::now() < until)
    }

    /// Whether what met silence fares otherwise alone, as far as is known.
    fn is_by_chance(&self) -> bool {
        self.otherwise > 0 && self.otherwise * 2 >= self.limited
    }

    /// Whether most of what a limit explains fared otherwise alone, so that the rest says nothing either.
    fn was_the_limit(&self) -> bool {
        self.limited > FEW as usize && self.otherwise * 2 > self.limited
    }

    fn next(&mut self) -> u32 {
        self.attempt += 1;
        self.attempt
    }
}

/// The attempts of cases that are played in calm, apart from all others.
const CALM: u32 = 2000;

/// Who takes so long to answer does so when all resets are over.
const BEHIND_RESETS: Duration = Duration::from_secs(1);

/// How long all of it may take in a run.
const MOST_CALM: Duration = Duration::from_secs(40);
/// How long it may take where nothing hints at load.
const MOST_UNSIGNED: Duration = Duration::from_secs(5);

/// After how long a control that gets what no limit explains is not waited for any more.
const STRANGE: Duration = Duration::from_secs(3);

/// How many that met silence are played again where nothing hints at load.
const FEW: u32 = 3;
/// So many results that differ from one look to the next are a sign of load.
const MANY_FLAKY: usize = 3;

/// How many of those that were acquitted are named.
const FEW_NAMES: usize = 5;

/// The pauses that a target is given which refuses the control.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
