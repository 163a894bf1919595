//! The other side of `attach`: makes the mapping that programs record into, and reads what they did.
//!
//! It believes nothing that it finds there but what it has checked: sizes are its own, and the rest
//! is numbers and texts. Where the file comes from is the caller's business.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::attach::{Calibrated, Workers};
use super::clock::{Anchor, Source};
use super::cost::Costs;
use super::log::{Figures, Log};
use super::mapping::{self, ABI, Entry, LAYOUT, Layout, MAGIC, Words, head, section};
use super::memory::{Mapped, PAGE_SLOTS};
use super::recorder::{Member, Recording, Settings};
use super::sync::Ordering;
use super::time::{Nanos, Ticks};

pub use super::mapping::{Room, VERSION, kernel_anchor};

/// A mapping for programs to record into.
pub struct Shared {
    file: File,
    layout: Layout,
    settings: Settings,
    head: Mapped,
}

/// A process's recording, under way or not any more.
pub struct Live {
    front: Mapped,
    process: u32,
    start: Nanos,
}

/// How a program is to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct Wishes {
    /// As within a process; there is no gauge, as nobody reads counters there.
    pub settings: Settings,
    /// For how many processes and threads there is room.
    pub room: Room,
    /// With how many workers.
    pub workers: Workers,
    /// Whether the time stamp counter is not to be used.
    pub os_clock: bool,
}

/// Processes that could not record, and what the last one had to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Of another version.
    pub other_version: u64,
    /// Its version.
    pub version: Option<String>,
    /// For another reason.
    pub failed: u64,
    /// The reason.
    pub failure: Option<String>,
}

impl Refusals {
    /// Whether every process that wanted to could record.
    pub fn none(&self) -> bool {
        self.other_version == 0 && self.failed == 0
    }

    /// Why some could not; `None` if all could.
    pub fn reason(&self) -> Option<String> {
        if self.other_version > 0 {
            let version = self.version.as_deref().unwrap_or("an unknown version");
            return Some(format!(
                "{} processes: they were built with rayprism {version} and recorded by {}, which do not \
                 understand each other; use the same version for both",
                self.other_version,
                mapping::VERSION,
            ));
        }
        let failure = self.failure.as_deref().unwrap_or("for an unknown reason");
        (self.failed > 0).then(|| format!("{} processes: {failure}", self.failed))
    }
}

/// What one process recorded.
#[derive(Debug)]
pub struct Taken {
    /// The kernel's number of the process, as it saw it.
    pub process: u32,
    /// What the program is called, where that is known.
    pub name: Option<String>,
    /// All that its threads wrote. Times of the OS clock are the kernel's monotonic clock's.
    pub recording: Recording,
    /// The clock of the ticks.
    pub source: Source,
    /// What recording cost there.
    pub costs: Costs,
    /// What rayon's own calls cost there, or why that is not known.
    pub calibrated: Result<Calibrated, String>,
    /// Whether the recorder was compiled with debug assertions.
    pub debug_assertions: bool,
    /// Whether it ended its recording itself, at its exit.
    pub has_ended: bool,
    /// Threads that there was no room for.
    pub lost_threads: u64,
    /// Pools that there was no room for.
    pub lost_pools: u64,
}

impl Wishes {
    /// How long the mapping's file will be; `None` if no file can be as long.
    pub fn bytes(&self) -> Option<u64> {
        Layout { room: self.room, capacity: self.settings.capacity }.bytes()
    }
}

