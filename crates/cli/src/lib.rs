//! The `upspec` command: parses arguments, calls the crates, ends with an exit code. What it shares with the
//! workspace's own tasks is public: its command line, which faults of the reference server, client and proxy each case
//! catches, and the reference client as a client under test.

use std::process::ExitCode;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

mod again;
mod args;
mod baseline;
mod begun;
mod bisect;
mod caught;
mod chase;
mod client;
mod complete;
mod config;
mod connect;
mod console;
mod descriptors;
mod diff;
mod embedded;
mod exit;
mod explain;
mod files;
mod flaws;
mod fuzz;
mod fuzz_client;
mod fuzz_proxy;
mod gather;
mod given;
mod init;
mod judge;
mod key_log;
mod limit;
mod list;
mod locate;
mod many;
mod outputs;
mod page;
mod parts;
mod plan;
mod proxy;
mod reach;
mod replay;
mod rounds;
mod run;
mod secrets;
mod selection;
mod serve;
mod signals;
mod sinks;
mod stored;
mod watch;

pub use caught::Caught;
pub use complete::completions;
pub use embedded::Embedded;

use args::{Cli, Command, When};
use exit::{Exit, Trouble};

/// The command line: for whoever writes manual pages and documentation.
#[must_use]
pub fn command() -> clap::Command {
    use clap::CommandFactory as _;
    Cli::command()
}

/// Does what the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    complete::answer();
    signals::listen();
    let mut all = match config::parse() {
        Ok(all) => all,
        Err(trouble) => {
            console::complain(&trouble.message);
            return trouble.exit.into();
        }
    };
    let Some(cli) = all.pop() else { return Exit::Conforming.into() };
    let choice = match cli.color {
        When::Auto => anstream::ColorChoice::Auto,
        When::Always => anstream::ColorChoice::Always,
        When::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(log.with_filter(log_filter())).init();
    let command = cli.command;
    key_log::check(&command);
    let ended = match all.is_empty() {
        true => dispatch(command),
        false => many::run(all.into_iter().map(|cli| cli.command).chain([command])),
    };
    match ended {
        Ok(Exit::Conforming) if console::is_lost() => {
            console::complain("the output could not be written to standard output");
            Exit::Usage.into()
        }
        Ok(exit) => exit.into(),
        Err(trouble) => {
            console::complain(&trouble.message);
            trouble.exit.into()
        }
    }
}

/// What `UPSPEC_LOG` asks for. Without it errors, but for those of the verifier of certificates: the run
/// tells them itself.
fn log_filter() -> Targets {
    let asked = std::env::var("UPSPEC_LOG").ok().and_then(|asked| asked.parse().ok());
    asked.unwrap_or_else(|| {
        Targets::new()
            .with_default(LevelFilter::ERROR)
            .with_target("rustls_platform_verifier", LevelFilter::OFF)
    })
}

fn dispatch(command: Command) -> Result<Exit, Trouble> {
    match command {
        Command::Run(mut args) => {
            args.name_places();
            run::run(&args)
        }
        Command::Client(args) => client::client(&args),
        Command::Proxy(args) => proxy::proxy(&args),
        Command::Init(args) => init::init(&args),
        Command::Diff(args) => diff::diff(&args),
        Command::Chain(args) => stored::chain(&args),
        Command::List(args) => list::list(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Fuzz(args) => fuzz::fuzz(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Connect(args) => connect::connect(&args),
        Command::Report(command) => stored::report(&command),
        Command::Replay(args) => replay::replay(&args),
        Command::Baseline(command) => baseline::baseline(&command),
        Command::Judge(args) => judge::judge(&args),
        Command::Watch(args) => watch::watch(*args),
        Command::Bisect(args) => bisect::bisect(&args),
        Command::Completions { shell } => {
            console::say(&completions(shell).unwrap_or_default());
            Ok(Exit::Conforming)
        }
    }
}
