//! Pure writers and readers of a [`Trace`]. What a viewer shows of it is drawn once (`draw`), and
//! what is said of an event is told once (`fields`, and back in `args`); a format spells both.
//! Opens no files.

pub mod chrome;
#[cfg(feature = "read")]
pub mod folded;
pub mod perfetto;
#[cfg(feature = "read")]
pub mod speedscope;

#[cfg(feature = "read")]
mod args;
mod arrows;
mod doing;
mod draw;
#[cfg(feature = "read")]
mod error;
mod fields;
#[cfg(feature = "read")]
mod frames;
#[cfg(feature = "read")]
mod gather;
#[cfg_attr(not(feature = "read"), allow(dead_code, reason = "the way back"))]
mod head;
mod idle;
#[cfg(feature = "read")]
mod input;
mod keys;
mod names;
mod nest;
mod off_cpu;
mod rates;
mod texts;
mod threads;
mod told;
mod tracks;
mod wakes;

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::model::{Annotations, Trace};

#[cfg(feature = "read")]
pub use args::EventProblem;
#[cfg(feature = "read")]
pub use error::ReadError;
#[cfg(feature = "read")]
pub use input::{Limits, read, read_within};

/// What the thread of a lane is called in a file.
#[cfg(feature = "cli")]
pub(crate) fn thread_name(trace: &Trace, lane: usize) -> String {
    names::printable(&names::of_lane(trace, &trace.lanes[lane]), FORMAT).into_owned()
}

/// What the head says the file is.
const FORMAT: &str = "rayprism";

/// The version of what a file says, however it is spelt. A reader takes its own version and all
/// before it.
///
/// 2: parallel iterators, with the categories `split`, `leaf` and `reduction`. What a file of
/// format 1 does not say of them is zero or empty there, as its recorder saw none; texts
/// without room it did not count.
///
/// 3: what the kernel and the hardware said: counters, readings and sums in the head, the category
/// `off-cpu`, counters of tasks. A file of formats 1 and 2 was recorded without it.
///
/// 4: Perfetto's protobuf beside Chrome's JSON. What the program says of itself: the categories
/// `phase` and `note`, on threads of their own.
///
/// 5: workers without a job: the categories `search` and `sleep` on their own lanes, and counts in
/// the head. Of a file of formats 1 to 4 nothing is known of them.
const VERSION: u32 = 5;

/// How a trace is spelt in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Chrome JSON, which any tool reads.
    #[default]
    Json,
    /// The same, compressed.
    JsonGz,
    /// Perfetto's protobuf, a quarter of the size.
    Pftrace,
    /// The same, compressed.
    PftraceGz,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Json, Self::JsonGz, Self::Pftrace, Self::PftraceGz];

    /// How names of its files end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonGz => "json.gz",
            Self::Pftrace => "pftrace",
            Self::PftraceGz => "pftrace.gz",
        }
    }

    /// The format that a file's name asks for; JSON unless it ends as another one's do.
    pub fn of_name(name: &str) -> Self {
        let ends = |format: &Self| {
            let before = name.strip_suffix(format.ending());
            before.is_some_and(|before| before.ends_with('.'))
        };
        Self::ALL.into_iter().find(ends).unwrap_or_default()
    }
}

/// Writes a trace, with an analysis's figures for viewers: the same bytes for the same trace.
///
/// # Errors
///
/// Those of `out`.
pub fn write<W: Write>(
    trace: &Trace,
    annotations: &Annotations,
    format: Format,
    out: &mut W,
) -> io::Result<()> {
    let spell = |format, mut out: &mut dyn Write| match format {
        Format::Json | Format::JsonGz => chrome::write_annotated(trace, annotations, &mut out),
        Format::Pftrace | Format::PftraceGz => {
            perfetto::write_annotated(trace, annotations, &mut out)
        }
    };
    match format {
        Format::Json | Format::Pftrace => spell(format, out),
        Format::JsonGz | Format::PftraceGz => {
            let mut packed = GzEncoder::new(out, Compression::fast());
            spell(format, &mut packed)?;
            packed.finish()?.flush()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_asks_for_a_format() {
        for format in Format::ALL {
            assert_eq!(Format::of_name(&format!("a.b.{}", format.ending())), format);
        }
        for name in ["trace", "", "pftrace", "a.gz", "ajson.gz", "a.JSON"] {
            assert_eq!(Format::of_name(name), Format::Json, "{name}");
        }
    }
}
