//! `upspec.toml` and the environment: where an option comes from that the command line does not give. The
//! command line comes first, then a variable such as `UPSPEC_JOBS`, then the named target, then the profile, then the
//! command's table.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command, CommandFactory as _, Parser as _};
use toml::{Table, Value};
use upspec_corpus::nearest;
use upspec_corpus::text::toml_error;

use crate::args::Cli;
use crate::console;
use crate::exit::Trouble;
use crate::outputs::text_of;

/// Reads the command line, with what `upspec.toml` and the environment add to it: one for each target that is
/// meant. What clap has to say ends the process.
pub(crate) fn parse() -> Result<Vec<Cli>, Trouble> {
    let mut given: Vec<OsString> = std::env::args_os().collect();
    // Of help there is no further help.
    if given.get(1).is_some_and(|word| word == "help") {
        given.retain(|word| word != "--help" && word != "-h");
    }
    let all = match added(&given)? {
        Some(added) => added,
        None => vec![Added { arguments: given, from: Vec::new() }],
    };
    all.into_iter().map(read).collect()
}

fn read(added: Added) -> Result<Cli, Trouble> {
    Cli::try_parse_from(added.arguments).map_err(|error| {
        if error.use_stderr() && !added.from.is_empty() {
            let from: Vec<String> = added.from.iter().map(|one| console::safe(one)).collect();
            console::remark(&format!("not from the command line: {}", from.join(", ")));
        }
        error.exit()
    })
}

/// A command line with more in it.
struct Added {
    arguments: Vec<OsString>,
    /// What was added, each with where it comes from.
    from: Vec<String>,
}

/// Adds what the command line leaves open; nothing where clap has something to say first.
fn added(given: &[OsString]) -> Result<Option<Vec<Added>>, Trouble> {
    let mut cli = Cli::command();
    cli.build();
    let lenient = cli.clone().ignore_errors(true).try_get_matches_from(given);
    let Ok(matches) = lenient else { return Ok(None) };
    let Some((name, own)) = matches.subcommand() else { return Ok(None) };
    let Some(command) = cli.find_subcommand(name).filter(|one| !one.has_subcommands()) else {
        return Ok(None);
    };
    let mut file = File::find(own)?;
    file.check(&cli)?;
    file.choose(own)?;
    file.misspelt(&cli);
    if name == "list" {
        file.tell_selection();
    }
    let targets = match file.targets(own, name)? {
        targets if targets.is_empty() => vec![file.target(own, name)?],
        targets => targets.into_iter().map(Some).collect(),
    };
    let words = Words { given, all: &matches, own, command, name };
    targets.into_iter().map(|target| words.with(&file, target)).collect::<Result<_, _>>().map(Some)
}

/// The words of a command line.
struct Words<'w> {
    given: &'w [OsString],
    all: &'w ArgMatches,
    /// Those of the command.
    own: &'w ArgMatches,
    command: &'w Command,
    /// The command's name.
    name: &'w str,
}

impl Words<'_> {
    /// The command line with what the file and the environment say of a target.
    fn with(&self, file: &File, target: Option<Target>) -> Result<Added, Trouble> {
        let Self { given, all: matches, own, command, name } = self;
        let mut from = Vec::new();
        let mut arguments = Vec::new();
        for option in command.get_arguments() {
            let is_given = |matches: &ArgMatches| {
                matches.try_contains_id(option.get_id().as_str()).is_ok()
                    && matches.value_source(option.get_id().as_str())
                        == Some(ValueSource::CommandLine)
            };
            let Some(long) = option.get_long().filter(|long| !NOT_SET.contains(long)) else {
                continue;
            };
            if is_given(own) || is_given(matches) {
                continue;
            }
            let is_flag = matches!(option.get_action(), ArgAction::SetTrue);
            let Some((values, place)) = file.values(long, is_flag, name, target.as_ref())? else {
                continue;
            };
            for value in values {
                let argument =
                    if is_flag { format!("--{long}") } else { format!("--{long}={value}") };
                arguments.push(OsString::from(&argument));
                from.push(format!("--{long} ({place})"));
            }
        }
        let at =
            given.iter().position(|argument| argument == *name).map_or(given.len(), |at| at + 1);
        let (start, rest) = given.split_at(at);
        let (mut rest, mut last) = (rest.to_vec(), Vec::new());
        if let Some(target) = &target {
            let named = rest.iter().position(|argument| argument.to_str() == Some(&target.name));
            match named.filter(|_| target.is_named) {
                Some(at) => rest[at] = OsString::from(&target.url),
                // Its first word is a case.
                None if *name == "bisect" => last.push(OsString::from(&target.url)),
                None => arguments.push(OsString::from(&target.url)),
            }
        }
        Ok(Added { arguments: [start, &arguments, &rest, &last].concat(), from })
    }
}

