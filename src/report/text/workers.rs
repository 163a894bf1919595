//! The tables of a pool's workers, and what they cannot show.

use std::io::{self, Write};

use super::bar::bar;
use super::on_off;
use super::style::{Paint, Style, columns, wrap};
use super::table::{Column, Table};
use super::units::{NONE, counted, or_none, reason, thousands};
use crate::analysis::{IdleTimes, PoolActivity, Times, WorkerActivity};
use crate::model::{Counts, Measured, Nanos};

/// What is above the bars, the second where there is no room for the first.
const BARS: [&str; 2] = ["█ busy  ░ waiting", "█ busy ░ wait"];
const WIDEST_BAR: usize = 24;

/// Writes a pool's tables; `named` says whether the pool needs a name beside others.
pub(super) fn write(
    pool: &PoolActivity,
    named: bool,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if named {
        writeln!(out, "  {}", style.paint(Paint::Title, &pool_name(pool)))?;
    }
    if !pool.workers.is_empty() {
        table(pool, style).write(style, out)?;
    }
    if on_off::is_known(pool) {
        writeln!(out)?;
        let names = Column::text("worker", Rows { pool }.names());
        on_off::table(pool, names).write(style, out)?;
    }
    for note in notes(pool) {
        for line in wrap(&note, style.width.saturating_sub(2)) {
            writeln!(out, "  {}", style.paint(Paint::Label, &line))?;
        }
    }
    Ok(())
}

/// What tells a pool from others.
pub(super) fn pool_name(pool: &PoolActivity) -> String {
    format!("pool {}, {}", pool.pool.0, counted(pool.threads.into(), "worker"))
}

fn table(pool: &PoolActivity, style: Style) -> Table {
    let rows = Rows { pool };
    let mut table = Table::new(vec![
        Column::text("worker", rows.names()),
        Column::figures("busy", rows.times(|times| times.busy)),
        Column::figures("waiting", rows.times(|times| times.waiting)),
        Column::figures("no task", rows.times(|times| times.no_task)),
    ]);
    if rows.any_absent() {
        table.push(Column::figures("absent", rows.times(|times| times.absent)));
    }
    if rows.any_idle_times() {
        table.push(Column::figures("search", rows.idle_times(|times| times.searching)));
        table.push(Column::figures("sleep", rows.idle_times(|times| times.sleeping)));
    }
    table.push(Column::figures("tasks", rows.counts(|counts| counts.tasks)));
    table.push(Column::figures("steals", rows.counts(|counts| counts.steals)));
    // What the other table has to the same end is not said twice.
    if !on_off::is_known(pool) {
        table.push(Column::figures("CPU time", rows.cpu()));
    }
    let room = table.room(style).min(WIDEST_BAR);
    let title = BARS.into_iter().find(|title| columns(title) <= room);
    if let Some(title) = title.filter(|_| pool.times.value().is_some()) {
        let bars = Column::text(title, rows.bars(room));
        table.push(Column { paint: Paint::Bar, ..bars });
    }
    table
}

/// The cells of a pool's table, column by column: one per worker, and one for all of several.
struct Rows<'a> {
    pool: &'a PoolActivity,
}

