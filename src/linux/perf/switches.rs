//! The kernel's records of a thread leaving a CPU and coming back.

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

use perf_event::Sampler;

use super::event::{self, Target};
use super::reason::{self, Wanted};
use crate::model::Nanos;

/// A record of the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A thread left a CPU or came back to one.
    Switch {
        /// The thread.
        thread: u32,
        /// When, on the kernel's monotonic clock.
        at: Nanos,
        /// The CPU.
        cpu: u32,
        /// Which of the two.
        direction: Direction,
    },
    /// So many records found no room.
    Lost(u64),
}

/// Which way a thread went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Onto the CPU.
    In,
    /// Off it, of its own will.
    Out,
    /// Off it though it could run on: `sched_yield`, too.
    Preempted,
}

/// The ring that the kernel writes switch records to.
pub struct SwitchRing {
    sampler: Sampler,
}

impl SwitchRing {
    /// Opens the records of `target`, in a ring of `bytes`, a power of two: 32 bytes a record.
    ///
    /// # Errors
    ///
    /// Why there are none, as a sentence.
    pub fn open(target: Target, bytes: usize) -> Result<Self, String> {
        let open = || {
            let mut builder = event::switching(target)?;
            builder.wakeup_watermark(bytes / 2);
            builder.build()
        };
        let counter = open().map_err(|error| reason::reason(&error, Wanted::Software))?;
        let sampler =
            counter.sampled(bytes).map_err(|error| reason::reason(&error, Wanted::Ring))?;
        Ok(Self { sampler })
    }

    /// What the kernel has written since the last call, in its order.
    pub fn drain(&mut self, mut f: impl FnMut(Record)) {
        while let Some(record) = self.sampler.next_record() {
            let bytes = record.to_contiguous();
            parse(record.ty(), record.misc(), &bytes).into_iter().for_each(&mut f);
        }
    }
}

impl fmt::Debug for SwitchRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SwitchRing").field("file", &self.as_raw_fd()).finish_non_exhaustive()
    }
}

impl AsRawFd for SwitchRing {
    /// Readable once the ring is half full.
    fn as_raw_fd(&self) -> RawFd {
        self.sampler.as_raw_fd()
    }
}

const LOST: u32 = 2;
const SWITCH: u32 = 14;
const MISC_OUT: u16 = 1 << 13;
const MISC_PREEMPTED: u16 = 1 << 14;

/// A record's body by its type and flags; `None` for what says nothing of switches. See
/// perf_event_open(2), "PERF_RECORD_SWITCH".
fn parse(kind: u32, misc: u16, body: &[u8]) -> Option<Record> {
    match kind {
        // The event's number, then how many were lost.
        LOST => Some(Record::Lost(u64::from_ne_bytes(*body.get(8..)?.first_chunk()?))),
        // No body, but what every record of this event ends with: process and thread, time, CPU.
        SWITCH => {
            let thread = u32::from_ne_bytes(*body.get(4..)?.first_chunk()?);
            let at = Nanos(u64::from_ne_bytes(*body.get(8..)?.first_chunk()?));
            let cpu = u32::from_ne_bytes(*body.get(16..)?.first_chunk()?);
            Some(Record::Switch { thread, at, cpu, direction: direction(misc) })
        }
        _ => None,
    }
}

/// Which way a switch record's flags say that the thread went.
pub(super) fn direction(misc: u16) -> Direction {
    match (misc & MISC_OUT != 0, misc & MISC_PREEMPTED != 0) {
        (false, _) => Direction::In,
        (true, false) => Direction::Out,
        (true, true) => Direction::Preempted,
    }
}

/// The kernel's monotonic clock, which switch records carry.
pub fn monotonic_now() -> io::Result<Nanos> {
    super::super::thread::read(libc::CLOCK_MONOTONIC).ok_or_else(io::Error::last_os_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thread that sleeps leaves its CPU of its own will, and comes back.
    #[test]
    fn a_sleep_leaves_the_cpu_and_comes_back() {
        let Ok(mut ring) = SwitchRing::open(Target::OwnThread, 1 << 16) else { return };
        let before = monotonic_now().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(2));
        let after = monotonic_now().unwrap();
        let mut records = Vec::new();
        ring.drain(|record| records.push(record));
        let own = super::super::super::thread::own_id().unwrap();
        let times: Vec<_> = records
            .iter()
            .filter_map(|record| match *record {
                Record::Switch { thread, at, direction, .. } if thread == own => {
                    Some((at, direction))
                }
                _ => None,
            })
            .collect();
        // It may have had to leave before, too.
        let slept = times.windows(2).any(|pair| match pair {
            [(out, Direction::Out), (back, Direction::In)] => back.0 - out.0 >= 2_000_000,
            _ => false,
        });
        assert!(slept, "{times:?}");
        assert!(times.iter().all(|&(at, _)| before <= at && at <= after));
    }

    #[test]
    fn a_record_cut_short_is_none() {
        assert_eq!(parse(SWITCH, 0, &[0; 10]), None);
        assert_eq!(parse(LOST, 0, &[0; 9]), None);
        assert_eq!(parse(3, 0, &[0; 64]), None);
    }
}
