//! The cases that are played beside each other at both ends of an intermediary.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use upspec_judge::CaseResult;

use super::player::Player;
use super::stage::Stage;
use crate::place::Place;

/// What happens to the cases under way.
pub(super) enum Next {
    /// One gives its place back.
    Free,
    /// A bug of ours ended one.
    Lost(JoinError),
    /// None is left.
    Nothing,
    /// One is over; without a result where it met nobody.
    Over(usize, Result<Box<CaseResult>, String>),
}

/// The cases under way.
#[derive(Default)]
pub(super) struct Beside {
    running: JoinSet<(usize, Result<CaseResult, String>)>,
    places: BTreeMap<usize, Place>,
    /// Told when one of them gives its place back.
    free: Arc<Notify>,
    under_way: Vec<usize>,
    /// Those that began, in this order.
    begun: Vec<usize>,
    /// How many there were at most.
    most: usize,
}

impl Beside {
    pub(super) fn begin(&mut self, index: usize, player: Player) {
        let place = Place::taken(&self.free);
        let stage = Stage { place: Some(place.clone()), ..player.stage };
        let player = Player { stage, ..player };
        self.places.insert(index, place);
        self.under_way.push(index);
        self.begun.push(index);
        self.running.spawn(async move { (index, player.play(index).await) });
        self.most = self.most.max(self.running.len());
    }

    /// How many are under way.
    pub(super) fn count(&self) -> usize {
        self.running.len()
    }

    /// How many there were at most.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    pub(super) fn has(&self, index: usize) -> bool {
        self.under_way.contains(&index)
    }

    /// How many do not merely wait.
    pub(super) fn served(&self) -> usize {
        self.places.values().filter(|place| !place.is_watched()).count().min(self.count())
    }

    /// What happens next.
    pub(super) async fn next(&mut self) -> Next {
        let joined = tokio::select! {
            joined = self.running.join_next() => joined,
            () = self.free.notified() => return Next::Free,
        };
        match joined {
            Some(Ok((index, result))) => {
                self.places.remove(&index);
                if result.is_ok() {
                    self.under_way.retain(|one| *one != index);
                }
                Next::Over(index, result.map(Box::new))
            }
            Some(Err(panicked)) => Next::Lost(panicked),
            None => Next::Nothing,
        }
    }

    /// Those under way, and those that were over last, the likeliest killers first: who began last; others have waited
    /// for long beside one that lived.
    pub(super) fn suspects(&mut self, recent: &mut VecDeque<usize>) -> Vec<usize> {
        let mut all: Vec<usize> = recent.drain(..).chain(self.under_way.drain(..)).collect();
        all.sort_by_key(|index| Reverse(self.begun.iter().rposition(|one| one == index)));
        all
    }
}
