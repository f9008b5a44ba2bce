//! Files that the user wants: whether they can be written is found out before the work, and a file is written
//! beside its place and renamed, so that a full disk or a killed process never costs an older one.

use std::fs::{File, Metadata};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::exit::{Exit, Trouble};

/// A place for a file that was found to be writable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// As the user wrote it.
    path: PathBuf,
}

impl Place {
    /// Finds out whether a file can be written there, and makes the folders on the way. Nothing else is
    /// changed.
    pub(crate) fn find(path: &Path) -> Result<Self, Trouble> {
        let place = Self { path: path.to_owned() };
        place.try_out().map_err(|error| place.trouble(&error))?;
        Ok(place)
    }

    /// As the user wrote it.
    pub(crate) fn shown(&self) -> std::path::Display<'_> {
        self.path.display()
    }

    /// Whether a file is there already.
    pub(crate) fn is_taken(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|there| there.is_file())
    }

    /// A place in the same folder, for a file of another kind: `report.json` becomes `report.WORD.json`.
    pub(crate) fn beside(&self, word: &str) -> Self {
        let mut name = self.path.file_stem().unwrap_or_default().to_owned();
        name.push(".");
        name.push(word);
        if let Some(extension) = self.path.extension() {
            name.push(".");
            name.push(extension);
        }
        Self { path: self.path.with_file_name(name) }
    }

    /// Writes the file as a whole, or leaves what is there.
    pub(crate) fn write(&self, text: &[u8]) -> Result<(), Trouble> {
        self.write_with(|out| out.write_all(text))
    }

    /// The same with what `fill` writes, which may be asked for twice.
    pub(crate) fn write_with(
        &self,
        fill: impl Fn(&mut dyn Write) -> std::io::Result<()>,
    ) -> Result<(), Trouble> {
        self.put(&fill).map_err(|error| self.trouble(&error))
    }

    fn try_out(&self) -> std::io::Result<()> {
        make_folder(&self.path)?;
        let there = std::fs::metadata(&self.path).ok();
        if there.as_ref().is_some_and(Metadata::is_dir) {
            return Err(std::io::Error::from(ErrorKind::IsADirectory));
        }
        // A pipe may have no reader yet; opening it would wait for one.
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            return Ok(());
        }
        match self.beside_it(there.as_ref()) {
            Ok(_) => Ok(()),
            Err(error) if there.is_some() && is_about_folder(&error) => {
                File::options().append(true).open(&self.path).map(drop)
            }
            Err(error) => Err(error),
        }
    }

    fn put(&self, fill: Fill<'_>) -> std::io::Result<()> {
        make_folder(&self.path)?;
        let there = std::fs::metadata(&self.path).ok();
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            return write_over(&self.path, fill);
        }
        let written = self.beside_it(there.as_ref()).and_then(|mut file| {
            filled(file.as_file_mut(), fill)?;
            file.as_file().sync_all()?;
            file.persist(self.real()).map(drop).map_err(|failed| failed.error)
        });
        match written {
            // Nothing can be renamed there, so that writing over it is all that is left.
            Err(error) if there.is_some() && is_about_folder(&error) => {
                write_over(&self.path, fill)
            }
            written => written,
        }
    }

    /// A new file in the folder, with the mode of the one that it is to replace.
    fn beside_it(&self, there: Option<&Metadata>) -> std::io::Result<NamedTempFile> {
        let real = self.real();
        let folder = real.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".upspec-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // As for any new file, the umask takes its part.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        if let Some(there) = there {
            file.as_file().set_permissions(there.permissions())?;
        }
        Ok(file)
    }

    /// Where the file lies when links are followed: a link stays one.
    fn real(&self) -> PathBuf {
        std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone())
    }

    fn trouble(&self, error: &std::io::Error) -> Trouble {
        Trouble::new(Exit::Usage, format!("cannot write {}: {error}", self.shown()))
    }
}

/// What writes the content of a file.
type Fill<'f> = &'f dyn Fn(&mut dyn Write) -> std::io::Result<()>;

fn write_over(path: &Path, fill: Fill<'_>) -> std::io::Result<()> {
    filled(&mut File::create(path)?, fill)
}

fn filled(file: &mut File, fill: Fill<'_>) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER, file);
    fill(&mut out)?;
    out.flush()
}

const BUFFER: usize = 64 * 1024;

/// The place of a path, whatever it is called by: links and `..` are followed as far as there is something.
pub(crate) fn identity(path: &Path) -> PathBuf {
    if let Ok(real) = std::fs::canonicalize(path) {
        return real;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(std::env::current_dir, std::fs::canonicalize);
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

fn make_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), std::fs::create_dir_all)
}

/// Whether the folder takes no new file, or nothing can be put in the place of a file of it.
fn is_about_folder(error: &std::io::Error) -> bool {
    use ErrorKind::{PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem | ResourceBusy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_keeps_its_mode_and_its_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.json"), folder.path().join("b.json"));
        Place::find(&file).unwrap().write(b"one").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::{PermissionsExt as _, symlink};
            let mode = |mode| std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&file, mode(0o640)).unwrap();
            symlink(&file, &link).unwrap();
            Place::find(&link).unwrap().write(b"two").unwrap();
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o640);
            assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(std::fs::read(&file).unwrap(), b"two");
            assert_eq!(identity(&link), identity(&file));
        }
        let names = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 2, "nothing is left beside the files");
    }

    #[test]
    fn what_cannot_be_written_is_found_out_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        for path in [folder.path().to_owned(), file.join("report.json")] {
            let trouble = Place::find(&path).unwrap_err();
            assert!(trouble.message.contains("cannot write"), "{}", trouble.message);
        }
        assert_eq!(std::fs::read(&file).unwrap(), b"");
    }

    #[test]
    fn a_name_beside_keeps_its_kind() {
        let place = Place { path: PathBuf::from("a/report.json") };
        assert_eq!(place.beside("unjudged").path, Path::new("a/report.unjudged.json"));
        let place = Place { path: PathBuf::from("report") };
        assert_eq!(place.beside("unjudged").path, Path::new("report.unjudged"));
    }
}
