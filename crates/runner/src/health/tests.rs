//! Deaths of targets that never were, on a clock that stands.

use super::*;

/// A target that answers from the n-th control on.
struct AnswersFrom(u32);

impl Control for AnswersFrom {
    async fn answered(&self, number: u32, _patience: Patience) -> Result<(), Demise> {
        if number >= self.0 { Ok(()) } else { Err(Demise::Hanging) }
    }
}

#[tokio::test(start_paused = true)]
async fn four_unanswered_controls_are_a_death() {
    for (from, pulse) in [(0, Pulse::Alive), (3, Pulse::Alive), (4, Pulse::Dead)] {
        let health = Health::default();
        assert_eq!(health.check(&AnswersFrom(from), Instant::now()).await, pulse, "{from}");
        assert_eq!(health.is_dead(), pulse == Pulse::Dead);
    }
}

#[tokio::test(start_paused = true)]
async fn a_control_that_began_later_serves_all() {
    let health = Health::default();
    let since = Instant::now();
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(health.check(&AnswersFrom(0), since).await, Pulse::Alive);
    assert_eq!(health.check(&AnswersFrom(99), since).await, Pulse::Alive);
    assert_eq!(health.controls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn who_began_long_after_all_others_is_told_apart() {
    let health = Health::default();
    let by = Duration::from_millis(300);
    for (case, waited) in [(1, vec![]), (2, vec![]), (3, vec![1, 2])] {
        drop(health.begin(case).await);
        assert_eq!(health.freshest(|_| by), Some((case, waited)), "{case}");
        tokio::time::advance(Duration::from_millis(if case == 1 { 299 } else { 300 })).await;
    }
}

#[tokio::test(start_paused = true)]
async fn where_the_target_hangs_only_who_saw_another_served_was_merely_waiting() {
    let by = Duration::from_millis(300);
    for (served_between, waited) in [(true, vec![1]), (false, vec![])] {
        let health = Health::default();
        let _first = health.begin(1).await;
        tokio::time::advance(by).await;
        let began = Instant::now();
        tokio::time::advance(by).await;
        if served_between {
            health.heard(began, Instant::now());
        }
        let _last = health.begin(2).await;
        let _ = health.attempt(&AnswersFrom(99), &mut None, Patience::Window).await;
        assert_eq!(health.freshest(|_| by), Some((2, waited)), "{served_between}");
    }
}

/// A target that takes no connections any more.
struct Refuses;

impl Control for Refuses {
    async fn answered(&self, _number: u32, _patience: Patience) -> Result<(), Demise> {
        Err(Demise::Refusing)
    }
}

#[tokio::test(start_paused = true)]
async fn an_answered_exchange_absolves_those_before_it_where_nobody_listens_any_more() {
    for (control_refuses, wanted) in [(true, vec![2, 3]), (false, vec![1, 2, 3])] {
        let health = Health::default();
        for case in [1, 2, 3] {
            let began = Instant::now();
            drop(health.begin(case).await);
            tokio::time::advance(Duration::from_millis(60)).await;
            if case < 3 {
                health.heard(began, Instant::now());
            }
            health.end(case);
        }
        let now = Instant::now();
        let pulse = match control_refuses {
            true => health.check(&Refuses, now).await,
            false => health.check(&AnswersFrom(99), now).await,
        };
        assert_eq!((pulse, health.suspects()), (Pulse::Dead, wanted));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answered_control_absolves_those_before_it() {
    let health = Health::default();
    drop(health.begin(3).await);
    health.end(3);
    drop(health.begin(1).await);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(health.suspects(), [3, 1]);
    health.check(&AnswersFrom(0), Instant::now()).await;
    assert_eq!(health.suspects(), [1]);
}
