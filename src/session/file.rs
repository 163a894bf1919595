//! Writing a trace to a file: under another name until it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::format::chrome;
use crate::model::Trace;

/// Why a trace could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The folder is not there and could not be made.
    #[error("failed to make the folder {path}; name another one or change its permissions")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file could not be written.
    #[error("failed to write the trace {path}; nothing was left under that name")]
    File {
        /// The file that was to be.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Writes a trace as Chrome JSON, making folders as needed. Whatever happens, there is never a
/// half-written file under `path`: it is written beside it and renamed when it is complete.
pub fn write_trace(trace: &Trace, path: &Path) -> Result<(), WriteError> {
    if let Some(folder) = path.parent() {
        let failed = |source| WriteError::Folder { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let part = part_name(path);
    write_part(trace, &part).and_then(|()| fs::rename(&part, path)).map_err(|source| {
        // It may not even have been created; the first error is the one to tell.
        let _ = fs::remove_file(&part);
        WriteError::File { path: path.to_owned(), source }
    })
}

fn write_part(trace: &Trace, part: &Path) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, File::create(part)?);
    chrome::write(trace, &mut out)?;
    out.flush()
}

fn part_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}
