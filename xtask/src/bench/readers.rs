//! Our readers, the model and the judge beside what others do with the same octets.

use upspec_corpus::Corpus;
use upspec_promises::speed::{Pace, exchanges, heads};

use super::Measure;
use super::sheet::{Row, Rows, Unit};

pub(super) fn measure(measure: Measure, rows: &mut Rows) -> Result<(), String> {
    let corpus = Corpus::embedded().map_err(|error| error.to_string())?;
    let [own, httparse] = heads(&corpus, measure.rounds());
    rows.push(row("heads of all requests: the target request_head", &own, &httparse));
    let paces = exchanges(&corpus, measure.rounds());
    let (by_hand, judged) = (&paces.head_by_hand, &paces.judged);
    rows.push(row("one head: parse", &paces.head_parsed, by_hand));
    rows.push(row("one head: parse, permitted", &paces.head_ruled, by_hand));
    rows.push(row("one exchange: parse, permitted, judge", judged, &paces.by_hand));
    rows.push(row("the same beside one head alone", judged, by_hand));
    rows.push(row("the same beside tungstenite", judged, &paces.head_accepted));
    Ok(())
}

fn row(name: &str, own: &Pace, other: &Pace) -> Row {
    Row::alone(name, Unit::CpuNs, own.ns.clone()).beside(other.name, &own.ns, other.ns.clone())
}
