//! A program with a rayon pool and a start handler of its own: the hook in the stock builder gives
//! the workers lanes and CPU times. What is called through the facade is seen; what calls rayon
//! itself, as a dependency may, is not, and the report says so.
//!
//! ```text
//! cargo run --release --example own_pool
//! ```

#![allow(clippy::print_stdout, reason = "an example's output is its purpose")]

use std::cell::Cell;
use std::error::Error;

use rayprism::Session;
use rayprism::facade::{self, Profiled, real as rayon}; // the crate `rayon`, in a program of yours
use rayprism::report::Report;

thread_local! {
    /// What this program wants to have on each of its workers.
    static NUMBER: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Through the facade.
fn fibonacci(n: u32) -> u64 {
    if n < 2 {
        return n.into();
    }
    let (a, b) = facade::join(|| fibonacci(n - 1), || fibonacci(n - 2));
    a + b
}

mod dependency {
    use super::rayon::prelude::*;

    /// Through rayon itself.
    pub(crate) fn sum_of_square_roots(numbers: u64) -> u64 {
        (0..numbers).into_par_iter().map(u64::isqrt).sum()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let session = Session::builder().start()?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        // `.profiled(&session)` if there is no start handler.
        .profiled_with(&session, |index| NUMBER.set(Some(index)))
        .build()?;
    println!("start handlers   {:?}", pool.broadcast(|_| NUMBER.get()));

    let results = pool.install(|| (fibonacci(20), dependency::sum_of_square_roots(1_000_000)));
    println!("results          {results:?}");

    print(&Report::of(&session.stop())?);
    Ok(())
}

fn print(report: &Report) {
    println!("joins            {}", report.counts.clone().map(|counts| counts.joins));
    for pool in &report.activity.pools {
        println!("every call seen  {}", pool.every_call_seen);
        for worker in &pool.workers {
            let busy = worker.times.clone().map(|times| times.busy);
            println!("worker {}         busy {busy}, CPU time {}", worker.index, worker.cpu);
        }
        if let Some(times) = pool.times.value() {
            println!("idle             {}", times.idle);
        }
    }
}
