//! Files that are either whole or not there: written under another name in the same folder, and
//! renamed when complete.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// A folder that could be written into when it was opened.
#[derive(Debug)]
pub(super) struct OutputFolder {
    path: PathBuf,
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum OutputError {
    /// The folder could not be made.
    #[error("failed to make the folder {path}")]
    MakeFolder { path: PathBuf, source: io::Error },
    /// No file could be made in it.
    #[error("failed to write into the folder {path}")]
    Unwritable { path: PathBuf, source: io::Error },
    /// The content could not be written.
    #[error("failed to write {path}")]
    Write { path: PathBuf, source: io::Error },
    /// The complete file could not be given its name.
    #[error("failed to give a file its name {path}")]
    Rename { path: PathBuf, source: io::Error },
}

impl OutputFolder {
    /// Makes the folder if it is not there, and tries whether it can be written into.
    pub(super) fn open(path: &Path) -> Result<Self, OutputError> {
        fs::create_dir_all(path)
            .map_err(|source| OutputError::MakeFolder { path: path.to_owned(), source })?;
        let folder = Self { path: path.to_owned() };
        folder.temporary()?;
        Ok(folder)
    }

    /// Writes a file, replacing one of that name, and returns its path. On an error nothing is
    /// left of it, and a file of that name stays as it was.
    pub(super) fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut BufWriter<&mut NamedTempFile>) -> io::Result<()>,
    ) -> Result<PathBuf, OutputError> {
        let path = self.path.join(name);
        let mut file = self.temporary()?;
        fill(&mut file, content)
            .map_err(|source| OutputError::Write { path: path.clone(), source })?;
        file.persist(&path)
            .map_err(|error| OutputError::Rename { path: path.clone(), source: error.error })?;
        Ok(path)
    }

    /// A file that vanishes when dropped.
    fn temporary(&self) -> Result<NamedTempFile, OutputError> {
        let mut builder = Builder::new();
        builder.prefix(".rayprism-").suffix(".part");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder
            .tempfile_in(&self.path)
            .map_err(|source| OutputError::Unwritable { path: self.path.clone(), source })
    }
}

fn fill(
    file: &mut NamedTempFile,
    content: impl FnOnce(&mut BufWriter<&mut NamedTempFile>) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, file);
    content(&mut out)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn a_complete_file_has_its_name_and_all_may_read_it() {
        let root = tempfile::tempdir().unwrap();
        let folder = OutputFolder::open(&root.path().join("a/b")).unwrap();
        let path = folder.write("t.json", |out| out.write_all(b"whole")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(entries(&root.path().join("a/b")), ["t.json"]);
        let plain = root.path().join("plain");
        fs::write(&plain, "").unwrap();
        let permissions = |path: &Path| fs::metadata(path).unwrap().permissions();
        assert_eq!(permissions(&path), permissions(&plain));
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("t.json"), "old").unwrap();
        let folder = OutputFolder::open(root.path()).unwrap();
        let error = folder.write("t.json", |out| {
            out.write_all(&[b'x'; 1 << 20])?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(matches!(error, Err(OutputError::Write { .. })), "{error:?}");
        assert_eq!(entries(root.path()), ["t.json"]);
        assert_eq!(fs::read(root.path().join("t.json")).unwrap(), b"old");
    }

    #[test]
    fn a_name_that_is_taken_by_a_folder_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("t.json")).unwrap();
        let folder = OutputFolder::open(root.path()).unwrap();
        let error = folder.write("t.json", |out| out.write_all(b"x"));
        assert!(matches!(error, Err(OutputError::Rename { .. })), "{error:?}");
        assert_eq!(entries(root.path()), ["t.json"]);
    }

    #[test]
    fn a_folder_below_a_file_cannot_be_made() {
        let root = tempfile::NamedTempFile::new().unwrap();
        let error = OutputFolder::open(&root.path().join("traces")).unwrap_err();
        assert!(matches!(error, OutputError::MakeFolder { .. }), "{error:?}");
    }
}
