//! A file in any of the formats: which one it is, unpacked, and within limits.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::error::{InputProblem, ReadError};
use super::{chrome, perfetto};
use crate::model::Trace;

/// How much a file may make the reader hold in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole file, unpacked.
    pub total: u64,
    /// Bytes of one entry or packet, and of the head.
    pub entry: u64,
}

impl Default for Limits {
    /// 16 GiB, and 1 GiB for one entry.
    fn default() -> Self {
        Self { total: 16 << 30, entry: 1 << 30 }
    }
}

/// Bytes by which a format is known.
const FRONT: usize = 64;

/// Reads a trace in any of the formats that it is written in. The events of each lane are in the
/// order that [`Lane::events`](crate::model::Lane::events) promises.
///
/// Reads in large pieces: `input` needs no buffer of its own.
///
/// # Errors
///
/// If the input fails, or is not a whole and undamaged trace in a format known here.
pub fn read(input: impl Read) -> Result<Trace, ReadError> {
    read_within(input, &Limits::default())
}

/// The same, with limits of its own.
///
/// # Errors
///
/// Likewise, or if the file is larger than the limits allow.
pub fn read_within(mut input: impl Read, limits: &Limits) -> Result<Trace, ReadError> {
    let front = front(&mut input).map_err(|source| ReadError::Io { byte: 0, source })?;
    let whole = io::Cursor::new(front.clone()).chain(input);
    if front.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Unpacked(MultiGzDecoder::new(whole));
        let front = self::front(&mut unpacked).map_err(|source| ReadError::io(0, source))?;
        let whole = io::Cursor::new(front.clone()).chain(unpacked);
        return spelt(&front, Bounded::new(whole, limits.total), limits);
    }
    spelt(&front, Bounded::new(whole, limits.total), limits)
}

fn spelt(front: &[u8], input: impl Read, limits: &Limits) -> Result<Trace, ReadError> {
    if is_perfetto(front) {
        perfetto::read_within(input, limits)
    } else {
        chrome::read_within(input, limits)
    }
}

/// Whether it begins as a Perfetto trace does: with a packet, a field that would be a line feed in
/// JSON. Nothing that may follow a line feed there can be the packet's length and first field.
fn is_perfetto(front: &[u8]) -> bool {
    let Some((0x0a, rest)) = front.split_first() else { return false };
    let text = rest.iter().find(|byte| !byte.is_ascii_whitespace());
    !matches!(text, None | Some(b'[' | b'{'))
}

fn front(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut front = Vec::with_capacity(FRONT);
    input.take(FRONT as u64).read_to_end(&mut front)?;
    Ok(front)
}

/// An input that ends with an error where it is too large.
struct Bounded<R> {
    input: R,
    left: u64,
    limit: u64,
}

impl<R> Bounded<R> {
    fn new(input: R, limit: u64) -> Self {
        Self { input, left: limit, limit }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(InputProblem::TooLarge(self.limit))),
        }
        Ok(read)
    }
}

/// What is unpacked; its failures say that they are not the file's.
struct Unpacked<R>(MultiGzDecoder<R>);

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| io::Error::other(InputProblem::Packed(error)))
    }
}
