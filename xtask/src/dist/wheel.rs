//! The wheel for PyPI: the binary as a script of a package without Python code.

use std::process::Command;

use super::{Built, Release, SUMMARY, Step, VERSION, copy, remove, run_tool, write};

/// Makes it for one target.
pub(super) fn make(release: &Release, built: &Built) -> Step {
    let folder = release.out.join("wheel");
    let info = folder.join(format!("upspec-{VERSION}.dist-info"));
    copy(&built.binary, &folder.join(format!("upspec-{VERSION}.data/scripts/upspec")))?;
    release.licences(built, &info.join("licenses"))?;
    let readme = std::fs::read_to_string(release.root.join("README.md")).unwrap_or_default();
    let licence = env!("CARGO_PKG_LICENSE");
    let head = format!(
        "Metadata-Version: 2.4\nName: upspec\nVersion: {VERSION}\nSummary: {SUMMARY}\nLicense-Expression: {licence}\n\
         License-File: LICENSE-APACHE\nLicense-File: LICENSE-MIT\nLicense-File: THIRD-PARTY.txt\n\
         Requires-Python: >=3.7\nDescription-Content-Type: text/markdown\n"
    );
    write(&info.join("METADATA"), &format!("{head}\n{readme}"))?;
    let tags: String = PLATFORMS
        .iter()
        .map(|platform| format!("Tag: py3-none-{platform}_{}\n", built.processor()))
        .collect();
    let wheel = format!("Wheel-Version: 1.0\nGenerator: xtask\nRoot-Is-Purelib: false\n{tags}");
    write(&info.join("WHEEL"), &wheel)?;
    let mut pack = Command::new("wheel");
    pack.args(["pack", "--dest-dir", ".", "wheel"]);
    run_tool(pack.current_dir(&release.out), "pip install wheel")?;
    remove(&folder)
}

/// A static binary runs on each of them.
const PLATFORMS: [&str; 2] = ["manylinux_2_17", "musllinux_1_1"];
