//! The table of a pool's workers on and off the CPU, and notes on what it rests on.

use super::table::{Column, Table};
use super::units::{NONE, or_none, reason, thousands};
use crate::analysis::{OnOff, OnOffParts, PoolActivity};
use crate::model::{Nanos, Scheduling};

/// Whether there is anything of it to be shown.
pub(super) fn is_known(pool: &PoolActivity) -> bool {
    pool.workers.iter().any(|worker| worker.on_off.sums.value().is_some())
}

/// Whether any worker's time can be told apart by whether it had a job.
fn has_parts(pool: &PoolActivity) -> bool {
    pool.workers.iter().any(|worker| worker.on_off.parts.value().is_some())
}

/// The table, with `names` as its first column: a worker each, and all of several.
pub(super) fn table(pool: &PoolActivity, names: Column) -> Table {
    let rows = Rows { pool };
    let mut table = Table::new(vec![names]);
    if has_parts(pool) {
        rows.push_parts(&mut table);
    } else {
        rows.push_sums(&mut table);
    }
    rows.push_counts(&mut table);
    table
}

/// Why a worker has no times in the table; `None` if it has.
pub(super) fn missing<'a>(pool: &PoolActivity, on_off: &'a OnOff) -> Option<&'a str> {
    if has_parts(pool) { reason(&on_off.parts) } else { reason(&on_off.sums) }
}

/// What the table rests on, where that is not what it seems.
pub(super) fn note(pool: &PoolActivity) -> Option<String> {
    if !is_known(pool) {
        return None;
    }
    if !has_parts(pool) {
        let why = reason(&pool.on_off.parts)?;
        return Some(format!(
            "on and off the CPU: sums of the whole recording; whether there was a job is not \
             measured ({why})"
        ));
    }
    let parts = pool.workers.iter().filter_map(|worker| worker.on_off.parts.value());
    let unplaced: Nanos = parts.map(|parts| parts.unplaced).sum();
    (unplaced > Nanos::ZERO).then(|| {
        format!("on CPU: holds up to {unplaced} off the CPU, in stretches too short to be kept")
    })
}

/// A column's title, and what of some figures it shows.
type Titled<F, T> = (&'static str, fn(&F) -> T);

struct Rows<'a> {
    pool: &'a PoolActivity,
}

impl Rows<'_> {
    /// One cell per worker, and one for all of several.
    fn cells(&self, cell: impl Fn(&OnOff) -> String) -> Vec<String> {
        let workers = self.pool.workers.iter().map(|worker| cell(&worker.on_off));
        let all = (self.pool.workers.len() > 1).then(|| cell(&self.pool.on_off));
        workers.chain(all).collect()
    }

    fn push_parts(&self, table: &mut Table) {
        let parts: [Titled<OnOffParts, Nanos>; 5] = [
            ("on CPU", OnOffParts::on_cpu),
            ("preempted", |parts| parts.preempted),
            ("blocked", |parts| parts.blocked),
            ("yielded", |parts| parts.yielded),
            ("asleep", |parts| parts.asleep),
        ];
        for (title, part) in parts {
            let cell = |on_off: &OnOff| or_none(&on_off.parts, |parts| part(parts).to_string());
            table.push(Column::figures(title, self.cells(cell)));
        }
    }

    fn push_sums(&self, table: &mut Table) {
        let sums: [Titled<Scheduling, Nanos>; 3] = [
            ("on CPU", |sums| sums.on_cpu),
            ("off, runnable", |sums| sums.preempted),
            ("off, voluntary", |sums| sums.voluntary),
        ];
        for (title, part) in sums {
            let cell = |on_off: &OnOff| or_none(&on_off.sums, |sums| part(sums).to_string());
            table.push(Column::figures(title, self.cells(cell)));
        }
    }

    /// Exact numbers of the whole recording, where any are known.
    fn push_counts(&self, table: &mut Table) {
        let counts: [Titled<Scheduling, Option<u64>>; 2] = [
            ("switches", |sums| Some(sums.voluntary_switches? + sums.preemptions?)),
            ("migrations", |sums| sums.migrations),
        ];
        for (title, count) in counts {
            let cell = |on_off: &OnOff| {
                let count = on_off.sums.value().and_then(count);
                count.map_or_else(|| NONE.to_owned(), thousands)
            };
            let cells = self.cells(cell);
            if cells.iter().any(|cell| cell != NONE) {
                table.push(Column::figures(title, cells));
            }
        }
    }
}
