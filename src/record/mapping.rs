//! The mapping that a parent process shares with the programs that it records: what lies where in it.
//! `attach` is the program's side, `parent` the other one.
//!
//! It is one sparse file. A head says who made it and how to record. Each process that attaches
//! claims one of the *sections* behind it; a section has words of its own, a table of pools, a table
//! of threads, and room for the log of each thread. All of it is words that both sides reach as
//! atomics; nothing in it is a pointer.
//!
//! The first words of the head stay what they are in every version, so that two versions can tell
//! each other apart; all else may change with [`ABI`] and with the tables that [`LAYOUT`] is made of.

use std::sync::Arc;

use super::buffer::{Slot, WORDS};
use super::clock::{self, Anchor};
use super::cost::Costs;
use super::event::{FloorCharBoundary, TABLE};
use super::ids::{LaneId, PoolId};
use super::log::{COUNTERS, COUNTS, Log};
use super::memory::{Mapped, PAGE_SLOTS};
use super::recorder::{Detail, Ended, Identity, Member, OnFull, PoolEntry, Seat, Settings};
use super::sync::{AtomicU64, Ordering};
use super::time::{Nanos, Ticks};

/// The recorder's version, which both sides name if they do not understand each other.
pub const VERSION: &str = "0.1.0";

/// To be raised when anything in the mapping changes that [`LAYOUT`] does not see.
pub(super) const ABI: u64 = 2;

/// Differs if the tables of events or counts do.
pub(super) const LAYOUT: u64 = fingerprint(&[TABLE, COUNTERS, COUNTS]);

/// What is said where a program and who records it differ.
pub(super) fn apart(program: &str, parent: &str) -> String {
    let parent = match program == parent {
        true => "another build of that".to_owned(),
        false => format!("rayprism {parent}"),
    };
    format!(
        "the program was built with rayprism {program} and is recorded by {parent}, which do not \
         understand each other; use the same for both"
    )
}

pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"RAYPRISM");

/// FNV-1a.
const fn fingerprint(texts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut text = 0;
    while text < texts.len() {
        let bytes = texts[text].as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
            at += 1;
        }
        text += 1;
    }
    hash
}

/// Sizes of a mapping. What is not used takes no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Processes that can record.
    pub sections: u32,
    /// Threads of each that can record.
    pub threads: u32,
}

/// Where things lie, in slots from the beginning of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) room: Room,
    /// Records of each thread.
    pub(super) capacity: usize,
}

/// Slots of a section's own words.
const SECTION_SLOTS: usize = 64;
/// Pools of a process that are told of.
const POOLS: usize = 4_096;
/// Slots of a thread in its table.
const THREAD_SLOTS: usize = 4;

impl Layout {
    /// Slots of a section without its logs.
    pub(super) fn front_slots(self) -> usize {
        (SECTION_SLOTS + POOLS + self.room.threads as usize * THREAD_SLOTS)
            .next_multiple_of(PAGE_SLOTS)
    }

    pub(super) fn log_slots(self) -> usize {
        Log::slots(self.capacity).next_multiple_of(PAGE_SLOTS)
    }

    fn section_slots(self) -> Option<u64> {
        let logs = (self.log_slots() as u64).checked_mul(u64::from(self.room.threads))?;
        logs.checked_add(self.front_slots() as u64)
    }

    pub(super) fn section(self, index: u32) -> Option<u64> {
        self.section_slots()?.checked_mul(u64::from(index))?.checked_add(PAGE_SLOTS as u64)
    }

    pub(super) fn log(self, section: u32, thread: u32) -> Option<u64> {
        let logs = (self.log_slots() as u64).checked_mul(u64::from(thread))?;
        self.section(section)?.checked_add(self.front_slots() as u64)?.checked_add(logs)
    }

    /// The whole file; `None` if no file can be as long.
    pub(super) fn bytes(self) -> Option<u64> {
        let bytes = self.section(self.room.sections)?.checked_mul(size_of::<Slot>() as u64)?;
        i64::try_from(bytes).is_ok().then_some(bytes)
    }
}

/// Words of the mapping, by number.
#[derive(Clone, Copy)]
pub(super) struct Words<'m>(&'m [Slot]);

