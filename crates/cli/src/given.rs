//! What was said of a target, as options by their long names: for `upspec.toml`, and to say a command again.

use std::path::PathBuf;

use crate::args::{ServerArgs, TrustArgs, Wants};

/// An option by its long name; a flag has no values.
pub(crate) struct Given {
    pub(crate) long: &'static str,
    pub(crate) values: Vec<String>,
    pub(crate) is_list: bool,
}

impl Given {
    pub(crate) fn one(long: &'static str, value: impl Into<String>) -> Self {
        Self { long, values: vec![value.into()], is_list: false }
    }

    pub(crate) fn list(long: &'static str, values: Vec<String>) -> Option<Self> {
        (!values.is_empty()).then_some(Self { long, values, is_list: true })
    }

    pub(crate) fn flag(long: &'static str, set: bool) -> Option<Self> {
        set.then(|| Self { long, values: Vec::new(), is_list: false })
    }
}

/// How a target is reached and started, and what it requires.
pub(crate) fn options(
    wants: &Wants,
    secret_header: &[String],
    trust: &TrustArgs,
    server: &ServerArgs,
) -> Vec<Given> {
    let one = |long, value: Option<String>| value.map(|value| Given::one(long, value));
    let headers = wants.header.iter().map(|(name, value)| format!("{name}: {value}"));
    let patience = server.server_cmd.as_ref().map(|_| millis(server.ready_timeout));
    let given = [
        Given::list("header", headers.collect()),
        Given::list("secret-header", secret_header.to_vec()),
        one("origin", wants.origin.clone()),
        Given::list("subprotocol", wants.subprotocol.clone()),
        Given::flag("require-subprotocol", wants.require_subprotocol),
    ];
    let started = [
        one("server-cmd", server.server_cmd.clone()),
        one("ready", server.ready.clone()),
        one("ready-port", server.ready_port.map(|port| port.to_string())),
        one("ready-timeout", patience),
    ];
    given.into_iter().chain(reached(trust)).chain(started).flatten().collect()
}

/// How a peer is connected to, and whom TLS trusts.
pub(crate) fn reached(trust: &TrustArgs) -> [Option<Given>; 9] {
    let one = |long, value: Option<String>| value.map(|value| Given::one(long, value));
    let file = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    [
        one("connect-to", trust.connect_to.clone()),
        one("server-name", trust.server_name.clone()),
        Given::flag("ipv4", trust.ipv4),
        Given::flag("ipv6", trust.ipv6),
        Given::list("from", trust.from.iter().map(ToString::to_string).collect()),
        one("ca", file(&trust.ca)),
        Given::flag("insecure", trust.insecure),
        one("client-cert", file(&trust.client_cert)),
        one("client-key", file(&trust.client_key)),
    ]
}

/// A time as an option has it.
pub(crate) fn millis(time: std::time::Duration) -> String {
    format!("{}ms", time.as_millis())
}

/// The variable of the environment that holds a secret of this name.
pub(crate) fn variable(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("UPSPEC_{}", name.chars().map(plain).collect::<String>())
}
