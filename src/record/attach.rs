//! Recording into memory that another process owns: `rayprism record` reads it when the program has
//! ended, however it did.
//!
//! For a front end:
//!
//! 1. Call [`attach`] whenever the process may be about to use rayon for the first time: before a
//!    pool is built, and before a worker is registered. If the environment variable [`VARIABLE`] names
//!    a mapping, the first call takes the recording up; every further one is a single load. If it
//!    says why it could not, tell the user on standard error; the program then runs as it is.
//! 2. If [`is_serial`], run every join, scope and spawn in its place: the caller wants to know
//!    what the program takes without rayon. Joins say so themselves ([`Slow::Elided`](super::Slow)
//!    each time); what is spawned by a worker is to be called there and then, and not recorded. If
//!    [`has_one_worker`], which is so then, too, build every pool with one worker.
//! 3. Nothing else: threads, pools, events and the end are told by what the recorder does anyway. At
//!    the process's `exit` the recording ends, and the front end's `calibrate` is called then.
//!
//! A fork of the process has none of its threads. What it inherits is cut off from the mapping, and
//! it is a process of its own from then on, which records once its front end calls [`attach`] again.
//! (A process made by the bare system call, around the C library, must not use rayon.)
//!
//! What lies where is `mapping`'s; the side that reads is `parent`.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::clock::{self, Source};
use super::cost::{self, Costs};
use super::ids::LaneId;
use super::log::Log;
use super::mapping::{
    self, ABI, Entry, LAYOUT, Layout, MAGIC, Room, VERSION, Words, head, kernel_anchor, section,
};
use super::memory::{Mapped, PAGE_SLOTS};
use super::recorder::{self, Identity, PoolEntry, Settings};
use super::time::Ticks;

/// Names the mapping's file.
pub const VARIABLE: &str = "RAYPRISM_ATTACH";

/// What a front end does for the recording beside recording.
#[derive(Clone, Copy, Debug)]
pub struct FrontEnd {
    /// Finds out what rayon's own calls cost, when nothing is recorded any more; or says why not.
    pub calibrate: fn() -> Result<Calibrated, String>,
}

/// What rayon's own calls cost where nothing is in their way, in picoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibrated {
    /// A join of two empty closures.
    pub join_ps: u64,
    /// Spawning a job.
    pub spawn_ps: u64,
    /// Running it.
    pub job_ps: u64,
}

/// What became of a call of [`attach`].
#[derive(Debug)]
pub enum Attached {
    /// Nobody asked for a recording into a mapping.
    NotAsked,
    /// A call before this one has done it, or has failed.
    Before,
    /// The recording has begun.
    Now,
    /// It was asked for, and cannot be done.
    Not(Refused),
}

/// Why a recording could not be taken up.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refused {
    /// The file could not be opened, or not be mapped.
    Unreachable(OsString, io::Error),
    /// It is no mapping of a recording.
    Foreign(OsString),
    /// It was made by another version; both are told.
    Version {
        /// The version of what records.
        parent: String,
    },
    /// It is shorter than it says.
    TooSmall,
    /// More processes than there is room for.
    Full(u32),
    /// The process records already.
    AlreadyRecording,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(path, error) => {
                write!(
                    f,
                    "{VARIABLE} names {}, which cannot be mapped: {error}",
                    Path::new(path).display()
                )
            }
            Self::Foreign(path) => {
                write!(f, "{VARIABLE} names {}, which is no recording", Path::new(path).display())
            }
            Self::Version { parent } => write!(
                f,
                "the program was built with rayprism {VERSION} and is recorded by rayprism {parent}, which do not \
                 understand each other; use the same version for both"
            ),
            Self::TooSmall => f.write_str("the mapping to record into is shorter than it says"),
            Self::Full(most) => {
                write!(f, "{most} processes are recorded already, which is the most")
            }
            Self::AlreadyRecording => {
                f.write_str("the program was recording by itself when it was to be recorded")
            }
        }
    }
}

impl std::error::Error for Refused {}

/// Whether it was tried, in this process. A fork tries again.
static TRIED: AtomicBool = AtomicBool::new(false);
/// Whose turn it is to try.
static TURN: Mutex<()> = Mutex::new(());
/// See [`Workers`].
static WORKERS: AtomicU64 = AtomicU64::new(0);

/// Takes up the recording that the environment asks for; see the module. Threads that call it
/// meanwhile wait.
#[inline]
pub fn attach(front: &'static FrontEnd) -> Attached {
    if TRIED.load(Ordering::Acquire) { Attached::Before } else { first(front) }
}

