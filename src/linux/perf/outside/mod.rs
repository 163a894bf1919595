//! Any program, watched from outside: how long its threads were on a CPU, waited for one or were
//! blocked, and what counters counted of each.
//!
//! A process is made and stopped short of its `exec` ([`Suspended`]); events are opened on it, on
//! each CPU, which all its threads and processes inherit ([`Observer`]); and it is let go. The
//! kernel writes what happens into a ring per CPU: `record` reads it, `lives` makes lives of it.
//! `counts` adds up what the CPUs counted; `counting` opens each thread's own counters. Where there
//! are no events, `accounting` reads `/proc`.
//!
//! It judges nothing, and prints nothing.

mod accounting;
mod child;
mod counting;
mod counts;
mod cpus;
mod lives;
mod observer;
mod record;
mod signals;

use std::io;
use std::os::fd::RawFd;
use std::process::Command;

pub use child::{Running, Suspended};
pub use observer::Observer;
pub use record::{Record, What};

use crate::linux::perf::switches::monotonic_now;
use crate::linux::program::{Did, Failed, Seen, Wishes};
use crate::model::{Counter, Measured, Nanos, Observed, ObservedThread, RingRecords, Total};

/// How often the end is looked for where no file tells of it.
const LOOK: Nanos = Nanos(10_000_000);

/// Runs a program to its end; `each_interval` gets the sums so far, and when that was; `each` what
/// the threads do.
pub(crate) fn run(
    command: Command,
    wishes: &Wishes,
    mut each_interval: impl FnMut(Nanos, Vec<Total>),
    mut each: impl FnMut(Seen),
) -> Result<Observed, Failed> {
    let suspended = Suspended::start(command).map_err(Failed::Start)?;
    let _signals = signals::PassedOn::to(suspended.process());
    let mut source = Source::open(suspended.process(), wishes);
    let start = monotonic_now().map_err(Failed::Watch)?;
    let running = suspended.release().map_err(Failed::Execute)?;
    let mut ticks = Ticks::new(start, wishes.interval);
    let mut limit = wishes.time_limit.map(|limit| start + limit);
    while !running.has_ended() {
        let next = [ticks.next, limit].into_iter().flatten().min();
        wait(&source, &running, next).map_err(Failed::Watch)?;
        let now = monotonic_now().map_err(Failed::Watch)?;
        if limit.take_if(|limit| now >= *limit).is_some() {
            running.kill();
        }
        source.read(now, &mut each);
        if ticks.is_due(now) {
            each_interval(now.saturating_since(start), source.totals());
        }
    }
    let end = monotonic_now().map_err(Failed::Watch)?;
    source.finish(end, &mut each);
    let process = running.process();
    // Before the process is reaped, its number can be nobody else's.
    let reaped = running.reap().map_err(Failed::Watch)?;
    source.give_up_if_blind(process, &wishes.counters);
    let start = source.start().unwrap_or(start);
    Ok(Observed {
        process,
        ended: reaped.ended,
        out_of_time: wishes.time_limit.is_some() && limit.is_none(),
        started: start,
        wall: end.saturating_since(start),
        totals: source.final_totals(&reaped.usage),
        threads: source.threads(start, end),
        events: source.events(),
    })
}

/// Where figures come from.
enum Source {
    RingRecords(Box<Observer>),
    Accounting {
        accounting: accounting::Accounting,
        reason: String,
    },
    /// Nobody wants any.
    None,
}

impl Source {
    fn open(process: u32, wishes: &Wishes) -> Self {
        if !wishes.kernel {
            return Self::None;
        }
        match Observer::open(process, wishes) {
            Ok(observer) => Self::RingRecords(Box::new(observer)),
            Err(reason) => Self::accounting(process, wishes, reason),
        }
    }

    fn accounting(process: u32, wishes: &Wishes, reason: String) -> Self {
        let accounting = accounting::Accounting::of(process, &wishes.counters);
        Self::Accounting { accounting, reason }
    }

    fn files(&self) -> Vec<RawFd> {
        match self {
            Self::RingRecords(observer) => observer.files().collect(),
            Self::Accounting { .. } | Self::None => Vec::new(),
        }
    }

    fn read(&mut self, now: Nanos, each: &mut impl FnMut(Seen)) {
        match self {
            Self::RingRecords(observer) => observer.drain(|record| tell(record, each)),
            Self::Accounting { accounting, .. } => accounting.read(now),
            Self::None => {}
        }
    }

    fn finish(&mut self, end: Nanos, each: &mut impl FnMut(Seen)) {
        match self {
            Self::RingRecords(observer) => observer.finish(end, |record| tell(record, each)),
            // The first thread's figures are there until it is reaped.
            Self::Accounting { accounting, .. } => accounting.read(end),
            Self::None => {}
        }
    }

