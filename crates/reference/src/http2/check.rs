//! What the fields of a frame have to be, whatever came before it (RFC 9113 6).
//! Never looks at a stream.

use upspec_handshake::h2::{ErrorCode, Frame, flag, kind, setting};

/// Checks the size of a frame and the stream that it is for.
pub(super) fn frame(frame: &Frame<'_>) -> Result<(), ErrorCode> {
    let is_for_connection = frame.stream == 0;
    let wants = match frame.kind {
        kind::SETTINGS | kind::PING | kind::GOAWAY => Some(true),
        kind::DATA | kind::HEADERS | kind::PRIORITY | kind::RST_STREAM => Some(false),
        // Only servers push.
        kind::PUSH_PROMISE => return Err(ErrorCode::PROTOCOL_ERROR),
        _ => None,
    };
    if wants.is_some_and(|wants| wants != is_for_connection) {
        return Err(ErrorCode::PROTOCOL_ERROR);
    }
    let length = frame.payload.len();
    let fits = match frame.kind {
        kind::SETTINGS if frame.has(flag::ACK) => length == 0,
        kind::SETTINGS => length.is_multiple_of(6),
        kind::PING => length == 8,
        kind::GOAWAY => length >= 8,
        kind::PRIORITY => length == 5,
        kind::RST_STREAM | kind::WINDOW_UPDATE => length == 4,
        _ => true,
    };
    match fits {
        true => Ok(()),
        false => Err(ErrorCode::FRAME_SIZE_ERROR),
    }
}

/// Checks the values of settings (RFC 9113 6.5.2).
pub(super) fn values(settings: &[(u16, u32)]) -> Result<(), ErrorCode> {
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
