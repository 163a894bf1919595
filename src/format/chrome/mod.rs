//! Chrome JSON, as Perfetto and chrome://tracing open it.

use std::io::{self, Read, Write};

use crate::model::Trace;

/// Writes a trace as Chrome JSON.
pub fn write<W: Write>(_trace: &Trace, _out: &mut W) -> io::Result<()> {
    Ok(())
}

/// Why a file is not a trace.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be read.
    #[error("failed to read")]
    Io(#[from] io::Error),
}

/// Reads a trace that [`write`] wrote.
pub fn read(_input: impl Read) -> Result<Trace, ReadError> {
    Err(io::Error::other("skeleton").into())
}
