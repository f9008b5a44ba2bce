//! `upspec connect`: the reference client, correct or with one fault. Prints what happens as lines of JSON.

use upspec_reference::{ClientConfig, ClientEnd, ClientFault, ClientReport, connect as open};

use crate::args::connect::ConnectArgs;
use crate::console;
use crate::exit::{Exit, Trouble};

/// Connects, and stays until the connection has ended.
pub(crate) fn connect(args: &ConnectArgs) -> Result<Exit, Trouble> {
    if args.list_faults {
        let lines = ClientFault::all()
            .map(|fault| format!("{}  {}  {}\n", fault.name, fault.breaks, fault.summary));
        console::say(&lines.collect::<String>());
        return Ok(Exit::Conforming);
    }
    let config = config(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    let mut tell = |report: ClientReport| console::say(&format!("{}\n", report.to_json_line()));
    match runtime.block_on(open(&config, &mut tell)) {
        ClientEnd::Ok => Ok(Exit::Conforming),
        ClientEnd::Failed(_) => Ok(Exit::Unreachable),
        // A fault that kills the client: the exit code is that of a panic.
        ClientEnd::Died => std::process::exit(DIED),
    }
}

fn config(args: &ConnectArgs) -> Result<ClientConfig, Trouble> {
    let fault = match &args.fault {
        None => None,
        Some(name) => Some(ClientFault::named(name).ok_or_else(|| {
            let message = format!("there is no fault `{name}`");
            let names = ClientFault::all().map(|fault| fault.name);
            Trouble::unknown(&message, name, names, "--list-faults shows all")
        })?),
    };
    let config = ClientConfig::for_url(args.url.clone().unwrap_or_default());
    let subprotocols = match args.subprotocol.is_empty() {
        true => config.subprotocols.clone(),
        false => args.subprotocol.clone(),
    };
    Ok(ClientConfig {
        subprotocols,
        deflate: !args.no_deflate,
        ca: args.ca.clone(),
        text: Some(args.text.clone()),
        fault,
        variation: args.vary,
        patience: args.timeout,
        end_wait: args.end_wait,
        ..config
    })
}

/// The exit code of a process of Rust that has panicked.
const DIED: i32 = 101;
