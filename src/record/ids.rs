//! Names of things in a recording: lanes, events, pools, call sites. All are made without sharing:
//! an event's id is its lane's number and a count that only this lane keeps.

use std::fmt;
use std::num::NonZeroU64;

/// A lane: one thread that recorded, be it a worker or a thread that calls into a pool.
/// Numbered from 1 in the order of registration; at most 2²³ − 1 of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId(pub u32);

/// A thread pool of the process, numbered from 1 in the order of building.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId(pub u32);

/// A task, join or operation: the lane that opened it, and that lane's count of such things.
///
/// Packed into 64 bits (23 for the lane, 40 for the count) and never zero, so that
/// `Option<EventId>` is one word in a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(NonZeroU64);

const SEQUENCE_BITS: u32 = 40;
const SEQUENCE_MASK: u64 = (1 << SEQUENCE_BITS) - 1;

impl EventId {
    /// The id of the `sequence`-th thing that `lane` opened. A sequence beyond 2⁴⁰ − 1 wraps.
    pub fn new(lane: LaneId, sequence: u64) -> Option<Self> {
        if lane.0 >= 1 << 23 {
            return None;
        }
        Self::from_word((u64::from(lane.0) << SEQUENCE_BITS) | (sequence & SEQUENCE_MASK))
    }

    /// The word before that of the lane's first id: counting up from it gives the lane's ids. Lanes
    /// beyond the 2²³th share their numbers with others.
    pub(super) fn first_word(lane: LaneId) -> u64 {
        u64::from(lane.0 & ((1 << 23) - 1)) << SEQUENCE_BITS
    }

    /// The number of the lane in a packed id, or in the word before its first one.
    #[inline]
    pub(super) fn lane_of(word: u64) -> u64 {
        word >> SEQUENCE_BITS
    }

    /// The lane that opened it.
    pub fn lane(self) -> LaneId {
        LaneId((self.0.get() >> SEQUENCE_BITS) as u32)
    }

    /// The lane's count, 0..2⁴⁰.
    pub fn sequence(self) -> u64 {
        self.0.get() & SEQUENCE_MASK
    }

    /// The packed form, as it stands in a record.
    pub fn word(self) -> u64 {
        self.0.get()
    }

    /// Reads the packed form; zero means none.
    pub fn from_word(word: u64) -> Option<Self> {
        NonZeroU64::new(word).map(Self)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.lane().0, self.sequence())
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that a lane saw: a call site or a label. Numbered from 1 per lane, so that no two lanes
/// need to agree while they record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId(pub u32);
