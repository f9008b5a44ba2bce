//! `upspec serve`: the reference server or the reference proxy, correct or with one fault.

mod proxy;

pub(crate) use proxy::fault;

use upspec_reference::{Config, Fault, Identity, Server};

use crate::args::serve::{ServeArgs, Vary};
use crate::console;
use crate::exit::{Exit, Trouble};
use crate::signals::{self, Orderly};

/// Serves until it is interrupted.
pub(crate) fn serve(args: &ServeArgs) -> Result<Exit, Trouble> {
    if let Some(origin) = args.proxy {
        return proxy::serve(args, origin);
    }
    if args.list_faults {
        let lines = Fault::all()
            .map(|fault| format!("{}  {}  {}\n", fault.name, fault.breaks, fault.summary));
        console::say(&lines.collect::<String>());
        return Ok(Exit::Conforming);
    }
    let config = config(args)?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let (scheme, path) = (if args.tls { "wss" } else { "ws" }, config.path.clone());
        let server = bind(args, config).await?;
        console::say(&format!("{scheme}://{}{path}\n", server.addr()));
        let _orderly = Orderly::begin();
        server.run(signals::told()).await;
        Ok(Exit::Conforming)
    })
}

fn config(args: &ServeArgs) -> Result<Config, Trouble> {
    let mut config = match &args.fault {
        None => Config::default(),
        Some(name) => Config::with_fault(Fault::named(name).ok_or_else(|| {
            let message = format!("there is no fault `{name}`");
            let names = Fault::all().map(|fault| fault.name);
            Trouble::unknown(&message, name, names, "--list-faults shows all")
        })?),
    };
    config.origins.clone_from(&args.origin);
    for vary in &args.vary {
        match vary {
            Vary::Server(variation) => config.variations.push(*variation),
            Vary::Proxy(_) => return Err(Trouble::usage(misplaced(*vary, "needs --proxy"))),
        }
    }
    Ok(config)
}

async fn bind(args: &ServeArgs, config: Config) -> Result<Server, Trouble> {
    let failed = |error| Trouble::usage(format!("cannot listen on {}: {error}", args.listen));
    if !args.tls {
        return Server::bind(args.listen, config).await.map_err(failed);
    }
    Server::bind_tls(args.listen, config, &identity(args)?).await.map_err(failed)
}

/// A certificate for this run, written where the arguments want it.
fn identity(args: &ServeArgs) -> Result<Identity, Trouble> {
    let identity = Identity::fresh()
        .map_err(|error| Trouble::usage(format!("cannot make a certificate: {error}")))?;
    if let Some(path) = &args.ca_out {
        std::fs::write(path, identity.certificate())
            .map_err(|error| Trouble::usage(format!("cannot write {}: {error}", path.display())))?;
    }
    Ok(identity)
}

fn misplaced(vary: Vary, what: &str) -> String {
    format!("the variation `{}` {what}", vary.name())
}
