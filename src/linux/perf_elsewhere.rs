//! Counters and switch records where there is no `perf_event_open`, or none that is known: there
//! are none, and everything says so.

use std::io;

use super::Nanos;
use crate::model::{Availability, Counter, CounterInfo, Values};

/// Words that a reading of all counters needs at most.
pub const WORDS: usize = 3 * Counter::ALL.len();

/// Why there is nothing.
const REASON: &str = "this operating system or architecture has no performance events that \
                      rayprism can read";

/// Why a counter that opens has no value: none opens here.
pub const NEVER_RAN: &str = REASON;

/// Whose events are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The calling thread's.
    OwnThread,
    /// Another thread's of this process.
    Thread(u32),
}

/// The counters that there are: none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    infos: Vec<CounterInfo>,
}

impl Plan {
    /// Tries nothing.
    pub fn probe(wanted: &[Counter]) -> Self {
        let none = |&counter: &Counter| CounterInfo {
            counter,
            availability: Availability::Unavailable(REASON.to_owned()),
            user_only: false,
        };
        Self { infos: wanted.iter().map(none).collect() }
    }

    /// The counters that were asked for.
    pub fn infos(&self) -> &[CounterInfo] {
        &self.infos
    }

    /// Why there are no switch records.
    pub fn switch_records(&self) -> Result<(), &str> {
        Err(REASON)
    }

    /// Groups that the hardware counters take: none.
    pub fn hardware_groups(&self) -> usize {
        0
    }

    /// Files that these counters of a thread are.
    pub fn files(&self) -> usize {
        0
    }

    /// Words of a reading of these counters.
    pub fn words(&self) -> usize {
        0
    }

    /// What a reading says: nothing.
    pub fn values(&self, _words: &[u64]) -> Values {
        Values(vec![None; self.infos.len()].into_boxed_slice())
    }

    /// The counters' infos.
    pub fn infos_after<'w>(&self, _ends: impl IntoIterator<Item = &'w [u64]>) -> Vec<CounterInfo> {
        self.infos.clone()
    }
}

/// The counters of one thread; there are none.
#[derive(Debug)]
pub enum ThreadCounters {}

impl ThreadCounters {
    /// Fails.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn open(_plan: &Plan, _target: Target) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Reads all of them.
    ///
    /// # Errors
    ///
    /// None.
    pub fn read(&self, _words: &mut [u64; WORDS]) -> io::Result<usize> {
        match *self {}
    }
}

impl ThreadCounters {
    /// The same.
    ///
    /// # Errors
    ///
    /// None.
    pub fn read_here(&self, _words: &mut [u64; WORDS]) -> io::Result<usize> {
        match *self {}
    }
}

/// A record of the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A thread left a CPU or came back to one.
    Switch {
        /// The thread.
        thread: u32,
        /// When.
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
    /// Off it though it could run on.
    Preempted,
}

/// A ring of switch records; there is none.
#[derive(Debug)]
pub enum SwitchRing {}

impl SwitchRing {
    /// Fails.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn open(_target: Target, _bytes: usize) -> Result<Self, String> {
        Err(REASON.to_owned())
    }

    /// What was written since the last call.
    pub fn drain(&mut self, _f: impl FnMut(Record)) {
        match *self {}
    }

    /// The file to be waited for.
    pub fn file(&self) -> i32 {
        match *self {}
    }
}

/// Ends a wait on another thread; there is nothing to wait for.
#[derive(Debug)]
pub enum Bell {}

/// Rings the bell.
#[derive(Debug)]
pub enum Rope {}

impl Rope {
    /// Rings the bell.
    pub fn pull(self) {
        match self {}
    }
}

/// What ended a wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Woken {
    /// The bell rang.
    pub rang: bool,
    /// The files of rings whose threads have ended.
    pub ended: Vec<i32>,
}

impl Bell {
    /// Fails.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn hang() -> io::Result<(Self, Rope)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Waits.
    pub fn wait(&self, _rings: &[i32], _patience: Nanos) -> Woken {
        match *self {}
    }
}

/// The clock of switch records.
///
/// # Errors
///
/// Always.
pub fn monotonic_now() -> io::Result<Nanos> {
    Err(io::ErrorKind::Unsupported.into())
}
