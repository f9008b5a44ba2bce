//! `upspec serve`: the reference server, correct or with one fault.

use upspec_reference::{Config, Fault, Identity, Server};

use crate::args::ServeArgs;
use crate::console;
use crate::exit::{Exit, Trouble};
use crate::signals::{self, Orderly};

/// Serves until it is interrupted.
pub(crate) fn serve(args: &ServeArgs) -> Result<Exit, Trouble> {
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
    Ok(Config { variations: args.vary.clone(), ..config })
}

async fn bind(args: &ServeArgs, config: Config) -> Result<Server, Trouble> {
    let failed = |error| Trouble::usage(format!("cannot listen on {}: {error}", args.listen));
    if !args.tls {
        return Server::bind(args.listen, config).await.map_err(failed);
    }
    let identity = Identity::fresh()
        .map_err(|error| Trouble::usage(format!("cannot make a certificate: {error}")))?;
    if let Some(path) = &args.ca_out {
        std::fs::write(path, identity.certificate())
            .map_err(|error| Trouble::usage(format!("cannot write {}: {error}", path.display())))?;
    }
    Server::bind_tls(args.listen, config, &identity).await.map_err(failed)
}