/// A target of the file that is to be used.
struct Target {
    name: String,
    url: String,
    /// The command line has its name in place of a URL.
    is_named: bool,
    options: Table,
}

/// What is in `upspec.toml`.
#[derive(Default)]
struct File {
    path: PathBuf,
    tables: Table,
    /// The profile that is chosen, by its name.
    profile: Option<(String, Table)>,
}

impl File {
    /// Reads the file that `--config` or `UPSPEC_CONFIG` names, or else `upspec.toml` if there is one.
    fn find(matches: &ArgMatches) -> Result<Self, Trouble> {
        let named = matches.try_get_one::<PathBuf>("config").ok().flatten().cloned();
        let named = named.or_else(|| std::env::var_os("UPSPEC_CONFIG").map(PathBuf::from));
        let path = match named {
            Some(path) => path,
            None if Path::new(NAME).is_file() => PathBuf::from(NAME),
            None => return Ok(Self::default()),
        };
        let text = text_of(&path)?;
        let tables = text.parse().map_err(|error: toml::de::Error| {
            Trouble::usage(format!("{}: {}", path.display(), toml_error(&error, &text)))
        })?;
        Ok(Self { path, tables, profile: None })
    }

    /// Refuses what nobody reads: a typing error would otherwise pass in silence.
    fn check(&self, cli: &Command) -> Result<(), Trouble> {
        if self.tables.contains_key("known") {
            return Err(self.trouble("this is a baseline; give it another name, and --baseline"));
        }
        for (table, content) in &self.tables {
            let Value::Table(content) = content else {
                return Err(self.trouble(&format!("`{table}` is no table")));
            };
            if table == TARGET {
                for (name, options) in content {
                    let Value::Table(options) = options else {
                        return Err(self.trouble(&format!("`{TARGET}.{name}` is no table")));
                    };
                    self.check_table(
                        &format!("{TARGET}.{name}"),
                        options,
                        &PLAYS.map(|command| known(cli, command)).concat(),
                    )?;
                }
                continue;
            }
            if table == PROFILE {
                for (name, options) in content {
                    let Value::Table(options) = options else {
                        return Err(self.trouble(&format!("`{PROFILE}.{name}` is no table")));
                    };
                    self.check_table(&format!("{PROFILE}.{name}"), options, &of_profiles(cli))?;
                }
                continue;
            }
            if cli.find_subcommand(table).is_none_or(Command::has_subcommands) {
                let names = cli.get_subcommands().map(Command::get_name).chain([TARGET, PROFILE]);
                let names: Vec<&str> = names.collect();
                return Err(Trouble::unknown(
                    &format!("{}: there is no table `[{table}]`", self.path.display()),
                    table,
                    names,
                    "its tables are [target.NAME], [profile.NAME] and those of commands, such as [run]",
                ));
            }
            self.check_table(table, content, &known(cli, table))?;
        }
        Ok(())
    }

