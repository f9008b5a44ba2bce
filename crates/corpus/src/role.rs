//! Who is under test, and what follows from that for its cases.

use serde::{Deserialize, Serialize};

use crate::case::{Grade, LinkName};

/// Who is under test.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A client: we are the server.
    Client,
    /// A proxy or gateway: we are both ends.
    Intermediary,
    /// A server: we are the client.
    #[default]
    Server,
}

impl Role {
    /// Whether it is a server.
    #[must_use]
    pub fn is_server(&self) -> bool {
        *self == Self::Server
    }

    /// What an answer is worth that no alternative names. Presets for servers spell out every class of
    /// answer, so that any other fails; in the other roles each fail is written out.
    #[must_use]
    pub fn unnamed(self) -> Grade {
        match self {
            Self::Server => Grade::Fail,
            Self::Client | Self::Intermediary => Grade::Inconclusive,
        }
    }

    /// The connections that a case may have, by the end that we are.
    #[must_use]
    pub fn links(self) -> &'static [LinkName] {
        match self {
            Self::Client => &[LinkName::Origin],
            Self::Intermediary => &[LinkName::Client, LinkName::Client2, LinkName::Origin],
            Self::Server => &[LinkName::Client],
        }
    }
}
