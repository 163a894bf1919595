//! Start and stop of a recording: by hand, or because the environment asks for it.
//!
//! With the command line the only part that reads the environment or opens files. What the threads
//! recorded becomes a [`Trace`] in `collect`.

mod calibration;
mod collect;
#[cfg(feature = "record")]
mod environment;
mod events;
mod folder;
mod idling;
mod limit;
mod observer;
#[cfg(feature = "cli")]
pub(crate) mod program;

use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::linux;
use crate::model::{CpuLimit, Detail, Trace};
use crate::record::{self, clock};
use collect::{CpuTimes, Stopped, Times};
use observer::{Observed, Observer};

#[cfg(feature = "record")]
pub(crate) use calibration::calibrate_with;
#[cfg(feature = "record")]
pub(crate) use environment::start_from_environment;
pub use folder::{OutputFolder, WriteError};
#[cfg(feature = "record")]
pub(crate) use observer::{leave_own_thread, watch_own_thread};
pub use record::OnFull;

/// A recording under way; one at a time in a process. Dropping it throws the recording away.
///
/// ```
/// use rayprism::facade as rayon;
///
/// let session = rayprism::Session::builder().start()?;
/// let (a, b) = rayon::join(|| 6, || 7);
/// let trace = session.stop();
/// assert_eq!((a * b, trace.counts().joins), (42, 1));
/// # Ok::<(), rayprism::session::StartError>(())
/// ```
#[derive(Debug)]
pub struct Session {
    title: String,
    clock: clock::Source,
    cpu_before: CpuTimes,
    observer: Option<Observer>,
    limit_before: Option<CpuLimit>,
}

/// How to record.
#[derive(Clone, Debug)]
pub struct SessionBuilder {
    detail: Detail,
    buffer_bytes: usize,
    on_full: OnFull,
    title: Option<String>,
    kernel: bool,
}

/// Why a recording could not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// Another session is under way.
    #[error("another recording is under way in this process; stop it first")]
    AlreadyRecording,
    /// The crate was built without the feature `record`.
    #[error("recording is not compiled in; enable rayprism's feature `record`")]
    NotCompiledIn,
}

static STARTING: Mutex<()> = Mutex::new(());

/// Bytes of a record in a lane's buffer.
const RECORD_BYTES: usize = 64;
/// The least that a lane's buffer can be set to.
pub const LEAST_BUFFER_BYTES: usize = 64 << 10;
/// What a lane's buffer is if nothing else is asked for.
pub const DEFAULT_BUFFER_BYTES: usize = 32 << 20;

impl Session {
    /// Settings for a recording, at their defaults.
    pub fn builder() -> SessionBuilder {
        SessionBuilder {
            detail: Detail::Auto,
            buffer_bytes: DEFAULT_BUFFER_BYTES,
            on_full: OnFull::Collapse,
            title: None,
            kernel: true,
        }
    }

    /// Ends the recording and returns it. Operations that are still running are not in it.
    pub fn stop(mut self) -> Trace {
        #[cfg(feature = "layer")]
        crate::spans::write_open_phases();
        // Before the end rather than after it: collecting takes time of the calling thread.
        let cpu_after = CpuTimes::of_all();
        let mut observer = self.observer.take();
        if linux::is_fork() {
            // Neither the observer's thread nor the rings' memory is in a fork.
            std::mem::forget(observer.take());
        }
        if let Some(observer) = &mut observer {
            observer.halt();
        }
        let recording = record::stop().expect("a session is a recording under way");
        let duration = collect::duration(&recording, self.clock);
        let observed =
            observer.map(|observer| Observed::of_recording(observer, &recording, duration));
        let stopped = Stopped {
            recording,
            title: std::mem::take(&mut self.title),
            source: self.clock,
            costs: costs(),
            rayon: calibration::rayon_costs(),
            cpu_times: Times::Read([std::mem::take(&mut self.cpu_before), cpu_after]),
            observed,
            debug_assertions: cfg!(debug_assertions),
            throttled: limit::throttled(self.limit_before.take()),
        };
        // Stopped: `drop` has nothing to throw away.
        std::mem::forget(self);
        collect::trace(stopped)
    }