    /// Says of each variable that is nearly one of ours which one was probably meant. Others may be anybody's.
    fn misspelt(&self, cli: &Command) {
        let commands = cli.get_subcommands();
        let options = commands.flat_map(Command::get_arguments).filter_map(|one| one.get_long());
        let known: Vec<String> = options.chain(VARIABLES).map(variable).collect();
        let taken = self.tables.to_string();
        for (name, _) in std::env::vars_os() {
            let Some(word) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
                continue;
            };
            let name = format!("{PREFIX}{word}");
            if known.contains(&name) || taken.contains(&format!("${{{name}}}")) {
                continue;
            }
            let known = known.iter().filter_map(|known| known.strip_prefix(PREFIX));
            if let Some(near) = nearest(word, known) {
                console::remark(&format!(
                    "the variable {name} is of no option and changes nothing; did you mean {PREFIX}{near}?"
                ));
            }
        }
    }

    /// Says which selection of a run a list does not follow.
    fn tell_selection(&self) {
        let targets = self.tables.get(TARGET).and_then(Value::as_table);
        let targets =
            targets.into_iter().flatten().map(|(name, table)| (format!("{TARGET}.{name}"), table));
        let run = self.tables.get("run").map(|table| ("run".to_owned(), table));
        for (name, table) in run.into_iter().chain(targets) {
            let selects = |key: &&String| SELECTING.contains(&key.as_str());
            let keys: Vec<&str> = table
                .as_table()
                .into_iter()
                .flat_map(Table::keys)
                .filter(selects)
                .map(String::as_str)
                .collect();
            if !keys.is_empty() {
                console::remark(&format!(
                    "`upspec run` also selects by `{}` of [{name}] in {}, and a list does not",
                    keys.join("`, `"),
                    self.path.display(),
                ));
            }
        }
    }

    /// Takes the profile that `--profile` or `UPSPEC_PROFILE` names.
    fn choose(&mut self, matches: &ArgMatches) -> Result<(), Trouble> {
        let named = matches.try_get_one::<String>("profile").ok().flatten().cloned();
        let named = named.or_else(|| std::env::var("UPSPEC_PROFILE").ok());
        let Some(name) = named.filter(|name| !name.is_empty()) else { return Ok(()) };
        let none = Table::new();
        let known = self.tables.get(PROFILE).and_then(Value::as_table).unwrap_or(&none);
        let Some(options) = known.get(&name).and_then(Value::as_table) else {
            let message = format!("there is no profile `{name}` in {}", self.named_path());
            let names = known.keys().map(String::as_str);
            return Err(Trouble::unknown(&message, &name, names, "write a table [profile.NAME]"));
        };
        self.profile = Some((name, options.clone()));
        Ok(())
    }

    /// Where the file is, or would be.
    fn named_path(&self) -> String {
        let path = if self.path.as_os_str().is_empty() { Path::new(NAME) } else { &self.path };
        path.display().to_string()
    }

    fn check_table(&self, table: &str, content: &Table, known: &[String]) -> Result<(), Trouble> {
        if let Some(key) = content.keys().find(|key| !known.contains(key)) {
            return Err(Trouble::unknown(
                &format!("{}: [{table}] has no option `{key}`", self.path.display()),
                key,
                known.iter().map(String::as_str),
                "its keys are the long names of options",
            ));
        }
        Ok(())
    }

    /// The targets that `--target` and `--all-targets` name.
    fn targets(&self, own: &ArgMatches, command: &str) -> Result<Vec<Target>, Trouble> {
        if command != "run" {
            return Ok(Vec::new());
        }
        let none = Table::new();
        let known = self.tables.get(TARGET).and_then(Value::as_table).unwrap_or(&none);
        let named = own.try_get_many::<String>("target").ok().flatten().into_iter().flatten();
        let named: Vec<&String> = match own.try_get_one::<bool>("all_targets") {
            Ok(Some(true)) if known.is_empty() => {
                return Err(Trouble::usage(format!("{NAME} has no targets for --all-targets")));
            }
            Ok(Some(true)) => known.keys().collect(),
            _ => named.collect(),
        };
        if !named.is_empty() && own.try_get_one::<String>("url").ok().flatten().is_some() {
            return Err(Trouble::usage("a URL and --target are two ways to say one thing"));
        }
        named.into_iter().map(|name| self.named(known, name, false)).collect()
    }

    /// The target with this name.
    fn named(&self, known: &Table, name: &str, is_named: bool) -> Result<Target, Trouble> {
        let Some(options) = known.get(name) else {
            let message = format!("there is no target `{name}` in {}", self.named_path());
            let names = known.keys().map(String::as_str);
            return Err(Trouble::unknown(&message, name, names, "or give a URL"));
        };
        let options = options.as_table().cloned().unwrap_or_default();
        let Some(address) = options.get(URL).and_then(Value::as_str) else {
            return Err(self.trouble(&format!("[{TARGET}.{name}] has no `{URL}`")));
        };
        let url = self.filled_in(address)?;
        Ok(Target { name: name.to_owned(), url, is_named, options })
    }

    /// The target that the command line names, or the only one there is where it gives no URL.
    fn target(&self, own: &ArgMatches, command: &str) -> Result<Option<Target>, Trouble> {
        let Ok(url) = own.try_get_one::<String>("url") else { return Ok(None) };
        if !PLAYS.contains(&command) {
            return Ok(None);
        }
        let none = Table::new();
        let targets = self.tables.get(TARGET).and_then(Value::as_table).unwrap_or(&none);
        let name = match url {
            Some(url) if url.contains("://") => return Ok(None),
            Some(_) if targets.is_empty() => return Ok(None),
            Some(name) => name,
            None if targets.len() > 1 => {
                let names: Vec<&str> = targets.keys().map(String::as_str).collect();
                let names = names.join(", ");
                return Err(self.trouble(&format!(
                    "which target? There are {names}; --all-targets takes them all"
                )));
            }
            None => match targets.keys().next() {
                Some(only) => only,
                None => return Ok(None),
            },
        };
        self.named(targets, name, url.is_some()).map(Some)
    }

    /// The values of an option and where they come from.
    fn values(
        &self,
        long: &str,
        is_flag: bool,
        command: &str,
        target: Option<&Target>,
    ) -> Result<Option<(Vec<String>, String)>, Trouble> {
        let variable = variable(long);
        if let Ok(text) = std::env::var(&variable) {
            let off = is_flag && ["", "0", "false", "no"].contains(&text.as_str());
            let values = if off { Vec::new() } else { text.lines().map(str::to_owned).collect() };
            return Ok(Some((values, variable)));
        }
        let table = |name: &str| self.tables.get(name).and_then(Value::as_table);
        // A watch is a run that comes again.
        let of_run = (command == "watch").then(|| table("run")).flatten();
        let shown = self.path.display();
        let layers = [
            (
                target.map(|target| &target.options),
                target.map(|target| format!("{TARGET}.{}", target.name)),
            ),
            (
                self.profile.as_ref().map(|(_, options)| options),
                self.profile.as_ref().map(|(name, _)| format!("{PROFILE}.{name}")),
            ),
            (table(command), Some(command.to_owned())),
            (of_run, Some("run".to_owned())),
        ];
        for (table, name) in layers {
            let Some(value) = table.and_then(|table| table.get(long)) else { continue };
            let place = format!("[{}] of {shown}", name.unwrap_or_default());
            return Ok(Some((self.spelled(long, value)?, place)));
        }
        // A target is called by the name that it has in the file.
        let name = target.filter(|_| long == "name").map(|target| vec![target.name.clone()]);
        Ok(name.map(|name| (name, shown.to_string())))
    }

    /// A value as the command line would have it.
    fn spelled(&self, key: &str, value: &Value) -> Result<Vec<String>, Trouble> {
        Ok(match value {
            Value::String(text) => vec![self.filled_in(text)?],
            Value::Integer(number) => vec![number.to_string()],
            Value::Boolean(true) => vec!["true".to_owned()],
            Value::Boolean(false) => Vec::new(),
            Value::Array(values) => {
                let values = values.iter().map(|value| self.spelled(key, value));
                values.collect::<Result<Vec<_>, _>>()?.concat()
            }
            _ => return Err(self.trouble(&format!("`{key}` is a text, a number, true, or a list"))),
        })
    }

    /// Puts variables of the environment in the place of `${NAME}`, so that the file holds no secret.
    fn filled_in(&self, text: &str) -> Result<String, Trouble> {
        let mut parts = text.split("${");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let Some((name, rest)) = part.split_once('}') else {
                return Err(self.trouble(&format!("`{text}` has a `${{` without its `}}`")));
            };
            let value = std::env::var(name).map_err(|_| {
                self.trouble(&format!("the variable {name} of `{text}` is not set"))
            })?;
            filled.push_str(&value);
            filled.push_str(rest);
        }
        Ok(filled)
    }

    fn trouble(&self, message: &str) -> Trouble {
        Trouble::usage(format!("{}: {message}", self.path.display()))
    }
}