impl Rows<'_> {
    fn cells(
        &self,
        one: impl Fn(&WorkerActivity) -> String,
        all: impl FnOnce() -> String,
    ) -> Vec<String> {
        let mut cells: Vec<String> = self.pool.workers.iter().map(one).collect();
        if cells.len() > 1 {
            cells.push(all());
        }
        cells
    }

    fn names(&self) -> Vec<String> {
        self.cells(name, || "all".to_owned())
    }

    fn times(&self, part: fn(&Times) -> Nanos) -> Vec<String> {
        let show = |times: &Measured<Times>| or_none(times, |times| part(times).to_string());
        self.cells(|worker| show(&worker.times), || show(&self.pool.times))
    }

    fn counts(&self, part: fn(&Counts) -> u64) -> Vec<String> {
        let show = |counts: &Measured<Counts>| or_none(counts, |counts| thousands(part(counts)));
        self.cells(|worker| show(&worker.counts), || show(&self.pool.counts))
    }

    fn idle_times(&self, part: fn(&IdleTimes) -> Nanos) -> Vec<String> {
        let show = |times: &Measured<IdleTimes>| or_none(times, |times| part(times).to_string());
        self.cells(|worker| show(&worker.idle_times), || show(&self.pool.idle_times))
    }

    fn any_idle_times(&self) -> bool {
        self.pool.workers.iter().any(|worker| worker.idle_times.value().is_some())
    }

    fn cpu(&self) -> Vec<String> {
        let sum = || self.pool.workers.iter().map(|worker| worker.cpu.value().copied()).sum();
        self.cells(
            |worker| or_none(&worker.cpu, Nanos::to_string),
            || Option::<Nanos>::map_or(sum(), NONE.to_owned(), |sum| sum.to_string()),
        )
    }

    fn bars(&self, width: usize) -> Vec<String> {
        let show = |times: &Measured<Times>| or_none(times, |times| bar_of(times, width));
        self.cells(|worker| show(&worker.times), String::new)
    }

    fn any_absent(&self) -> bool {
        self.pool.times.value().is_some_and(|times| times.absent > Nanos::ZERO)
    }
}

fn name(worker: &WorkerActivity) -> String {
    match &worker.name {
        Some(name) => format!("{} {name}", worker.index),
        None => worker.index.to_string(),
    }
}

fn bar_of(times: &Times, width: usize) -> String {
    let window = times.busy + times.waiting + times.no_task + times.absent;
    if window == Nanos::ZERO {
        return String::new();
    }
    let share = |part: Nanos| part.0 as f64 / window.0 as f64;
    bar(share(times.busy), share(times.waiting), width)
}

/// What the table cannot show, each reason once.
fn notes(pool: &PoolActivity) -> Vec<String> {
    let mut notes = Vec::new();
    if (pool.workers.len() as u64) < u64::from(pool.threads) {
        let (seen, threads) = (pool.workers.len(), pool.threads);
        notes.push(format!("{seen} of {threads} workers of the pool recorded anything"));
    }
    notes.extend(grouped("times", pool, |worker| reason(&worker.times)));
    if on_off::is_known(pool) {
        notes.extend(grouped("time on the CPU", pool, |w| on_off::missing(pool, &w.on_off)));
    } else {
        notes.extend(grouped("CPU time", pool, |worker| reason(&worker.cpu)));
    }
    notes.extend(on_off::note(pool));
    if let Some(times) = pool.times.value().filter(|times| times.opaque > Nanos::ZERO) {
        notes.push(format!(
            "no task: for {} of it an opaque operation ran (such as `par_sort`), which may have been work",
            times.opaque
        ));
    }
    let mut idle_times = pool.workers.iter().filter_map(|worker| worker.idle_times.value());
    if idle_times.any(|times| !times.all_kept) {
        notes.push("search, sleep: without those that were too short to be kept".to_owned());
    }
    let mut times = pool.workers.iter().filter_map(|worker| worker.times.value());
    if let Some(why) = times.find_map(|times| reason(&times.idle)) {
        notes.push(format!("idle time: not measured ({why}); time without a task may be work"));
    }
    notes
}

/// One note for each reason that some workers have in common.
fn grouped(
    what: &str,
    pool: &PoolActivity,
    reason: impl Fn(&WorkerActivity) -> Option<&str>,
) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for worker in &pool.workers {
        let Some(why) = reason(worker) else { continue };
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, workers)) => workers.push(worker.index.to_string()),
            None => reasons.push((why, vec![worker.index.to_string()])),
        }
    }
    let note = |(why, workers): (&str, Vec<String>)| {
        let noun = if workers.len() == 1 { "worker" } else { "workers" };
        format!("{what} of {noun} {}: not measured ({why})", workers.join(", "))
    };
    reasons.into_iter().map(note).collect()
}
