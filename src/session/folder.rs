//! Trace files that are either whole or not there: written under another name in the same folder,
//! and renamed when complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::format::{self, Format};
use crate::model::{Annotations, Trace};

/// A folder that could be written into when it was opened.
#[derive(Debug)]
pub struct OutputFolder {
    path: PathBuf,
}

/// Why a file could not be written. Nothing of it is left, and a file of its name is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The folder could not be made.
    #[error("failed to make the folder {path}")]
    MakeFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No file could be made in it.
    #[error("failed to write into the folder {path}")]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The content could not be written.
    #[error("failed to write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The complete file could not be given its name.
    #[error("failed to give a file its name {path}")]
    Rename {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl OutputFolder {
    /// Makes the folder if it is not there, and tries whether it can be written into.
    pub fn open(path: &Path) -> Result<Self, WriteError> {
        fs::create_dir_all(path)
            .map_err(|source| WriteError::MakeFolder { path: path.to_owned(), source })?;
        let folder = Self { path: path.to_owned() };
        folder.part("probe")?;
        Ok(folder)
    }

    /// Writes a trace in the format that the name ends as, replacing a file of that name, and
    /// returns its path.
    pub fn write_trace(&self, name: &str, trace: &Trace) -> Result<PathBuf, WriteError> {
        self.write_annotated(name, trace, &Annotations::default())
    }

    /// The same, with an analysis's figures for whoever looks at it.
    pub fn write_annotated(
        &self,
        name: &str,
        trace: &Trace,
        annotations: &Annotations,
    ) -> Result<PathBuf, WriteError> {
        let format = Format::of_name(name);
        self.write(name, |out| format::write(trace, annotations, format, out))
    }

    /// Writes a file with this content, likewise.
    pub fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
    ) -> Result<PathBuf, WriteError> {
        let path = self.path.join(name);
        let part = self.part(name)?;
        part.fill(content).map_err(|source| WriteError::Write { path: path.clone(), source })?;
        fs::rename(&part.path, &path)
            .map_err(|source| WriteError::Rename { path: path.clone(), source })?;
        Ok(path)
    }

    fn part(&self, name: &str) -> Result<Part, WriteError> {
        let path = self.path.join(format!(".{name}.{}.part", std::process::id()));
        match File::create(&path) {
            Ok(file) => Ok(Part { path, file }),
            Err(source) => Err(WriteError::Unwritable { path: self.path.clone(), source }),
        }
    }
}

/// A file on its way; what is left under this name when it is dropped is removed.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn fill(
        &self,
        content: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 16, &self.file);
        content(&mut out)?;
        out.flush()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Gone already if it was renamed.
        let _ = fs::remove_file(&self.path);
    }
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
        assert!(matches!(error, Err(WriteError::Write { .. })), "{error:?}");
        assert_eq!(entries(root.path()), ["t.json"]);
        assert_eq!(fs::read(root.path().join("t.json")).unwrap(), b"old");
    }

    #[test]
    fn a_name_that_is_taken_by_a_folder_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("t.json")).unwrap();
        let folder = OutputFolder::open(root.path()).unwrap();
        let error = folder.write("t.json", |out| out.write_all(b"x"));
        assert!(matches!(error, Err(WriteError::Rename { .. })), "{error:?}");
        assert_eq!(entries(root.path()), ["t.json"]);
    }

    #[test]
    fn a_folder_below_a_file_cannot_be_made() {
        let root = tempfile::NamedTempFile::new().unwrap();
        let error = OutputFolder::open(&root.path().join("traces")).unwrap_err();
        assert!(matches!(error, WriteError::MakeFolder { .. }), "{error:?}");
    }
}
