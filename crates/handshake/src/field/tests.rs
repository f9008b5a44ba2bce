//! What holds for every field reader, whatever the octets are: it ends, and it does not panic.
//! No case here looks at a result; the file of each grammar does that.

use super::chunked::ChunkedReader;
use super::extension::Extensions;
use super::host::Host;
use super::key::{Key, accept};
use super::subprotocol::Offers;
use super::target::Target;
use super::{connection, date, deflate, framing, subprotocol, upgrade, version};
use super::{elements, quoted_string, segments};
use proptest::prelude::*;

/// Octets that look like field values more often than chance would have it.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(prop::sample::select(&b",;=\"\\/ \t:@[]%?#*\r\n"[..]), 0..4),
        prop::collection::vec(any::<u8>(), 0..4),
        prop::sample::select(vec![
            "a",
            "permessage-deflate",
            "client_max_window_bits",
            "9",
            "http"
        ])
        .prop_map(|word| word.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_reader_panics(first in value(), second in value()) {
        let values = [first.as_slice(), &second];
        connection::contains_option(values, "upgrade");
        upgrade::protocols(values).for_each(drop);
        version::versions(values).for_each(drop);
        Offers::parse(values).is_well_formed();
        let _ = subprotocol::answer(&first);
        framing::content_length(values);
        framing::transfer_encoding(values);
        let _ = Key::parse(&first);
        accept(&first);
        let _ = Host::parse(&first).map(|host| host.port_number());
        let _ = Target::parse(&first);
        date::is_imf_fixdate(&first);
        ChunkedReader::default().read(&first);
        quoted_string(&first);
    }

    #[test]
    fn places_point_at_what_they_name(value in value()) {
        for element in elements(&value).chain(segments(&value)) {
            prop_assert_eq!(&value[element.at..][..element.bytes.len()], element.bytes);
        }
        let extensions = Extensions::parse(&value);
        for extension in &extensions.list {
            prop_assert!(value[extension.at.clone()].starts_with(extension.name));
            let _ = deflate::Offer::parse(extension);
            let _ = deflate::Answer::parse(extension);
        }
        for violation in &extensions.violations {
            prop_assert!(value.get(violation.at.clone()).is_some());
        }
        for note in &extensions.notes {
            prop_assert!(value.get(note.at.clone()).is_some());
        }
    }
}
