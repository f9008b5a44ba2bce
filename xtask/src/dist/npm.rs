//! The package for npm: the binaries, and a line of shell that starts the right one in its own place, so that signals
//! and exit codes are those of the binary.

use std::process::Command;

use serde_json::json;

use super::{Built, Release, SUMMARY, Step, VERSION, copy, remove, run_tool, write};

/// Makes it, for the targets that were built.
pub(super) fn make(release: &Release, builds: &[Built]) -> Step {
    let folder = release.out.join("npm");
    for built in builds {
        copy(&built.binary, &folder.join(format!("bin/upspec-{}", built.processor())))?;
    }
    if let Some(built) = builds.first() {
        release.licences(built, &folder)?;
    }
    copy(&release.root.join("README.md"), &folder.join("README.md"))?;
    let processors: Vec<&str> = builds.iter().map(|built| node_name(built.processor())).collect();
    let package = json!({
        "name": "upspec",
        "version": VERSION,
        "description": SUMMARY,
        "license": env!("CARGO_PKG_LICENSE"),
        "bin": { "upspec": "bin/upspec" },
        "files": ["bin", "THIRD-PARTY.txt"],
        "os": ["linux"],
        "cpu": processors,
    });
    write(&folder.join("package.json"), &format!("{package:#}\n"))?;
    write(&folder.join("bin/upspec"), LAUNCHER)?;
    let mut chmod = Command::new("chmod");
    run_tool(chmod.arg("755").arg(folder.join("bin/upspec")), "chmod")?;
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", "--pack-destination", "..", "."]);
    run_tool(npm.current_dir(&folder), "npm")?;
    remove(&folder)
}

/// What Node calls a processor.
fn node_name(processor: &str) -> &str {
    match processor {
        "aarch64" => "arm64",
        "x86_64" => "x64",
        other => other,
    }
}

const LAUNCHER: &str = "#!/bin/sh
exec \"$(dirname \"$(readlink -f \"$0\")\")/upspec-$(uname -m)\" \"$@\"
";
