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
    let mut secrets = urls.into_iter().fold(Secrets::new(marked), Secrets::with_url);
    if let Some(wants) = wants {
        let fields = wants.header.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let offered =
            wants.subprotocol.iter().map(|name| ("Sec-WebSocket-Protocol", name.as_str()));
        for (name, value) in fields.chain(offered) {
            secrets = secrets.with_field(name, value);
        }
    }
    console::keep_secret(&secrets);
    secrets
}
