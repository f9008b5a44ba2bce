//! Checks the settings of a peer (RFC 9113 6.5.2).

use upspec_handshake::h2::{ErrorCode, setting};

/// Checks the values of settings (RFC 9113 6.5.2).
pub(crate) fn values(settings: &[(u16, u32)]) -> Result<(), ErrorCode> {
    for &(id, value) in settings {
        let row = LIMITS.iter().find(|(limited, ..)| *limited == id);
        if let Some((_, low, high, code)) = row
            && !(*low..=*high).contains(&value)
        {
            return Err(*code);
        }
    }
    Ok(())
}

/// The lowest and the highest value of a setting, and what any other one is.
const LIMITS: &[(u16, u32, u32, ErrorCode)] = &[
    (setting::ENABLE_PUSH, 0, 1, ErrorCode::PROTOCOL_ERROR),
    (setting::INITIAL_WINDOW_SIZE, 0, 0x7fff_ffff, ErrorCode::FLOW_CONTROL_ERROR),
    (setting::MAX_FRAME_SIZE, 0x4000, 0x00ff_ffff, ErrorCode::PROTOCOL_ERROR),
];