    /// When the program did its `exec`, if the kernel told.
    fn start(&self) -> Option<Nanos> {
        match self {
            Self::RingRecords(observer) => observer.start(),
            Self::Accounting { .. } | Self::None => None,
        }
    }

    fn totals(&self) -> Vec<Total> {
        match self {
            Self::RingRecords(observer) => observer.totals(),
            Self::Accounting { accounting, .. } => accounting.totals(),
            Self::None => Vec::new(),
        }
    }

    fn final_totals(&self, usage: &libc::rusage) -> Vec<Total> {
        match self {
            Self::RingRecords(observer) => observer.totals(),
            Self::Accounting { accounting, .. } => accounting.final_totals(usage),
            Self::None => Vec::new(),
        }
    }

    fn threads(&self, start: Nanos, end: Nanos) -> Vec<ObservedThread> {
        match self {
            Self::RingRecords(observer) => observer.threads(start),
            Self::Accounting { accounting, .. } => accounting.threads(start, end),
            Self::None => Vec::new(),
        }
    }

    fn events(&self) -> Measured<RingRecords> {
        match self {
            Self::RingRecords(observer) => Measured::Is(observer.events()),
            Self::Accounting { reason, .. } => Measured::Not(reason.clone()),
            Self::None => Measured::Not("the kernel was not to be asked".to_owned()),
        }
    }

    /// RingRecords that the kernel took away leave the sums of its accounting.
    fn give_up_if_blind(&mut self, process: u32, counters: &[Counter]) {
        let blind = matches!(self, Self::RingRecords(observer) if observer.start().is_none());
        if blind {
            *self = Self::Accounting {
                accounting: accounting::Accounting::of(process, counters),
                reason: "the kernel took the events away when the program started: its file \
                         cannot be read, or gives it rights that you have not"
                    .to_owned(),
            };
        }
    }
}

/// What a record says of a thread.
fn tell(record: &Record, each: &mut impl FnMut(Seen)) {
    let Record { at, cpu, ref what } = *record;
    let (process, thread, did) = match *what {
        What::Switched { process, thread, direction } => (process, thread, Did::Switch(direction)),
        What::Began { process, thread, .. } => (process, thread, Did::Begin),
        What::Named { process, thread, by_exec: true, .. } => (process, thread, Did::Exec),
        What::Named { .. } => return,
        // Of a thread's end its number is enough.
        What::Ended { thread } => (0, thread, Did::End),
        What::Lost(records) => (0, 0, Did::Lose(records)),
    };
    each(Seen { at, cpu, process, thread, did });
}

/// When sums are asked for.
struct Ticks {
    next: Option<Nanos>,
    period: Option<Nanos>,
}

impl Ticks {
    fn new(start: Nanos, period: Option<Nanos>) -> Self {
        Self { next: period.map(|period| start + period), period }
    }

    /// Whether a tick is due; those that were missed are left out.
    fn is_due(&mut self, now: Nanos) -> bool {
        let (Some(next), Some(period)) = (self.next, self.period) else { return false };
        if now < next {
            return false;
        }
        let missed = (now - next).0 / period.0.max(1);
        self.next = Some(Nanos(next.0 + (missed + 1) * period.0));
        true
    }
}

/// Until a ring fills, the program ends, or a tick is due.
fn wait(source: &Source, running: &Running, tick: Option<Nanos>) -> io::Result<()> {
    let polled = |fd: RawFd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let mut files: Vec<_> = source.files().into_iter().chain(running.end()).map(polled).collect();
    let now = monotonic_now()?;
    let period = matches!(source, Source::Accounting { .. }).then_some(now + accounting::PERIOD);
    let look = running.end().is_none().then_some(now + LOOK);
    let until = [tick, period, look].into_iter().flatten().min();
    if poll(&mut files, until.map(|until| until.saturating_since(now)))?
        && files.iter().any(|file| file.revents & libc::POLLHUP != 0)
    {
        // All that was watched has ended; until the program has, its files would wake us at once.
        poll(&mut [], Some(Nanos(1_000_000)))?;
    }
    Ok(())
}

/// Whether a file is ready; a signal ends the wait, too.
fn poll(files: &mut [libc::pollfd], timeout: Option<Nanos>) -> io::Result<bool> {
    let millis = timeout.map_or(Ok(-1), |time| i32::try_from(time.0.div_ceil(1_000_000)));
    let (count, millis) = (files.len() as libc::nfds_t, millis.unwrap_or(i32::MAX));
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: `files` is as long as is said.
    let ready = unsafe { libc::poll(files.as_mut_ptr(), count, millis) };
    match ready {
        0.. => Ok(ready > 0),
        _ => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            error => Err(error),
        },
    }
}
