//! What the kernel writes of a program's threads: read from bytes, not judged.
//!
//! Every record ends with the same 24 bytes, for all events are opened so: process and thread,
//! time, CPU. See perf_event_open(2), "PERF_RECORD_…".

use crate::linux::perf::switches::{self, Direction};
use crate::model::Nanos;

/// A record, when it was written, and on which CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, on the kernel's monotonic clock.
    pub at: Nanos,
    /// The CPU.
    pub cpu: u32,
    /// What happened.
    pub what: What,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A thread left its CPU or came back to one.
    Switched {
        /// Its process.
        process: u32,
        /// The thread.
        thread: u32,
        /// Which of the two.
        direction: Direction,
    },
    /// A thread got a name.
    Named {
        /// Its process.
        process: u32,
        /// The thread.
        thread: u32,
        /// The name.
        name: String,
        /// By starting another program.
        by_exec: bool,
    },
    /// A thread began.
    Began {
        /// Its process, which is a new one if it is its number, too.
        process: u32,
        /// The thread.
        thread: u32,
        /// The thread that made it.
        parent: u32,
    },
    /// A thread ended.
    Ended {
        /// The thread.
        thread: u32,
    },
    /// So many records found no room.
    Lost(u64),
}

const LOST: u32 = 2;
const COMM: u32 = 3;
const EXIT: u32 = 4;
const FORK: u32 = 7;
const SWITCH: u32 = 14;
const MISC_EXEC: u16 = 1 << 13;
const TRAILER: usize = 24;

/// A record from its type, flags and body; `None` for other types, and for what is cut short.
pub(super) fn parse(kind: u32, misc: u16, body: &[u8]) -> Option<Record> {
    let (body, trailer) = body.split_at_checked(body.len().checked_sub(TRAILER)?)?;
    let what = match kind {
        LOST => What::Lost(long(body, 8)?),
        COMM => What::Named {
            process: word(body, 0)?,
            thread: word(body, 4)?,
            name: text(body.get(8..)?),
            by_exec: misc & MISC_EXEC != 0,
        },
        // Process, its parent, thread, its parent, time.
        FORK => {
            What::Began { process: word(body, 0)?, thread: word(body, 8)?, parent: word(body, 12)? }
        }
        EXIT => What::Ended { thread: word(body, 8)? },
        SWITCH => What::Switched {
            process: word(trailer, 0)?,
            thread: word(trailer, 4)?,
            direction: switches::direction(misc),
        },
        _ => return None,
    };
    Some(Record { at: Nanos(long(trailer, 8)?), cpu: word(trailer, 16)?, what })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Up to the first zero byte; names are padded with them.
fn text(bytes: &[u8]) -> String {
    let name = bytes.split(|&byte| byte == 0).next();
    name.map(|name| String::from_utf8_lossy(name).into_owned()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(parts: &[&[u8]]) -> Vec<u8> {
        let mut body = parts.concat();
        body.extend(7_u32.to_ne_bytes());
        body.extend(8_u32.to_ne_bytes());
        body.extend(1_000_u64.to_ne_bytes());
        body.extend([3_u32, 0].map(u32::to_ne_bytes).concat());
        body
    }

    #[test]
    fn a_switch_is_its_trailer() {
        let what = What::Switched { process: 7, thread: 8, direction: Direction::Preempted };
        let expected = Record { at: Nanos(1_000), cpu: 3, what };
        assert_eq!(parse(SWITCH, 3 << 13, &body(&[])), Some(expected));
    }

    #[test]
    fn a_name_ends_at_its_padding() {
        let ids = [7_u32, 9].map(u32::to_ne_bytes).concat();
        let record = parse(COMM, MISC_EXEC, &body(&[&ids, b"wor ker\0"])).unwrap();
        let name = "wor ker".to_owned();
        assert_eq!(record.what, What::Named { process: 7, thread: 9, name, by_exec: true });
    }

    #[test]
    fn what_is_cut_short_or_unknown_is_none() {
        for kind in [LOST, COMM, EXIT, FORK, SWITCH] {
            assert_eq!(parse(kind, 0, &[0; TRAILER - 1]), None);
        }
        assert_eq!(parse(FORK, 0, &body(&[&[0; 15]])), None);
        assert_eq!(parse(9, 0, &body(&[&[0; 64]])), None);
    }
}