impl Shared {
    /// Lays the mapping out in `file`, which is empty.
    ///
    /// # Errors
    ///
    /// The kernel's, if the file cannot be as long or not be mapped.
    pub fn new(file: File, wishes: &Wishes) -> io::Result<Self> {
        let Wishes { settings, room, workers, os_clock } = *wishes;
        let layout = Layout { room, capacity: settings.capacity };
        let bytes = layout.bytes().ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        file.set_len(bytes)?;
        let head = Mapped::shared(&file, 0, PAGE_SLOTS)?;
        let words = mapping::words(&head);
        mapping::write_settings(words, &settings);
        words.set(head::LAYOUT, LAYOUT);
        words.set(head::SECTIONS, u64::from(room.sections));
        words.set(head::THREADS, u64::from(room.threads));
        words.set(head::WORKERS, workers as u64);
        words.set(head::OS_CLOCK, u64::from(os_clock));
        words.set_text(head::VERSION, head::VERSION_WORDS, Some(VERSION));
        words.set(head::ABI, ABI);
        words.set(head::MAGIC, MAGIC);
        Ok(Self { file, layout, settings, head })
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Processes that have a place in it, whether they recorded or not.
    pub fn processes(&self) -> u32 {
        let claimed = self.words().get(head::CLAIMED);
        u32::try_from(claimed).unwrap_or(u32::MAX).min(self.layout.room.sections)
    }

    /// Processes that could not record.
    pub fn refusals(&self) -> Refusals {
        let words = self.words();
        Refusals {
            other_version: words.at(head::REFUSED).load(Ordering::Acquire),
            version: words.text(head::REFUSED_VERSION, head::VERSION_WORDS),
            failed: words.at(head::FAILED).load(Ordering::Acquire),
            failure: words.text(head::FAILURE, head::FAILURE_WORDS),
        }
    }

    fn words(&self) -> Words<'_> {
        mapping::words(&self.head)
    }

    /// The recording in the `index`-th place, which may be under way; `None` if it has not begun.
    pub fn live(&self, index: u32) -> Option<Live> {
        if index >= self.processes() {
            return None;
        }
        let front = self.front(index).ok()?;
        let words = mapping::section_words(&front);
        if words.get(section::READY) != 1 {
            return None;
        }
        let process = u32::try_from(words.get(section::PROCESS)).ok()?;
        let start = Nanos(words.get(section::START_KERNEL));
        Some(Live { front, process, start })
    }

    fn front(&self, index: u32) -> io::Result<Mapped> {
        let first = self.layout.section(index).ok_or(io::ErrorKind::InvalidInput)?;
        Mapped::shared(&self.file, first, self.layout.front_slots())
    }

    /// What the process in the `index`-th place recorded up to `until`, a [`kernel_anchor`] of this
    /// process. `None` if it broke off before it began. It may go on meanwhile.
    ///
    /// # Errors
    ///
    /// The kernel's, if there is no memory to map it.
    pub fn read(&self, index: u32, until: Anchor) -> io::Result<Option<Taken>> {
        let front = Arc::new(self.front(index)?);
        let words = mapping::section_words(&front);
        if words.get(section::READY) != 1 {
            return Ok(None);
        }
        let start = Anchor {
            ticks: Ticks(words.get(section::START_TICKS)),
            os: Nanos(words.get(section::START_KERNEL)),
            error: Nanos(words.get(section::START_ERROR)),
        };
        let source = match words.get(section::TSC) {
            1 => Source::Tsc,
            _ => Source::Os("the time stamp counter is not trusted, or there is none"),
        };
        let end = Some(words.get(section::END)).filter(|&end| end > 0).map(Ticks);
        Ok(Some(Taken {
            process: u32::try_from(words.get(section::PROCESS)).unwrap_or(0),
            name: words.text(section::NAME, section::NAME_WORDS),
            recording: Recording {
                settings: self.settings,
                start,
                end: last_anchor(start, until, source, end),
                pools: mapping::read_pools(&front),
                threads: self.threads(index, &front)?,
            },
            source,
            costs: mapping::read_costs(words),
            calibrated: calibrated(words),
            debug_assertions: words.get(section::DEBUG) == 1,
            has_ended: end.is_some(),
            lost_threads: words.get(section::LOST_THREADS),
            lost_pools: words.get(section::LOST_POOLS),
        }))
    }

    fn threads(
        &self,
        section: u32,
        front: &Arc<Mapped>,
    ) -> io::Result<Vec<(Arc<Member>, Option<Figures>)>> {
        let count = mapping::section_words(front).get(section::THREADS);
        let count = u32::try_from(count).unwrap_or(u32::MAX).min(self.layout.room.threads);
        let mut threads = Vec::new();
        for index in 0..count {
            let entry = Entry { front: Arc::clone(front), index };
            let Some(member) = entry.read() else { continue };
            let figures = match entry.has_log() {
                true => Some(self.log(section, index, member.lane)?.figures()),
                false => None,
            };
            threads.push((Arc::new(member), figures));
        }
        threads.sort_by_key(|(member, _)| member.lane);
        Ok(threads)
    }