impl Words<'_> {
    pub(super) fn at(&self, word: usize) -> &AtomicU64 {
        &self.0[word / WORDS].0[word % WORDS]
    }

    /// Acquire: pairs with the Release in `set`; what was set before is seen, too.
    pub(super) fn get(&self, word: usize) -> u64 {
        self.at(word).load(Ordering::Acquire)
    }

    pub(super) fn set(&self, word: usize, value: u64) {
        self.at(word).store(value, Ordering::Release);
    }

    /// A number that may be unknown.
    fn get_known(&self, word: usize) -> Option<u64> {
        self.get(word).checked_sub(1)
    }

    fn set_known(&self, word: usize, value: Option<u64>) {
        self.set(word, value.map_or(0, |value| value.saturating_add(1)));
    }

    /// A text of `len` words, of which the first is its length and one more; `None` if there is none.
    pub(super) fn text(&self, word: usize, len: usize) -> Option<String> {
        let bytes: Vec<u8> =
            (1..len).flat_map(|next| self.get(word + next).to_le_bytes()).collect();
        let length = usize::try_from(self.get_known(word)?).unwrap_or(usize::MAX);
        Some(String::from_utf8_lossy(&bytes[..length.min(bytes.len())]).into_owned())
    }

    /// What does not fit is cut off.
    pub(super) fn set_text(&self, word: usize, len: usize, text: Option<&str>) {
        let Some(text) = text else { return self.set(word, 0) };
        let text = &text.as_bytes()[..text.floor_char_boundary_at((len - 1) * WORD_BYTES)];
        for (next, bytes) in (1..).zip(text.chunks(WORD_BYTES)) {
            let mut whole = [0; WORD_BYTES];
            whole[..bytes.len()].copy_from_slice(bytes);
            self.set(word + next, u64::from_le_bytes(whole));
        }
        self.set_known(word, Some(text.len() as u64));
    }
}

const WORD_BYTES: usize = size_of::<u64>();

/// Words of the head. Those up to `REFUSED_VERSION` are the same in every version.
pub(super) mod head {
    pub(in super::super) const MAGIC: usize = 0;
    pub(in super::super) const ABI: usize = 1;
    /// The parent's version, a text.
    pub(in super::super) const VERSION: usize = 2;
    pub(in super::super) const VERSION_WORDS: usize = 8;
    /// Processes that found another version than theirs.
    pub(in super::super) const REFUSED: usize = 16;
    /// The last one's.
    pub(in super::super) const REFUSED_VERSION: usize = 17;

    pub(in super::super) const LAYOUT: usize = 32;
    pub(in super::super) const SECTIONS: usize = 33;
    pub(in super::super) const THREADS: usize = 34;
    pub(in super::super) const CAPACITY: usize = 35;
    pub(in super::super) const DETAIL: usize = 36;
    pub(in super::super) const ON_FULL: usize = 37;
    /// With how many workers, see `attach`.
    pub(in super::super) const WORKERS: usize = 38;
    /// 1 if the time stamp counter is not to be used.
    pub(in super::super) const OS_CLOCK: usize = 39;
    /// Sections that were asked for, more than there are, maybe.
    pub(in super::super) const CLAIMED: usize = 40;
    /// Processes that could not attach for any other reason than the version, and the last one's.
    pub(in super::super) const FAILED: usize = 41;
    pub(in super::super) const FAILURE: usize = 48;
    pub(in super::super) const FAILURE_WORDS: usize = 32;
}

pub(super) fn words(slots: &[Slot]) -> Words<'_> {
    Words(slots)
}

/// How to record, as it stands in the head.
pub(super) fn write_settings(head: Words<'_>, settings: &Settings) {
    head.set(head::CAPACITY, settings.capacity as u64);
    head.set(head::DETAIL, settings.detail as u64);
    head.set(head::ON_FULL, settings.on_full as u64);
}

/// The same; `None` if it makes no sense.
pub(super) fn read_settings(head: Words<'_>) -> Option<Settings> {
    let detail = match head.get(head::DETAIL) {
        0 => Detail::Off,
        1 => Detail::Count,
        2 => Detail::Auto,
        3 => Detail::Full,
        _ => return None,
    };
    let all = [OnFull::Collapse, OnFull::Ring, OnFull::Stop];
    let on_full = all.into_iter().find(|&one| one as u64 == head.get(head::ON_FULL))?;
    let capacity = usize::try_from(head.get(head::CAPACITY)).ok()?;
    Some(Settings { detail, capacity, on_full, gauge: None })
}