/// How the program is to run: what it is compared with, itself, is run with fewer workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// As it wants to.
    AsItIs = 0,
    /// With one worker in each pool.
    One = 1,
    /// The same, and everything in its place.
    Serial = 2,
}

/// Whether everything is to run in its place.
#[inline]
pub fn is_serial() -> bool {
    WORKERS.load(Ordering::Relaxed) == Workers::Serial as u64
}

/// Whether every pool is to have one worker.
#[inline]
pub fn has_one_worker() -> bool {
    WORKERS.load(Ordering::Relaxed) != Workers::AsItIs as u64
}

#[cold]
fn first(front: &'static FrontEnd) -> Attached {
    let _turn = lock(&TURN);
    if TRIED.load(Ordering::Acquire) {
        return Attached::Before;
    }
    let attached = match env::var_os(VARIABLE) {
        None => Attached::NotAsked,
        Some(path) => match take_up(path, front) {
            Ok(()) => Attached::Now,
            Err(refused) => Attached::Not(refused),
        },
    };
    TRIED.store(true, Ordering::Release);
    attached
}

fn take_up(path: OsString, front: &'static FrontEnd) -> Result<(), Refused> {
    let unreachable = |error| Refused::Unreachable(path.clone(), error);
    let file = open(&path).map_err(unreachable)?;
    let bytes = file.metadata().map_err(unreachable)?.len();
    if bytes < (PAGE_SLOTS * size_of::<super::buffer::Slot>()) as u64 {
        return Err(Refused::Foreign(path));
    }
    let first = Mapped::shared(&file, 0, PAGE_SLOTS).map_err(unreachable)?;
    let words = mapping::words(&first);
    if words.get(head::MAGIC) != MAGIC {
        return Err(Refused::Foreign(path));
    }
    check_version(words)?;
    let taken = Section::claim(path, &file, bytes, words)
        .and_then(|(section, settings)| begin(section, settings, words, front));
    if let Err(refused) = &taken {
        words.set_text(head::FAILURE, head::FAILURE_WORDS, Some(&refused.to_string()));
        words.at(head::FAILED).fetch_add(1, Ordering::AcqRel);
    }
    taken
}

fn check_version(words: Words<'_>) -> Result<(), Refused> {
    if words.get(head::ABI) == ABI && words.get(head::LAYOUT) == LAYOUT {
        return Ok(());
    }
    words.set_text(head::REFUSED_VERSION, head::VERSION_WORDS, Some(VERSION));
    words.at(head::REFUSED).fetch_add(1, Ordering::AcqRel);
    let parent = words.text(head::VERSION, head::VERSION_WORDS);
    Err(Refused::Version { parent: parent.unwrap_or_else(|| "of another version".to_owned()) })
}

fn begin(
    section: Section,
    settings: Settings,
    words: Words<'_>,
    front: &'static FrontEnd,
) -> Result<(), Refused> {
    let distrusted = words.get(head::OS_CLOCK) == 1;
    let source = clock::choose(distrusted.then_some("who records does not trust the counter"));
    if recorder::is_recording() {
        return Err(Refused::AlreadyRecording);
    }
    section.tell_itself(source, &cost::measure());
    WORKERS.store(words.get(head::WORKERS), Ordering::Relaxed);
    process::watch_forks_and_exit(front);
    recorder::start_in(section, settings).map_err(|_| Refused::AlreadyRecording)
}

fn open(path: &OsString) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// The place of this process in the mapping.
pub(super) struct Section {
    path: OsString,
    /// Who opens `path` again must find the same file.
    file: (u64, u64),
    layout: Layout,
    index: u32,
    front: Arc<Mapped>,
    /// All that is mapped, to be cut off in a fork: it stays mapped as long as the process lives.
    mapped: Mutex<Vec<Arc<Mapped>>>,
}

