//! How the target cut an exchange: at once, or in the middle of what went on.
//! Looks at records alone.

use upspec_exchange::{IoKind, Record};

/// Whether the target cut an exchange right behind what we wrote: one that dies late seldom hits upon that moment.
pub(crate) fn is_cut_at_once(exchange: &Record) -> bool {
    let cut = exchange
        .io
        .iter()
        .position(|io| matches!(io.kind, IoKind::ReadEnd | IoKind::ReadEndUnclean | IoKind::Reset));
    let Some(cut) = cut else { return false };
    let last =
        exchange.io[..cut].iter().rev().find(|io| matches!(io.kind, IoKind::Wrote | IoKind::Read));
    let wrote = last.filter(|io| io.kind == IoKind::Wrote);
    wrote.is_some_and(|io| exchange.io[cut].at_us.saturating_sub(io.at_us) < AT_ONCE_US)
}

/// Whether the peer reset an exchange, or ended one that had become a tunnel: that its death does as well.
pub(crate) fn is_cut_short(exchange: &Record) -> bool {
    exchange.saw(IoKind::Reset) || is_switch(exchange) && exchange.ended_by_peer(0)
}

/// Whether the first answer is a switch: nothing that a target takes its time to refuse.
pub(crate) fn is_switch(record: &Record) -> bool {
    let read = record.io.iter().find(|io| io.kind == IoKind::Read);
    read.is_some_and(|io| io.bytes.starts_with(b"HTTP/1.1 101"))
}

/// What ends within this time, in microseconds, ends at once.
const AT_ONCE_US: u64 = 50_000;
