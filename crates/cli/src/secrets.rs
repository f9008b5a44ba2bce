//! What must not be seen of what the user gave us: it is blotted out of every report and of every line.

use upspec_report::Secrets;

use crate::args::Wants;
use crate::console;

/// The secrets of a run against these URLs; the console keeps them, too.
pub(crate) fn of<'u>(
    marked: &[String],
    wants: Option<&Wants>,
    urls: impl IntoIterator<Item = &'u str>,
) -> Secrets {
    let fields = wants.iter().flat_map(|wants| {
        let offered =
            wants.subprotocol.iter().map(|name| ("Sec-WebSocket-Protocol", name.as_str()));
        wants.header.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(offered)
    });
    of_fields(marked, fields, urls)
}

/// The same where these fields are sent.
pub(crate) fn of_fields<'u, 'f>(
    marked: &[String],
    fields: impl IntoIterator<Item = (&'f str, &'f str)>,
    urls: impl IntoIterator<Item = &'u str>,
) -> Secrets {
    let secrets = urls.into_iter().fold(Secrets::new(marked), Secrets::with_url);
    let secrets =
        fields.into_iter().fold(secrets, |secrets, (name, value)| secrets.with_field(name, value));
    console::keep_secret(&secrets);
    secrets
}