/// Words of a section.
pub(super) mod section {
    /// 1 once all words that do not change are there.
    pub(in super::super) const READY: usize = 0;
    pub(in super::super) const PROCESS: usize = 1;
    pub(in super::super) const START_TICKS: usize = 2;
    pub(in super::super) const START_KERNEL: usize = 3;
    pub(in super::super) const START_ERROR: usize = 4;
    /// 1 if ticks are the time stamp counter's.
    pub(in super::super) const TSC: usize = 5;
    /// 1 if the recorder was compiled with debug assertions.
    pub(in super::super) const DEBUG: usize = 6;
    /// What recording costs there, seven words.
    pub(in super::super) const COSTS: usize = 8;
    /// What rayon itself costs there: 1 if the three words that follow are it.
    pub(in super::super) const CALIBRATED: usize = 16;
    /// Ticks at its end, or 0.
    pub(in super::super) const END: usize = 20;
    /// The same on the kernel's monotonic clock.
    pub(in super::super) const END_KERNEL: usize = 24;
    /// Threads in the table.
    pub(in super::super) const THREADS: usize = 21;
    /// Threads that found no room, or whose log could not be mapped.
    pub(in super::super) const LOST_THREADS: usize = 22;
    /// Pools that found no room.
    pub(in super::super) const LOST_POOLS: usize = 23;
    /// What the program is called.
    pub(in super::super) const NAME: usize = 32;
    pub(in super::super) const NAME_WORDS: usize = 32;
    /// Why rayon's own costs are not there.
    pub(in super::super) const UNCALIBRATED: usize = 64;
    pub(in super::super) const UNCALIBRATED_WORDS: usize = 32;
}

/// Words of a pool in its table.
mod pool {
    pub(super) const KNOWN: usize = 0;
    pub(super) const THREADS: usize = 1;
    pub(super) const EVERY_CALL_SEEN: usize = 2;
    pub(super) const USES_CURRENT_THREAD: usize = 3;
    pub(super) const IDLING_SEEN: usize = 4;
}

/// Words of a thread in its table.
mod thread {
    /// Its lane; 0 if there is none yet.
    pub(super) const LANE: usize = 0;
    pub(super) const THREAD: usize = 1;
    pub(super) const POOL: usize = 2;
    pub(super) const INDEX: usize = 3;
    pub(super) const STARTED: usize = 4;
    pub(super) const CPU: usize = 5;
    /// Ticks at its end and one more, or 0.
    pub(super) const ENDED: usize = 6;
    pub(super) const CPU_AT_END: usize = 7;
    /// 1 if it has a log.
    pub(super) const LOG: usize = 8;
    pub(super) const NAME: usize = 9;
    pub(super) const NAME_WORDS: usize = 22;
}

/// A thread in its table.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) front: Arc<Mapped>,
    pub(super) index: u32,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("index", &self.index).finish_non_exhaustive()
    }
}

impl Entry {
    pub(super) fn words(&self) -> Words<'_> {
        let first = SECTION_SLOTS + POOLS + self.index as usize * THREAD_SLOTS;
        Words(&self.front[first..first + THREAD_SLOTS])
    }

    pub(super) fn write(&self, lane: LaneId, started: Ticks, who: &Identity) {
        let words = self.words();
        words.set_known(thread::THREAD, who.thread.map(u64::from));
        self.set_seat(who.seat);
        words.set(thread::STARTED, started.0);
        words.set_known(thread::CPU, who.cpu.map(|cpu| cpu.0));
        words.set_text(thread::NAME, thread::NAME_WORDS, who.name.as_deref());
        words.set(thread::LANE, u64::from(lane.0));
    }

    pub(super) fn set_seat(&self, seat: Option<Seat>) {
        let words = self.words();
        words.set(thread::INDEX, seat.map_or(0, |seat| u64::from(seat.index)));
        words.set(thread::POOL, seat.map_or(0, |seat| u64::from(seat.pool.0)));
    }

    pub(super) fn set_ended(&self, at: Ticks, cpu: Option<Nanos>) {
        self.words().set_known(thread::CPU_AT_END, cpu.map(|cpu| cpu.0));
        self.words().set_known(thread::ENDED, Some(at.0));
    }

    /// Its log can be read from now on.
    pub(super) fn set_log(&self) {
        self.words().set(thread::LOG, 1);
    }

    pub(super) fn has_log(&self) -> bool {
        self.words().get(thread::LOG) == 1
    }

    /// The thread; `None` if it is not there yet.
    pub(super) fn read(&self) -> Option<Member> {
        let words = self.words();
        let lane = u32::try_from(words.get(thread::LANE)).ok().filter(|&lane| lane > 0)?;
        let small = |word| u32::try_from(words.get(word)).ok();
        let pool = small(thread::POOL).filter(|&pool| pool > 0).map(PoolId);
        let identity = Identity {
            seat: pool.zip(small(thread::INDEX)).map(|(pool, index)| Seat { pool, index }),
            name: words.text(thread::NAME, thread::NAME_WORDS),
            thread: words.get_known(thread::THREAD).and_then(|thread| u32::try_from(thread).ok()),
            cpu: words.get_known(thread::CPU).map(Nanos),
        };
        let ended = words
            .get_known(thread::ENDED)
            .map(|at| Ended { at: Ticks(at), cpu: words.get_known(thread::CPU_AT_END).map(Nanos) });
        Some(Member::known(LaneId(lane), identity, Ticks(words.get(thread::STARTED)), ended))
    }
}

