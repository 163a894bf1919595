//! What the kernel keeps of every thread without performance events.

use super::super::thread::{cpu_of, own_cpu, own_id};
use super::Measured;
use super::files::Files;
use crate::model::{Accounting, Availability};

pub(super) fn accounting(files: &Files) -> Accounting {
    Accounting { cpu_clock: cpu_clock(), run_queue: run_queue(files) }
}

/// Of the own thread and of any other, which are two calls.
fn cpu_clock() -> Availability {
    match (own_cpu(), own_id().and_then(cpu_of)) {
        (Some(_), Some(_)) => Availability::Available,
        _ => Availability::Unavailable("the thread's CPU clock could not be read".to_owned()),
    }
}

fn run_queue(files: &Files) -> Availability {
    let unavailable = |reason: &str| Availability::Unavailable(reason.to_owned());
    match files.parsed("/proc/thread-self/schedstat", parse) {
        // A kernel that does not count it says so with zeros; this thread did run.
        Measured::Is([0, 0, 0]) => unavailable("this kernel is built without CONFIG_SCHED_INFO"),
        Measured::Is(_) => Availability::Available,
        Measured::Not(reason) => Availability::Unavailable(reason),
    }
}

/// Time on CPUs, time waited for one, times that it got one.
fn parse(text: &str) -> Option<[u64; 3]> {
    let mut numbers = text.split_whitespace().map(|word| word.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::Fake;
    use super::*;

    #[test]
    fn zeros_are_a_kernel_that_does_not_count() {
        let run_queue =
            |text| run_queue(&Fake::new([("/proc/thread-self/schedstat", text)]).files());
        assert_eq!(run_queue("1200 30 4\n"), Availability::Available);
        assert!(matches!(run_queue("0 0 0\n"), Availability::Unavailable(_)));
        assert!(matches!(run_queue("1200\n"), Availability::Unavailable(_)));
    }
}
