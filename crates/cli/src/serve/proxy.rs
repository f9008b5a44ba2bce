//! `upspec serve --proxy`: the reference proxy in front of an origin, correct or with one fault.

use std::net::SocketAddr;
use std::sync::Arc;

use upspec_reference::{Proxy, ProxyConfig, ProxyFault};

use crate::args::serve::{ServeArgs, Vary};
use crate::console;
use crate::exit::{Exit, Trouble};
use crate::signals::{self, Orderly};

/// Serves until it is interrupted.
pub(super) fn serve(args: &ServeArgs, origin: SocketAddr) -> Result<Exit, Trouble> {
    if args.list_faults {
        let lines = ProxyFault::all()
            .map(|fault| format!("{}  {}  {}\n", fault.name, fault.breaks, fault.summary));
        console::say(&lines.collect::<String>());
        return Ok(Exit::Conforming);
    }
    let config = config(args, origin)?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let scheme = if args.tls { "wss" } else { "ws" };
        let proxy = Proxy::bind(config).await.map_err(|error| {
            Trouble::usage(format!("cannot listen on {}: {error}", args.listen))
        })?;
        console::say(&format!("{scheme}://{}/\n", proxy.local_addr()));
        let _orderly = Orderly::begin();
        tokio::select! {
            () = proxy.serve() => {}
            () = signals::told() => {}
        }
        Ok(Exit::Conforming)
    })
}

fn config(args: &ServeArgs, origin: SocketAddr) -> Result<ProxyConfig, Trouble> {
    let fault = args.fault.as_deref().map(fault).transpose()?;
    let variation = match args.vary[..] {
        [] => None,
        [Vary::Proxy(variation)] => Some(variation),
        [Vary::Server(_), ..] => {
            return Err(Trouble::usage(super::misplaced(args.vary[0], "is one of the server")));
        }
        _ => return Err(Trouble::usage("a proxy has one variation at a time")),
    };
    let identity = match args.tls {
        true => Some(Arc::new(super::identity(args)?)),
        false => None,
    };
    let config = ProxyConfig::new(args.listen, origin);
    Ok(ProxyConfig { identity, fault, variation, patience: args.timeout, ..config })
}

/// The fault of this name.
pub(crate) fn fault(name: &str) -> Result<&'static ProxyFault, Trouble> {
    ProxyFault::named(name).ok_or_else(|| {
        let message = format!("the proxy has no fault `{name}`");
        let names = ProxyFault::all().map(|fault| fault.name);
        Trouble::unknown(&message, name, names, "`upspec serve --proxy --list-faults` shows all")
    })
}