impl Section {
    fn claim(
        path: OsString,
        file: &File,
        bytes: u64,
        words: Words<'_>,
    ) -> Result<(Self, Settings), Refused> {
        let small = |word| u32::try_from(words.get(word)).map_err(|_| Refused::TooSmall);
        let room = Room { sections: small(head::SECTIONS)?, threads: small(head::THREADS)? };
        let settings = mapping::read_settings(words).ok_or(Refused::TooSmall)?;
        let layout = Layout { room, capacity: settings.capacity };
        if layout.bytes().is_none_or(|needed| bytes < needed) {
            return Err(Refused::TooSmall);
        }
        let index = words.at(head::CLAIMED).fetch_add(1, Ordering::AcqRel);
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let first = layout.section(index).filter(|_| index < room.sections);
        let first = first.ok_or(Refused::Full(room.sections))?;
        let shared = Mapped::shared(file, first, layout.front_slots());
        let front = shared.map(Arc::new);
        let front = front.map_err(|error| Refused::Unreachable(path.clone(), error))?;
        let mapped = Mutex::new(vec![Arc::clone(&front)]);
        let file = identity(file).map_err(|error| Refused::Unreachable(path.clone(), error))?;
        Ok((Self { path, file, layout, index, front, mapped }, settings))
    }

    fn words(&self) -> Words<'_> {
        mapping::section_words(&self.front)
    }

    fn tell_itself(&self, source: Source, costs: &Costs) {
        let words = self.words();
        let start = kernel_anchor();
        words.set(section::PROCESS, own_process().map_or(0, u64::from));
        words.set(section::START_TICKS, start.ticks.0);
        words.set(section::START_KERNEL, start.os.0);
        words.set(section::START_ERROR, start.error.0);
        words.set(section::TSC, u64::from(source == Source::Tsc));
        words.set(section::DEBUG, u64::from(cfg!(debug_assertions)));
        mapping::write_costs(words, costs);
        let program = env::current_exe().ok();
        let name = program.as_deref().and_then(Path::file_stem).map(|name| name.to_string_lossy());
        words.set_text(section::NAME, section::NAME_WORDS, name.as_deref());
        words.set(section::READY, 1);
    }

    pub(super) fn set_end(&self) {
        let end = kernel_anchor();
        self.words().set(section::END_KERNEL, end.os.0);
        self.words().set(section::END, end.ticks.0);
    }

    pub(super) fn tell_calibrated(&self, calibrated: &Result<Calibrated, String>) {
        let words = self.words();
        match calibrated {
            Ok(Calibrated { join_ps, spawn_ps, job_ps }) => {
                let costs = [*join_ps, *spawn_ps, *job_ps];
                costs.into_iter().zip(section::CALIBRATED + 1..).for_each(|(c, w)| words.set(w, c));
                words.set(section::CALIBRATED, 1);
            }
            Err(reason) => {
                let (word, len) = (section::UNCALIBRATED, section::UNCALIBRATED_WORDS);
                words.set_text(word, len, Some(reason));
            }
        }
    }

    pub(super) fn tell_pool(&self, pool: &PoolEntry) {
        if !mapping::write_pool(&self.front, pool) {
            self.words().at(section::LOST_POOLS).fetch_add(1, Ordering::AcqRel);
        }
    }

    /// The thread's place in the table; `None` if there is no room. Called under the recorder's lock.
    pub(super) fn tell_thread(
        &self,
        lane: LaneId,
        started: Ticks,
        who: &Identity,
    ) -> Option<Entry> {
        let threads = self.words().get(section::THREADS);
        let index = u32::try_from(threads).ok().filter(|&index| index < self.layout.room.threads);
        let Some(index) = index else {
            self.lose_thread();
            return None;
        };
        let entry = Entry { front: Arc::clone(&self.front), index };
        entry.write(lane, started, who);
        self.words().set(section::THREADS, threads + 1);
        Some(entry)
    }

    /// Memory for a thread's log; `None` if there is none.
    pub(super) fn log(&self, lane: LaneId, settings: &Settings, entry: &Entry) -> Option<Log> {
        if entry.has_log() {
            return None;
        }
        let Ok(memory) = self.map_log(entry.index) else {
            self.lose_thread();
            return None;
        };
        let memory = Arc::new(memory);
        lock(&self.mapped).push(Arc::clone(&memory));
        let log = Log::over(lane, settings, &memory);
        entry.set_log();
        Some(log)
    }

    /// The file is opened again rather than kept open: a program that closes all files that it does
    /// not know would let another one have its number.
    fn map_log(&self, thread: u32) -> io::Result<Mapped> {
        let first = self.layout.log(self.index, thread);
        let first = first.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let file = open(&self.path)?;
        if identity(&file)? != self.file {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        Mapped::shared(&file, first, self.layout.log_slots())
    }

    fn lose_thread(&self) {
        self.words().at(section::LOST_THREADS).fetch_add(1, Ordering::AcqRel);
    }

    /// In a fork: nothing is written into it any more; false if something still could be.
    pub(super) fn leave_to_parent(self) -> bool {
        // Whoever had this lock had the recorder's, too, which nobody else has in a fork.
        let mapped = std::mem::take(&mut *lock(&self.mapped));
        let is_cut_off = mapped.iter().all(|mapped| mapped.cut_off());
        // Logs of this thread's lie there.
        std::mem::forget(mapped);
        std::mem::forget(self);
        is_cut_off
    }
}