/// The section's own words.
pub(super) fn section_words(front: &[Slot]) -> Words<'_> {
    Words(&front[..SECTION_SLOTS])
}

/// Tells of a pool; false if there is no room.
pub(super) fn write_pool(front: &[Slot], entry: &PoolEntry) -> bool {
    let place = entry.id.0 as usize - 1;
    if place >= POOLS {
        return false;
    }
    let words = Words(&front[SECTION_SLOTS + place..SECTION_SLOTS + place + 1]);
    words.set(pool::THREADS, u64::from(entry.threads));
    words.set(pool::EVERY_CALL_SEEN, u64::from(entry.every_call_seen));
    words.set(pool::USES_CURRENT_THREAD, u64::from(entry.uses_current_thread));
    words.set(pool::IDLING_SEEN, u64::from(entry.idling_seen));
    words.set(pool::KNOWN, 1);
    true
}

pub(super) fn read_pools(front: &[Slot]) -> Vec<PoolEntry> {
    let read = |place: usize| {
        let words = Words(&front[SECTION_SLOTS + place..SECTION_SLOTS + place + 1]);
        (words.get(pool::KNOWN) == 1).then(|| PoolEntry {
            id: PoolId(place as u32 + 1),
            threads: u32::try_from(words.get(pool::THREADS)).unwrap_or(u32::MAX),
            every_call_seen: words.get(pool::EVERY_CALL_SEEN) == 1,
            uses_current_thread: words.get(pool::USES_CURRENT_THREAD) == 1,
            idling_seen: words.get(pool::IDLING_SEEN) == 1,
        })
    };
    (0..POOLS).map_while(read).collect()
}

pub(super) fn write_costs(section: Words<'_>, costs: &Costs) {
    let Costs {
        counted_join_ps,
        timed_join_ps,
        task_ps,
        timed_split_ps,
        timed_leaf_ps,
        counted_leaf_ps,
        elided_join_ps,
    } = *costs;
    let all = [
        counted_join_ps,
        timed_join_ps,
        task_ps,
        timed_split_ps,
        timed_leaf_ps,
        counted_leaf_ps,
        elided_join_ps,
    ];
    all.into_iter().zip(section::COSTS..).for_each(|(cost, word)| section.set(word, cost));
}

pub(super) fn read_costs(section: Words<'_>) -> Costs {
    let [
        counted_join_ps,
        timed_join_ps,
        task_ps,
        timed_split_ps,
        timed_leaf_ps,
        counted_leaf_ps,
        elided_join_ps,
    ] = std::array::from_fn(|cost| section.get(section::COSTS + cost));
    Costs {
        counted_join_ps,
        timed_join_ps,
        task_ps,
        timed_split_ps,
        timed_leaf_ps,
        counted_leaf_ps,
        elided_join_ps,
    }
}

/// The recording's clock and the kernel's monotonic one, which is the same for all processes.
pub fn kernel_anchor() -> Anchor {
    clock::choose(None);
    Anchor::read_with(kernel::monotonic)
}

/// The clock that the kernel's own records bear.
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod kernel {
    use std::ffi::c_int;

    use super::Nanos;

    #[repr(C)]
    struct Time {
        seconds: i64,
        nanos: i64,
    }

    #[expect(unsafe_code, reason = "the C library's, without the crate")]
    // SAFETY: declared as POSIX does; both fields are 64 bits on every 64-bit Linux.
    unsafe extern "C" {
        fn clock_gettime(clock: c_int, time: *mut Time) -> c_int;
    }

    const MONOTONIC: c_int = 1;

    pub(super) fn monotonic() -> Nanos {
        let mut time = Time { seconds: 0, nanos: 0 };
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: `time` is a valid place for the result. The clock is always there, so that there
        // is no error.
        unsafe {
            clock_gettime(MONOTONIC, &mut time);
        }
        Nanos(time.seconds as u64 * 1_000_000_000 + time.nanos as u64)
    }
}

/// There is no mapping here that a time could be written into.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64", not(miri))))]
mod kernel {
    pub(super) fn monotonic() -> super::Nanos {
        super::clock::os_now()
    }
}
