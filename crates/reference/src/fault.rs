//! The faults: each makes the server break one requirement, and nothing else.
//! Never where the server decides: [`reading`] changes what it sees of a request, [`answering`]
//! what leaves of an answer. The few faults of time, framing and frames stand at their decision.

pub(crate) mod answering;
mod http2_table;
pub(crate) mod reading;
mod selecting;
mod sketch;
mod table;

pub use table::{FAULTS, Fault};

/// What there is to know of a fault.
#[derive(Clone, Copy, Debug)]
pub struct FaultInfo {
    /// The fault.
    pub fault: Fault,
    /// Its name, as an option of a command names it.
    pub name: &'static str,
    /// The requirement that it breaks.
    pub requirement: &'static str,
    /// What the server does.
    pub summary: &'static str,
}

impl Fault {
    /// The fault of this name.
    pub fn named(name: &str) -> Option<Self> {
        let info = FAULTS.iter().find(|info| info.name == name)?;
        Some(info.fault)
    }

    /// The row of the table for this fault.
    pub fn info(self) -> &'static FaultInfo {
        &FAULTS[self as usize]
    }
}

#[cfg(test)]
mod tests;