    fn log(&self, section: u32, thread: u32, lane: super::LaneId) -> io::Result<Log> {
        let first = self.layout.log(section, thread).ok_or(io::ErrorKind::InvalidInput)?;
        let memory = Arc::new(Mapped::shared(&self.file, first, self.layout.log_slots())?);
        Ok(Log::over(lane, &self.settings, &memory))
    }
}

impl Live {
    /// The kernel's number of its process.
    pub fn process(&self) -> u32 {
        self.process
    }

    /// When it began, on the kernel's monotonic clock.
    pub fn start(&self) -> Nanos {
        self.start
    }

    /// When it ended; `None` if it has not, or if the process was killed.
    pub fn end(&self) -> Option<Nanos> {
        let end = mapping::section_words(&self.front).get(section::END_KERNEL);
        (end > 0).then_some(Nanos(end))
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("process", &self.process).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("file", &self.file).finish_non_exhaustive()
    }
}

fn calibrated(words: Words<'_>) -> Result<Calibrated, String> {
    if words.get(section::CALIBRATED) == 1 {
        let [join_ps, spawn_ps, job_ps] =
            std::array::from_fn(|cost| words.get(section::CALIBRATED + 1 + cost));
        return Ok(Calibrated { join_ps, spawn_ps, job_ps });
    }
    let reason = words.text(section::UNCALIBRATED, section::UNCALIBRATED_WORDS);
    Err(reason.unwrap_or_else(|| {
        "the program ended before rayon's own costs could be calibrated".to_owned()
    }))
}

/// Both clocks at the recording's end: at the ticks of `end`, or when `until` was read.
fn last_anchor(start: Anchor, until: Anchor, source: Source, end: Option<Ticks>) -> Anchor {
    let nanos = until.os.saturating_since(start.os).0;
    let until_ticks = match source {
        Source::Tsc => until.ticks.0,
        // Ticks are nanoseconds that the process counts from a moment of its own.
        Source::Os(_) => start.ticks.0.saturating_add(nanos),
    };
    let ticks = until_ticks.saturating_sub(start.ticks.0).max(1);
    let ended = end
        .map_or(until_ticks, |end| end.0)
        .clamp(start.ticks.0, start.ticks.0.saturating_add(ticks));
    let part = u128::from(nanos) * u128::from(ended - start.ticks.0) / u128::from(ticks);
    Anchor {
        ticks: Ticks(ended),
        // No more than `nanos`, of which it is a part.
        os: start.os + Nanos(u64::try_from(part).unwrap_or(nanos)),
        error: start.error.max(until.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(ticks: u64, os: u64, error: u64) -> Anchor {
        Anchor { ticks: Ticks(ticks), os: Nanos(os), error: Nanos(error) }
    }

    #[test]
    fn an_end_between_two_readings_lies_on_the_line_through_them() {
        let (start, until) = (anchor(1_000, 500, 3), anchor(3_000, 1_500, 7));
        let end = last_anchor(start, until, Source::Tsc, Some(Ticks(2_000)));
        assert_eq!(end, anchor(2_000, 1_000, 7));
    }

    #[test]
    fn a_process_that_told_no_end_was_recorded_until_it_was_read() {
        let (start, until) = (anchor(1_000, 500, 3), anchor(3_000, 1_500, 7));
        assert_eq!(last_anchor(start, until, Source::Tsc, None), anchor(3_000, 1_500, 7));
        let os = Source::Os("as told");
        assert_eq!(last_anchor(start, until, os, None), anchor(2_000, 1_500, 7));
    }

    #[test]
    fn nonsense_from_the_other_side_stays_between_the_readings() {
        let (start, until) = (anchor(u64::MAX - 5, 500, 3), anchor(3_000, 400, 7));
        let end = last_anchor(start, until, Source::Tsc, Some(Ticks(u64::MAX)));
        assert!(end.ticks >= start.ticks && end.os >= start.os);
    }
}
