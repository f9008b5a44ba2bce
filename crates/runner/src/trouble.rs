//! What stood in the way of a connection, in words, and the one thing to try next.
//! Says nothing about what came over a connection; that is for `contact`.

use std::io;

use rustls::{AlertDescription, CertificateError, OtherError, PeerIncompatible};

use crate::error::Error;
use crate::target::Target;
use crate::tls::{Oddity, Trust};

/// Why a TLS handshake failed: the certificate's fault, the alert by its name in RFC 8446 section 6, or
/// how the peer broke it.
pub(crate) fn of_tls(error: &io::Error) -> String {
    match tls_error(error) {
        Some(rustls::Error::InvalidCertificate(fault)) => certificate(fault),
        Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
            format!("it {}, for ALPN has no protocol in common with ours", alert(120))
        }
        Some(rustls::Error::AlertReceived(name)) => format!("it {}", alert(u8::from(*name))),
        Some(rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        )) => "it speaks an older TLS than 1.2".to_owned(),
        Some(rustls::Error::InvalidMessage(_)) => "what it sent is not TLS".to_owned(),
        Some(other) => other.to_string(),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "it closed the connection in the midst of it".to_owned()
        }
        None if error.kind() == io::ErrorKind::ConnectionReset => {
            "it reset the connection in the midst of it".to_owned()
        }
        None => error.to_string(),
    }
}

/// An alert by its name and number: `sent the alert unknown_ca (48)`.
pub(crate) fn alert(number: u8) -> String {
    let name = match AlertDescription::from(number) {
        AlertDescription::Unknown(_) => return format!("sent the alert {number}"),
        AlertDescription::UnknownCA => "unknown_ca".to_owned(),
        AlertDescription::UnknownPSKIdentity => "unknown_psk_identity".to_owned(),
        AlertDescription::UnrecognisedName => "unrecognized_name".to_owned(),
        known => snake(&format!("{known:?}")),
    };
    format!("sent the alert {name} ({number})")
}

/// The alert that ended a connection, if one did.
pub(crate) fn alert_of(error: &io::Error) -> Option<u8> {
    match tls_error(error) {
        Some(rustls::Error::AlertReceived(name)) => Some(u8::from(*name)),
        _ => None,
    }
}

/// Whether the peer's certificate is what we do not accept.
pub(crate) fn is_of_certificate(error: &io::Error) -> bool {
    matches!(tls_error(error), Some(rustls::Error::InvalidCertificate(_)))
}

/// What kept us from a connection, and what to try next. `clear` is what the target says in clear text,
/// where TLS is what failed.
pub(crate) fn told(error: &Error, target: &Target, clear: Option<&str>) -> String {
    match (clear, advice(error, target)) {
        (Some(clear), _) => format!("{error}; {clear}"),
        (None, Some(advice)) => format!("{error}; {advice}"),
        (None, None) => error.to_string(),
    }
}

/// The one thing to try next.
fn advice(error: &Error, target: &Target) -> Option<&'static str> {
    Some(match error {
        Error::Refused(_) => "start the server, or give the port that it listens at",
        Error::TimedOut { .. } => "check host and port, and a firewall on the way",
        Error::Name { .. } => "check the host in the URL",
        Error::TlsSilent { .. } => "check the port; --timeout gives a slow server more time",
        Error::ClientCertificate { .. } => NO_CERTIFICATE,
        Error::Tls { source, .. } => of_handshake(source, target),
        _ => return None,
    })
}

fn of_handshake(error: &io::Error, target: &Target) -> &'static str {
    let ours = matches!(target.tls, Some(Trust::CaFile(_)));
    match tls_error(error) {
        Some(rustls::Error::InvalidCertificate(fault)) => match fault {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "renew it, or believe it as it is with --insecure"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "check the clocks, or believe it as it is with --insecure"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "give a name that it is for in the URL, or with --server-name, or believe it as it is with --insecure"
            }
            _ if ours => "give that certificate, or its CA's, with --ca, or try --insecure",
            _ => "give it, or its CA's certificate, with --ca FILE, or try --insecure",
        },
        Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
            "let the server accept http/1.1 by ALPN"
        }
        Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) => NO_CERTIFICATE,
        Some(
            rustls::Error::PeerIncompatible(_)
            | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion),
        ) => "let the server speak TLS 1.2 or 1.3, which upspec speaks",
        Some(rustls::Error::AlertReceived(_)) => "see the server's log for why it refuses",
        _ => "check the port, or try ws:// if it speaks clear text",
    }
}

fn certificate(fault: &CertificateError) -> String {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet".to_owned()
        }
        CertificateError::NotValidForName => {
            "its certificate is not for the host in the URL".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let host = expected.to_str();
            if presented.is_empty() {
                return format!("its certificate names no host, so it is not for {host}");
            }
            let names: Vec<&str> = presented.iter().map(|name| bare_name(name)).collect();
            let names = names.join(", ");
            format!("its certificate is for {}, and not for {host}", names.escape_debug())
        }
        CertificateError::UnknownIssuer => "nobody trusted here issued its certificate".to_owned(),
        CertificateError::Other(OtherError(inner)) => {
            let odd = inner.downcast_ref::<Oddity>().map(ToString::to_string);
            odd.unwrap_or_else(|| format!("its certificate is not accepted: {fault}"))
        }
        _ => format!("its certificate is not accepted: {fault}"),
    }
}

/// The name in `DnsName("a.example")`.
fn bare_name(presented: &str) -> &str {
    let inner = presented.split_once('(').map_or(presented, |(_, inner)| inner);
    inner.trim_end_matches(')').trim_matches('"')
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>())
}

fn snake(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// What to try where the server wants a certificate of ours.
pub(crate) const NO_CERTIFICATE: &str = "show it one that it takes, with --client-cert FILE";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_the_names_of_the_rfc() {
        for (number, name) in [
            (40, "sent the alert handshake_failure (40)"),
            (48, "sent the alert unknown_ca (48)"),
            (112, "sent the alert unrecognized_name (112)"),
            (116, "sent the alert certificate_required (116)"),
            (120, "sent the alert no_application_protocol (120)"),
            (250, "sent the alert 250"),
        ] {
            assert_eq!(alert(number), name);
        }
    }
}