/// Which file it is.
#[cfg(unix)]
fn identity(file: &File) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().map(|data| (data.dev(), data.ino()))
}

#[cfg(not(unix))]
fn identity(_: &File) -> io::Result<(u64, u64)> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

pub(super) use process::own_process;

/// The process's forks and its end.
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod process {
    use std::cell::UnsafeCell;
    use std::ffi::c_int;
    use std::sync::{MutexGuard, Once, OnceLock};

    use super::{FrontEnd, Ordering, TRIED, TURN, WORKERS, Workers, lock, recorder};

    #[expect(unsafe_code, reason = "the C library's, without the crate")]
    // SAFETY: declared as POSIX does.
    unsafe extern "C" {
        fn getpid() -> c_int;
        fn atexit(handler: extern "C" fn()) -> c_int;
        fn pthread_atfork(
            prepare: Option<extern "C" fn()>,
            parent: Option<extern "C" fn()>,
            child: Option<extern "C" fn()>,
        ) -> c_int;
    }

    /// The kernel's number of this process.
    pub(in super::super) fn own_process() -> Option<u32> {
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: it takes nothing and cannot fail.
        u32::try_from(unsafe { getpid() }).ok()
    }

    static FRONT: OnceLock<&'static FrontEnd> = OnceLock::new();

    /// Without the handlers (there is no memory for them) a recording would be ended by the
    /// process's end, and a fork must not use rayon.
    pub(super) fn watch_forks_and_exit(front: &'static FrontEnd) {
        static ONCE: Once = Once::new();
        FRONT.get_or_init(|| front);
        ONCE.call_once(|| {
            #[expect(unsafe_code, reason = "the C library's hooks are the only ones")]
            // SAFETY: the handlers take nothing, unwind nowhere, and are never unloaded.
            unsafe {
                pthread_atfork(Some(before_fork), Some(after_fork), Some(in_child));
                atexit(at_exit);
            }
        });
    }

    /// What the thread that forks holds meanwhile: nobody else is then in the middle of anything.
    struct Held(
        UnsafeCell<Option<(MutexGuard<'static, ()>, MutexGuard<'static, recorder::State>)>>,
    );

    #[expect(unsafe_code, reason = "a guard has to outlive the function that took it")]
    // SAFETY: reached by the thread alone that holds `TURN`, from when it has taken it in
    // `before_fork` until it gives it back.
    unsafe impl Sync for Held {}

    static HELD: Held = Held(UnsafeCell::new(None));

    extern "C" fn before_fork() {
        let guards = (lock(&TURN), recorder::state());
        #[expect(unsafe_code, reason = "see `Held`")]
        // SAFETY: this thread has just taken `TURN`.
        unsafe {
            *HELD.0.get() = Some(guards);
        }
    }

    fn held() -> Option<(MutexGuard<'static, ()>, MutexGuard<'static, recorder::State>)> {
        #[expect(unsafe_code, reason = "see `Held`")]
        // SAFETY: this thread, or the one that it is a copy of, took `TURN` in `before_fork`.
        unsafe {
            (*HELD.0.get()).take()
        }
    }

    extern "C" fn after_fork() {
        drop(held());
    }

    extern "C" fn in_child() {
        let Some((turn, mut state)) = held() else { return };
        let is_cut_off = state.leave_to_parent();
        WORKERS.store(Workers::AsItIs as u64, Ordering::Relaxed);
        // What could not be cut off would be written by two processes: then nothing is recorded.
        TRIED.store(!is_cut_off, Ordering::Release);
        drop((state, turn));
    }

    extern "C" fn at_exit() {
        // A panic must not cross into C.
        let _ = std::panic::catch_unwind(|| {
            if !recorder::end_in_section() {
                return;
            }
            if let Some(front) = FRONT.get() {
                recorder::tell_calibrated(&(front.calibrate)());
            }
        });
    }
}

/// There is nothing to attach to here.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64", not(miri))))]
mod process {
    pub(in super::super) fn own_process() -> Option<u32> {
        None
    }

    pub(super) fn watch_forks_and_exit(_: &'static super::FrontEnd) {}
}

/// Nothing that a panic could leave half-done happens under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
