//! Measures the body of `request_head` against the same loop around httparse: both take the exported
//! requests, in turns, in one run. Prints executions per CPU-second and the ratio of the medians.
//! Never counts the fuzzer's own work; `targets/bench-fuzz.sh` does.
#![allow(clippy::print_stdout, reason = "it is a command")]

use std::fs;
use std::time::{Duration, Instant};

use upspec_corpus::Corpus;
use upspec_promises::seeds::Material;
use upspec_promises::{peer, request_head};

fn main() {
    let corpus = Corpus::embedded().expect("the tests of the corpus have read it");
    let requests = Material::of_corpus(&corpus).requests;
    let octets: usize = requests.iter().map(Vec::len).sum();
    println!(
        "{} requests of {} octets on average, {ROUNDS} rounds",
        requests.len(),
        octets / requests.len()
    );
    let bodies: [(&str, Body); 2] = [("request_head", request_head), ("httparse", peer)];
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for ((_, body), rates) in bodies.iter().zip(&mut rates) {
            rates.push(rate(*body, &requests));
        }
    }
    let [own, other] = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    });
    for ((name, _), rate) in bodies.iter().zip([own, other]) {
        println!("{name:>12}: {rate:>9.0} executions per CPU-second");
    }
    println!("{:>12}: {:>8.0} %", "ratio", 100.0 * own / other);
}

/// What is done with one input.
type Body = fn(&[u8]);

/// How often a body takes an input in a second of processor time.
fn rate(body: Body, requests: &[Vec<u8>]) -> f64 {
    let (from, mut runs) = (spent(), 0_u32);
    loop {
        for _ in 0..20 {
            requests.iter().for_each(|request| body(std::hint::black_box(request)));
        }
        runs += 20;
        let took = spent().saturating_sub(from);
        if took >= ROUND {
            return f64::from(runs) * requests.len() as f64 / took.as_secs_f64();
        }
    }
}

/// The processor time of this process; where the system does not say it, the time of the wall.
fn spent() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let ticks = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| {
        // After the name, which may hold spaces: user and system time are the 12th and 13th.
        let mut fields = stat.rsplit(')').next()?.split_ascii_whitespace().skip(11);
        let mut next = || fields.next()?.parse::<u64>().ok();
        Some(next()? + next()?)
    });
    ticks.map_or_else(|| START.elapsed(), |ticks| Duration::from_millis(10 * ticks))
}

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(400);
