//! `two-sleeps`: two calls that block, one after the other or at the same time. Blocking is the
//! program's own; what differs is what it costs to have a second thread for it.

use std::thread;
use std::time::Duration;

use super::outcome::Outcome;
use super::runtimes::Runtimes;
use super::{
    Body, Definition, Diagnosis, Expected, Integer, Parameter, Settings, Variant, Verdict,
};
use crate::facade as rayon;

/// The workload.
pub static TWO_SLEEPS: Definition<Sleeps> = Definition {
    name: "two-sleeps",
    about: "two calls that block, one after the other or at the same time",
    parameters: &[Parameter::Integer(&SIZE)],
    variants: &[
        Variant::new("serial", "one after the other", Body::Alone(Sleeps::serial)),
        Variant::new("join", "a join of the two", Body::InPool(Sleeps::join))
            .diagnosed(&[Diagnosis::HEALTHY]),
        Variant::new(
            "os-threads",
            "a thread of its own for each",
            Body::OwnThreads(|sleeps: &mut Sleeps, _| sleeps.os_threads()),
        )
        .diagnosed(&[Diagnosis::of_threads(Verdict::OffCpu).or(
            &[Expected::new(Verdict::Blocked, &[])],
            "as the kernel is asked for a new thread late or at once",
        )]),
        Variant::new(
            "tokio",
            "two tasks of tokio's, whose sleeps block no thread",
            Body::OwnThreads(Sleeps::tokio),
        )
        .diagnosed(&[Diagnosis::of_threads(Verdict::Parked)]),
    ],
    coarser: &[],
    memory: None,
    quick: &[],
    prepare: Sleeps::prepare,
    restore: |sleeps| sleeps.calls.check(),
};

static SIZE: Integer = Integer {
    name: "size",
    about: "microseconds that each call blocks",
    min: 1,
    max: 10_000_000,
    default: || 10_000,
};

/// How long each call blocks, and how often they have to return.
#[derive(Debug)]
pub struct Sleeps {
    time: Duration,
    calls: Outcome<u32>,
    runtimes: Runtimes,
}

impl Sleeps {
    fn prepare(settings: &Settings) -> Self {
        Self {
            time: Duration::from_micros(settings.integer(&SIZE)),
            calls: Outcome::new(2),
            runtimes: Runtimes::default(),
        }
    }

    fn serial(&mut self) {
        let first = block(self.time);
        self.calls.set(first + block(self.time));
    }

    fn join(&mut self) {
        let time = self.time;
        let (first, second) = rayon::join(|| block(time), || block(time));
        self.calls.set(first + second);
    }

    fn os_threads(&mut self) {
        let time = self.time;
        let work = move || rayon::region("blocks", || block(time));
        let calls = thread::scope(|scope| {
            let start =
                |name: &str| thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, work);
            // Where a thread cannot be started, its call is missing in the result.
            let threads = [start("first"), start("second")];
            threads.into_iter().flatten().filter_map(|thread| thread.join().ok()).sum()
        });
        self.calls.set(calls);
    }

    fn tokio(&mut self, workers: usize) {
        let time = self.time;
        let calls = self.runtimes.run(workers, async move {
            let [first, second] = [(); 2].map(|()| tokio::spawn(tokio::time::sleep(time)));
            u32::from(first.await.is_ok()) + u32::from(second.await.is_ok())
        });
        // Where no runtime can be had, the result is missing.
        if let Ok(calls) = calls {
            self.calls.set(calls);
        }
    }
}

/// A call that blocks; returns how many calls it was.
fn block(time: Duration) -> u32 {
    thread::sleep(time);
    1
}
