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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        CountSource, Ended, Measured, Observed, ObservedThread, RingRecords, SchedulingSource,
    };

    const MICRO: u64 = 1_000;

    fn life(on_cpu: u64) -> Scheduling {
        Scheduling {
            source: SchedulingSource::SwitchRecords,
            wall: Nanos(on_cpu),
            on_cpu: Nanos(on_cpu),
            voluntary: Nanos::ZERO,
            preempted: Nanos::ZERO,
            voluntary_switches: None,
            preemptions: None,
            migrations: Some(0),
        }
    }

    /// A thread of a millisecond, less for each that comes later.
    fn thread(
        id: u32,
        from: Result<u64, &str>,
        uncounted: u64,
        cycles: Option<u64>,
    ) -> ObservedThread {
        let none = || Measured::Not("why not".to_owned());
        ObservedThread {
            process: 1,
            thread: id,
            name: Some("worker".to_owned()),
            began: Nanos::ZERO,
            has_ended: true,
            scheduling: Measured::Is(life((1_000 - u64::from(id)) * MICRO)),
            counts: vec![
                cycles.map_or_else(none, Measured::Is),
                from.map_or_else(|_| none(), |_| Measured::Is(1_234)),
            ],
            counted_from: match from {
                Ok(from) => Measured::Is(Nanos(from * MICRO)),
                Err(reason) => Measured::Not(reason.to_owned()),
            },
            uncounted: Nanos(uncounted * MICRO),
            estimated: cycles.map(|_| Counter::Cycles).into_iter().collect(),
        }
    }

    fn stat(threads: Vec<ObservedThread>) -> Stat {
        let total = |counter| Total {
            counter,
            value: Measured::Is(10_000),
            source: CountSource::Counter,
            user_only: false,
            estimated: false,
        };
        let observed = Observed {
            process: 1,
            ended: Ended::Exited(0),
            out_of_time: false,
            started: Nanos(0),
            wall: Nanos(1_000 * MICRO),
            events: Measured::Is(RingRecords::default()),
            totals: [Counter::Cycles, Counter::MinorFaults].map(total).to_vec(),
            threads,
        };
        Stat::of(observed, vec!["program".to_owned()], Vec::new())
    }

    #[test]
    fn what_was_counted_late_or_not_at_all_is_said() {
        let stat = stat(vec![
            thread(1, Ok(0), 0, Some(5)),
            thread(2, Ok(30), 9, Some(5)),
            thread(3, Ok(90), 50, None),
            thread(4, Err("it was gone"), 996, None),
        ]);
        let style = Style { colour: false, width: 100 };
        let mut text = Vec::new();
        table(&stat, 4, style).write(style, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let last: Vec<_> = text.lines().map(|line| line.rsplit("   ").next().unwrap()).collect();
        assert_eq!(last, ["minor faults", "1,234", "1,234", "≥ 1,234", "–"]);
        let expected = [
            "Counters of threads are open 90.0 µs after the thread's beginning (median; 90.0 µs at \
             worst): of 2.99 ms of CPU time, 59.0 µs are not in them.",
            "counters of 1 thread: not measured (it was gone)",
            "of threads: cycles estimated: counted a part of the time",
        ];
        assert_eq!(notes(&stat, 4), expected);
    }

    #[test]
    fn where_no_thread_was_counted_the_counters_say_why() {
        let stat = stat(vec![thread(1, Err("it was gone"), 0, None)]);
        assert_eq!(
            notes(&stat, 1),
            ["of each thread: cycles, minor-faults: not measured (why not)"]
        );
    }
}
