//! What is searched: the commands of a list, or the commits of a range.

use upspec_report::visible;

use super::build;
use super::tree::{Commit, Tree, quoted};
use crate::args::bisect::BisectArgs;
use crate::exit::Trouble;

/// One server of the search.
pub(super) struct Candidate {
    /// What it is called in a line.
    pub(super) name: String,
    /// What is said of it when it is what was looked for; ends with a line feed, or is empty.
    pub(super) details: String,
    kind: Kind,
}

enum Kind {
    Command(String),
    Commit(String),
}

/// All servers of the search, from old to new, at least two.
pub(super) struct Candidates<'a> {
    pub(super) all: Vec<Candidate>,
    /// Where commits are built.
    tree: Option<Tree>,
    args: &'a BisectArgs,
}

impl<'a> Candidates<'a> {
    /// Finds them.
    pub(super) fn of(args: &'a BisectArgs) -> Result<Self, Trouble> {
        let Some(range) = &args.range else {
            if args.candidate.len() < 2 {
                return Err(Trouble::usage("a search needs two --candidate commands, or --range"));
            }
            let all = args.candidate.iter().map(|command| Candidate {
                name: format!("`{command}`"),
                details: String::new(),
                kind: Kind::Command(command.clone()),
            });
            return Ok(Self { all: all.collect(), tree: None, args });
        };
        if args.server.server_cmd.is_none() {
            return Err(Trouble::usage("--range needs --server-cmd, which starts what was built"));
        }
        let (commits, tree) = Tree::of(&args.repo, range)?;
        let all = commits.into_iter().map(|Commit { id, short, subject, author, date }| {
            let [subject, author] = [&subject, &author].map(|text| visible::text(text));
            Candidate {
                name: format!("{short} {subject}"),
                details: format!("commit {id}\nauthor {author}\ndate   {date}\n"),
                kind: Kind::Commit(id),
            }
        });
        Ok(Self { all: all.collect(), tree: Some(tree), args })
    }

    /// Builds a candidate: the command that starts it, or why there is none.
    pub(super) async fn prepare(&self, candidate: &Candidate) -> Result<String, String> {
        let (id, tree) = match (&candidate.kind, &self.tree) {
            (Kind::Command(command), _) => return Ok(command.clone()),
            (Kind::Commit(id), Some(tree)) => (id, tree),
            (Kind::Commit(_), None) => return Err("there is no work tree".to_owned()),
        };
        tree.check_out(id)?;
        if let Some(command) = &self.args.build {
            build::build(command, tree.path(), self.args.build_timeout).await?;
        }
        let command = self.args.server.server_cmd.as_deref().unwrap_or_default();
        Ok(format!("cd {} || exit\n{command}", quoted(tree.path())))
    }
}
