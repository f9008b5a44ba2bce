//! `upspec serve`: the reference server, right or with one fault.

use upspec_reference::{Config, FAULTS, Fault, Server};

use crate::args::ServeArgs;
use crate::console;
use crate::exit::{Exit, Trouble};

/// Serves until it is interrupted.
pub(crate) fn serve(args: &ServeArgs) -> Result<Exit, Trouble> {
    if args.list_faults {
        let lines = FAULTS
            .iter()
            .map(|fault| format!("{}  {}  {}\n", fault.name, fault.requirement, fault.summary));
        console::say(&lines.collect::<String>());
        return Ok(Exit::Conforming);
    }
    let mut config = match &args.fault {
        None => Config::default(),
        Some(name) => Config::with_fault(Fault::named(name).ok_or_else(|| {
            Trouble::usage(format!(
                "no fault is called `{name}`; --list-faults shows all"
            ))
        })?),
    };
    config.origins.clone_from(&args.origin);
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let path = config.path.clone();
        let server = Server::bind(args.listen, config).await.map_err(|error| {
            Trouble::usage(format!("cannot listen on {}: {error}", args.listen))
        })?;
        console::say(&format!("ws://{}{path}\n", server.addr()));
        let interrupted = async {
            let _ = tokio::signal::ctrl_c().await;
        };
        server.run(interrupted).await;
        Ok(Exit::Conforming)
    })
}