/// The long names of a command's options that a file can set.
fn known(cli: &Command, command: &str) -> Vec<String> {
    let arguments = cli.find_subcommand(command).into_iter().flat_map(Command::get_arguments);
    let longs = arguments.filter_map(|one| one.get_long()).filter(|long| !NOT_SET.contains(long));
    let names: BTreeMap<&str, ()> = longs.chain([URL]).map(|long| (long, ())).collect();
    names.into_keys().map(str::to_owned).collect()
}

/// The long names of the options that a profile can set: those of all commands.
fn of_profiles(cli: &Command) -> Vec<String> {
    let commands = cli.get_subcommands().map(Command::get_name);
    let mut names: Vec<String> = commands.flat_map(|command| known(cli, command)).collect();
    names.retain(|name| name != URL);
    names.sort();
    names.dedup();
    names
}

/// The variable of an option.
fn variable(long: &str) -> String {
    format!("{PREFIX}{}", long.to_ascii_uppercase().replace('-', "_"))
}

/// What the variables of options begin with.
const PREFIX: &str = "UPSPEC_";
/// The variables that are of no option, and what the scripts and tests of this repository read.
const VARIABLES: [&str; 8] =
    ["client", "complete", "git", "log", "port", "samples", "server", "update"];
/// The options that select cases.
const SELECTING: [&str; 9] =
    ["cases", "harm", "hazardous", "level", "only", "partition", "sample", "skip", "tag"];
/// The file that is read where it lies.
const NAME: &str = "upspec.toml";
/// The table of targets.
const TARGET: &str = "target";
/// The table of profiles.
const PROFILE: &str = "profile";
/// The commands that take a target of the file.
const PLAYS: [&str; 4] = ["bisect", "fuzz", "run", "watch"];
/// The key of a target's address.
const URL: &str = "url";
/// What only the command line says.
const NOT_SET: [&str; 7] =
    ["all-targets", "config", "help", "profile", "target", "verbose", "version"];
