//! Errors on our side: the URL, the connection, our TLS, the server command.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::trouble;

/// What kept us from the target. What the target does wrong is not an error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something else listens where the server command should listen.
    #[error("something listens at {target} before `{command}` is started")]
    AlreadyListening {
        /// The target.
        target: String,
        /// The server command.
        command: String,
    },
    /// The PEM file cannot be read, or holds no certificate.
    #[error("cannot read certificates from {}: {why}", file.display())]
    Certificates {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The PEM file holds no private key, or not that of the certificate.
    #[error("cannot use the private key in {}: {why}", file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The TLS handshake failed once the server had asked for a certificate of ours.
    #[error(
        "the TLS handshake with {address} failed: the server wants a certificate of its client; {}",
        trouble::of_tls(source)
    )]
    ClientCertificate {
        /// Where to.
        address: SocketAddr,
        /// How it failed.
        source: io::Error,
    },
    /// The system reports an error other than a refusal.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// Where to.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The name has no address.
    #[error("cannot resolve `{host}`: {why}")]
    Name {
        /// The host.
        host: String,
        /// What the resolver says.
        why: String,
    },
    /// No connection can come from an address that was given.
    #[error("no connection to {address} can come from {from}: {source}")]
    From {
        /// Where to.
        address: SocketAddr,
        /// Where from.
        from: IpAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Nobody listens.
    #[error("the connection to {0} was refused")]
    Refused(SocketAddr),
    /// The server command did not start a server.
    #[error("`{command}` {why}")]
    ServerCommand {
        /// The command.
        command: String,
        /// What became of it.
        why: String,
    },
    /// No connection in time.
    #[error("no connection to {address} within {} ms", after.as_millis())]
    TimedOut {
        /// Where to.
        address: SocketAddr,
        /// How long we waited.
        after: Duration,
    },
    /// The TLS handshake failed.
    #[error("the TLS handshake with {address} failed: {}", trouble::of_tls(source))]
    Tls {
        /// Where to.
        address: SocketAddr,
        /// What went wrong.
        source: io::Error,
    },
    /// The connection is there, and nothing answers the TLS handshake.
    #[error("{address} takes the connection, and the TLS handshake got no answer within {} ms",
        after.as_millis())]
    TlsSilent {
        /// Where to.
        address: SocketAddr,
        /// How long we waited.
        after: Duration,
    },
    /// rustls does not accept our configuration.
    #[error("cannot set up TLS: {0}")]
    TlsSetup(#[from] rustls::Error),
    /// A text is not the URL of a target.
    #[error("`{url}` {why}")]
    Url {
        /// The text.
        url: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Error {
    /// Whether the TLS handshake is what failed.
    pub(crate) fn is_of_tls(&self) -> bool {
        matches!(self, Self::ClientCertificate { .. } | Self::Tls { .. } | Self::TlsSilent { .. })
    }

    /// Whether the server's certificate is what we do not accept.
    pub(crate) fn is_of_certificate(&self) -> bool {
        matches!(self, Self::Tls { source, .. } if trouble::is_of_certificate(source))
    }

    /// Whether this may mean that a target that was reachable has died.
    pub(crate) fn hints_at_death(&self) -> bool {
        matches!(
            self,
            Self::ClientCertificate { .. }
                | Self::Connect { .. }
                | Self::Refused(_)
                | Self::TimedOut { .. }
                | Self::Tls { .. }
                | Self::TlsSilent { .. }
        )
    }
}
