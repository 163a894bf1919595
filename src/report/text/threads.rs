//! The threads of a program that was watched from outside: a table, and what it lacks.

use super::stat::{by_reason, misses, printable, rounded};
use super::style::{Style, elide};
use super::table::{Column, Table};
use super::units::{NONE, counted, or_none, reason, thousands};
use crate::model::{Counter, Nanos, Scheduling, Total};
use crate::report::stat::{Coverage, Late, Stat, ThreadStat, switches};

/// Columns of a name; the kernel's have 15 letters at most.
const NAME: usize = 24;

/// The `top` threads, a row each.
pub(super) fn table(stat: &Stat, top: usize, style: Style) -> Table {
    let threads = &stat.threads[..top.min(stat.threads.len())];
    let cells = |cell: &dyn Fn(&ThreadStat) -> String| threads.iter().map(cell).collect();
    let time = |part: fn(&Scheduling) -> Nanos| {
        cells(&|thread| or_none(&thread.seen.scheduling, |life| part(life).to_string()))
    };
    let mut table = Table::new(vec![
        Column::text("thread", cells(&|thread| name(thread, style))),
        Column::figures("tid", cells(&|thread| thread.seen.thread.to_string())),
        Column::figures("on CPU", time(|life| life.on_cpu)),
        Column::figures("waiting", time(|life| life.preempted)),
        Column::figures("blocked", time(|life| life.voluntary)),
    ]);
    let mut optional = |title: &str, cell: &dyn Fn(&ThreadStat) -> Option<String>| {
        // A column without a figure is a line below the table.
        if threads.iter().any(|thread| cell(thread).is_some()) {
            let or_none = |thread: &ThreadStat| cell(thread).unwrap_or_else(|| NONE.to_owned());
            table.push(Column::figures(title, cells(&or_none)));
        }
    };
    optional("switches/s", &|thread| {
        switches(thread.seen.scheduling.value()?)?;
        Some(rounded(*thread.rates.switches_per_second.value()?))
    });
    optional("migrations", &|thread| thread.seen.scheduling.value()?.migrations.map(thousands));
    for (counter, title) in FAULTS {
        let none = !threads.iter().any(|thread| faults(stat, thread, counter) > Some(0));
        // Programs that wait for no disk have no major ones.
        if counter == Counter::MinorFaults || !none {
            optional(title, &|thread| Some(at_least(thread, faults(stat, thread, counter)?)));
        }
    }
    optional("IPC", &|thread| Some(format!("{:.2}", thread.rates.ipc.value()?)));
    for (counter, title) in MISSES {
        let rate = |thread: &ThreadStat| misses(&thread.rates, counter)?.value().copied();
        optional(title, &|thread| Some(format!("{:.2}", rate(thread)?)));
    }
    table
}

/// Columns of page faults.
const FAULTS: [(Counter, &str); 2] =
    [(Counter::MinorFaults, "minor faults"), (Counter::MajorFaults, "major faults")];

fn faults(stat: &Stat, thread: &ThreadStat, counter: Counter) -> Option<u64> {
    stat.count_of(thread, counter)?.value().copied()
}

/// A count of a thread that may have had more: a hundredth of its CPU time or more was not counted.
fn at_least(thread: &ThreadStat, count: u64) -> String {
    let part = |life: &Scheduling| thread.seen.uncounted.0 >= life.on_cpu.0.div_ceil(100).max(1);
    match thread.seen.scheduling.value().is_some_and(part) {
        true => format!("≥ {}", thousands(count)),
        false => thousands(count),
    }
}

/// Columns of misses in a thousand instructions; L1 and TLB are in the sums and in JSON.
const MISSES: [(Counter, &str); 2] =
    [(Counter::CacheMisses, "cache MPKI"), (Counter::BranchMisses, "branch MPKI")];

fn name(thread: &ThreadStat, style: Style) -> String {
    let name = match &thread.seen.name {
        Some(name) => printable(name),
        None => NONE.to_owned(),
    };
    elide(&name, NAME.min(style.width / 3))
}

/// What is to be said of them, and why figures are missing.
pub(super) fn notes(stat: &Stat, top: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if stat.threads.len() > top {
        let more = thousands((stat.threads.len() - top) as u64);
        notes.push(format!("… and {more} more, all in the JSON"));
    }
    let still = stat.threads.iter().filter(|thread| !thread.seen.has_ended).count() as u64;
    if still > 0 {
        notes.push(format!("{} still ran when the program had ended", counted(still, "thread")));
    }
    let migrations = |thread: &ThreadStat| thread.seen.scheduling.value()?.migrations;
    if stat.threads.iter().all(|thread| migrations(thread).is_none()) {
        notes.push("migrations: not measured (they need the kernel's switch records)".to_owned());
    }
    notes.extend(late(stat));
    notes.extend(uncounted_threads(stat));
    notes.extend(estimated(stat));
    notes.extend(in_sum_only(stat));
    notes
}

/// Counters of a thread that was noticed when it ran already know nothing of its beginning.
fn late(stat: &Stat) -> Option<String> {
    let Coverage { late, on_cpu, uncounted, .. } = stat.coverage.value()?;
    let Late { median, worst, .. } = late.as_ref()?;
    Some(format!(
        "Counters of threads are open {median} after the thread's beginning (median; {worst} at \
         worst): of {on_cpu} of CPU time, {uncounted} are not in them."
    ))
}

/// Threads without counts, by the reason, where others have some.
fn uncounted_threads(stat: &Stat) -> Vec<String> {
    if stat.coverage.value().is_none() {
        return Vec::new();
    }
    let reasons = stat.threads.iter().filter_map(|thread| reason(&thread.seen.counted_from));
    let mut counts: Vec<(&str, u64)> = Vec::new();
    for reason in reasons {
        match counts.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => counts.push((reason, 1)),
        }
    }
    let note = |(reason, count): (&str, u64)| {
        format!("counters of {}: not measured ({reason})", counted(count, "thread"))
    };
    counts.into_iter().map(note).collect()
}

fn estimated(stat: &Stat) -> Option<String> {
    let is_estimated = |total: &&Total| {
        stat.threads.iter().any(|thread| thread.seen.estimated.contains(&total.counter))
    };
    let names: Vec<_> =
        stat.totals.iter().filter(is_estimated).map(|total| total.counter.name()).collect();
    let note = || format!("of threads: {} estimated: counted a part of the time", names.join(", "));
    (!names.is_empty()).then(note)
}

/// Counters that have a sum, but no value of any thread.
fn in_sum_only(stat: &Stat) -> Vec<String> {
    let counters = stat.totals.iter().filter(|total| total.value.value().is_some());
    let missing = counters.filter_map(|total| {
        let counts =
            || stat.threads.iter().filter_map(|thread| stat.count_of(thread, total.counter));
        if counts().any(|count| count.value().is_some()) {
            return None;
        }
        Some((total.counter, counts().find_map(reason)?))
    });
    by_reason(missing).into_iter().map(|note| format!("of each thread: {note}")).collect()
}