    /// Ends the recording and writes it: as Perfetto's protobuf if `path` ends in `.pftrace`, else as
    /// Chrome JSON; compressed if `.gz` follows. Nothing half-written is left under `path`.
    pub fn write(self, path: impl AsRef<Path>) -> Result<(), WriteError> {
        let path = path.as_ref();
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        OutputFolder::open(folder)?.write_trace(&name, &self.stop()).map(|_| ())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A fork has a copy of the locks, too, and whoever held them is not in it.
        if !linux::is_fork() {
            record::stop();
        }
    }
}

impl SessionBuilder {
    /// How much to record. Default: [`Detail::Auto`].
    pub fn detail(self, detail: Detail) -> Self {
        Self { detail, ..self }
    }

    /// Bytes of each thread's buffer, at least [`LEAST_BUFFER_BYTES`]. Memory is used only as it
    /// is written. Default: [`DEFAULT_BUFFER_BYTES`].
    pub fn buffer_bytes(self, buffer_bytes: usize) -> Self {
        Self { buffer_bytes: buffer_bytes.max(LEAST_BUFFER_BYTES), ..self }
    }

    /// What to do when a buffer is full. Default: [`OnFull::Collapse`].
    pub fn on_full(self, on_full: OnFull) -> Self {
        Self { on_full, ..self }
    }

    /// What the trace is called. Default: the program's name.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// Whether the kernel is asked for counters, and for when threads were on a CPU: costs a thread
    /// that gathers what it says, about a hundred times a second. Default: yes.
    pub fn kernel(self, kernel: bool) -> Self {
        Self { kernel, ..self }
    }

    /// Starts recording. Operations that begin from here on are in the trace.
    pub fn start(self) -> Result<Session, StartError> {
        if cfg!(not(feature = "record")) {
            return Err(StartError::NotCompiledIn);
        }
        let clock = clock::choose(linux::clock_distrust());
        costs();
        #[cfg(feature = "record")]
        crate::spans::listen();
        // One at a time: of two that start at once, the second one finds the first recording.
        let _turn = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        if record::is_recording() {
            return Err(StartError::AlreadyRecording);
        }
        // Before the recording, because the first event of all may take the kernel 28 ms.
        let observer =
            (self.kernel && self.detail != Detail::Off && !linux::is_fork()).then(Observer::start);
        let settings = record::Settings {
            detail: raw_detail(self.detail),
            capacity: self.buffer_bytes / RECORD_BYTES,
            on_full: self.on_full,
            gauge: observer.as_ref().and_then(Observer::gauge),
        };
        let limit_before = observer.is_some().then(linux::cpu_limit);
        let cpu_before = CpuTimes::of_all();
        record::start(settings).map_err(|record::AlreadyRecording| StartError::AlreadyRecording)?;
        if let Some(observer) = &observer {
            observer.begin();
        }
        let title = self.title.unwrap_or_else(program_name);
        Ok(Session { title, clock, cpu_before, observer, limit_before })
    }
}

fn raw_detail(detail: Detail) -> record::Detail {
    match detail {
        Detail::Off => record::Detail::Off,
        Detail::Count => record::Detail::Count,
        Detail::Auto => record::Detail::Auto,
        Detail::Full => record::Detail::Full,
    }
}

/// What recording costs here, measured once per process.
fn costs() -> record::Costs {
    static COSTS: OnceLock<record::Costs> = OnceLock::new();
    *COSTS.get_or_init(record::measure_costs)
}

fn program_name() -> String {
    let path = std::env::current_exe().ok();
    let stem = path.as_deref().and_then(Path::file_stem);
    stem.map_or_else(|| "a program".to_owned(), |stem| stem.to_string_lossy().into_owned())
}
