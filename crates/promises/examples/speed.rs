//! Prints how fast our readers are beside those of others, as medians of some rounds; `cargo xtask bench` measures the
//! same beside everything else.
#![allow(clippy::print_stdout, reason = "it is a command")]

use std::time::Duration;

use upspec_corpus::Corpus;
use upspec_promises::speed::{Pace, Rounds, exchanges, heads};

fn main() {
    let corpus = Corpus::embedded().expect("the tests of the corpus have read it");
    let rounds = Rounds { count: 7, each: Duration::from_millis(400) };
    println!("the heads of all requests of the corpus");
    let [own, other] = heads(&corpus, rounds);
    for pace in [&own, &other] {
        println!("{:>28}: {:>9.0} executions per CPU-second", pace.name, 1e9 / median(pace));
    }
    println!("{:>28}: {:>8.0} %", "ratio", 100.0 * median(&other) / median(&own));
    println!("one valid exchange");
    let paces = exchanges(&corpus, rounds);
    let all = [&paces.head_by_hand, &paces.head_accepted, &paces.head_parsed, &paces.head_ruled];
    for pace in all.into_iter().chain([&paces.by_hand, &paces.judged]) {
        println!("{:>48}: {:>7.0} ns", pace.name, median(pace));
    }
    let ratio = median(&paces.judged) / median(&paces.by_hand);
    println!("{:>48}: {ratio:>7.2}", "the last beside the one before");
}

fn median(pace: &Pace) -> f64 {
    let mut ns = pace.ns.clone();
    ns.sort_by(f64::total_cmp);
    ns[ns.len() / 2]
}
