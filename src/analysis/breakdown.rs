//! The decomposition by operation, region, phase, call site or worker.
//!
//! Of operations and regions, which follow each other, each has a decomposition of its own, so that
//! idle time is in it. Call sites and workers run beside each other: of them it is told what they
//! did with a job, and of workers how long they had none. Phases are [`phases`](super::phases)'s part.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Window;
use super::decomposition::{Component, CoreTime, Decomposition, Doings, Work, doings};
use super::phases::OfPhase;
use crate::model::{
    Event, EventId, Measured, Nanos, Operation, OperationKind, Pool, Role, SiteId, Span, Trace,
};
use crate::timeline::{Row, Timeline};

/// What the rows of a breakdown are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Calls into rayon by threads or tasks, the outermost of each, by what and where they are.
    Operation,
    /// Stretches that the user named, by that name.
    Region,
    /// The program's own spans, by name.
    Phase,
    /// The lines of the program whose code ran.
    Site,
    /// The pool's workers.
    Worker,
}

/// A decomposition in rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Breakdown {
    /// What they are.
    pub by: By,
    /// Each pool's rows, those with most core-time first, workers by their index.
    pub pools: Vec<Measured<Vec<BreakdownRow>>>,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakdownRow {
    /// Its name; `None` for what has none: no call site was recorded, or nothing was called.
    pub name: Option<String>,
    /// How many operations, regions or phases; `None` of sites and workers.
    pub calls: Option<u64>,
    /// How long they were in sum; `None` of sites.
    pub time: Option<Nanos>,
    /// The components that there are, in the order of [`Component::ALL`].
    pub parts: Vec<(Component, CoreTime)>,
    /// Of sites and workers: time without a job, whatever the reason.
    pub idle: Option<CoreTime>,
}

impl Breakdown {
    /// The breakdown of a trace.
    pub fn of(timeline: &Timeline, window: Window, by: By) -> Self {
        let rows = |pool| match by {
            By::Operation => operations(timeline, window, pool, is_call),
            By::Region => operations(timeline, window, pool, is_region),
            By::Phase => phases(timeline, window, pool),
            By::Site => sites(timeline, window, pool),
            By::Worker => workers(timeline, window, pool),
        };
        Self { by, pools: timeline.pools().iter().map(rows).collect() }
    }
}

pub(super) fn is_region(operation: &Operation) -> bool {
    operation.kind == OperationKind::Region
}

pub(super) fn is_call(operation: &Operation) -> bool {
    operation.kind != OperationKind::Region
}

fn operations(
    timeline: &Timeline,
    window: Window,
    pool: &Pool,
    wanted: fn(&Operation) -> bool,
) -> Measured<Vec<BreakdownRow>> {
    let trace = timeline.trace();
    let mut calls: Vec<(Span, Option<String>)> = outermost(timeline, wanted)
        .into_iter()
        .filter(|operation| window.span.contains(operation.span))
        .map(|operation| (operation.span, Some(name(trace, operation))))
        .collect();
    calls.extend(gaps(window.span, &calls).into_iter().map(|gap| (gap, None)));
    calls.sort_by_key(|(span, _)| (span.start, span.end));
    let parts = Decomposition::of_each(timeline, window, pool, calls.iter().map(|(span, _)| *span));
    parts.map(|parts| {
        let mut rows: BTreeMap<Option<String>, Sum> = BTreeMap::new();
        for ((span, name), part) in calls.into_iter().zip(&parts) {
            rows.entry(name).or_insert(Sum::NONE).add(span, part);
        }
        largest_first(rows.into_iter().map(|(name, sum)| sum.row(name)).collect())
    })
}

/// The outermost of those wanted, one after the other; of several that threads called at the same
/// time, the first.
pub(super) fn outermost<'t>(
    timeline: &'t Timeline,
    wanted: fn(&Operation) -> bool,
) -> Vec<&'t Operation> {
    let operation = |event: &'t Event| match event {
        Event::Operation(operation) if wanted(operation) => Some(operation),
        _ => None,
    };
    let events = timeline.rows().iter().flat_map(|row| &row.lane().events);
    let mut operations: Vec<&Operation> = events.filter_map(operation).collect();
    operations.sort_by_key(|call| (call.span.start, std::cmp::Reverse(call.span.end)));
    let mut end = Nanos::ZERO;
    operations.retain(|call| {
        let free = end <= call.span.start;
        if free {
            end = call.span.end;
        }
        free
    });
    operations
}

/// Where no call is.
fn gaps(window: Span, calls: &[(Span, Option<String>)]) -> Vec<Span> {
    let starts = calls.iter().map(|(span, _)| span.start).chain([window.end]);
    let ends = std::iter::once(window.start).chain(calls.iter().map(|(span, _)| span.end));
    ends.zip(starts).map(|(start, end)| Span { start, end }).filter(|s| s.start < s.end).collect()
}

/// The label, else what and where it is.
fn name(trace: &Trace, operation: &Operation) -> String {
    if let Some(label) = &operation.label {
        return label.clone();
    }
    let what = match operation.chain.and_then(|chain| trace.chain(chain)) {
        Some(chain) => chain,
        None => operation.kind.name(),
    };
    match site_name(trace, operation.site) {
        Some(site) => format!("{what} at {site}"),
        None => what.to_owned(),
    }
}

fn site_name(trace: &Trace, site: Option<SiteId>) -> Option<String> {
    let site = trace.site(site?)?;
    Some(crate::model::short_location(&site.location).to_owned())
}

/// Several operations together.
struct Sum {
    calls: u64,
    time: Nanos,
    parts: BTreeMap<Component, CoreTime>,
}

impl Sum {
    const NONE: Self = Self { calls: 0, time: Nanos::ZERO, parts: BTreeMap::new() };

    fn add(&mut self, span: Span, part: &Decomposition) {
        self.calls += 1;
        self.time += span.duration();
        for part in &part.parts {
            *self.parts.entry(part.component).or_default() += part.time;
        }
    }

    fn row(self, name: Option<String>) -> BreakdownRow {
        let parts = self.parts.into_iter().filter(|(_, time)| *time != CoreTime::ZERO).collect();
        let (calls, time) = (name.is_some().then_some(self.calls), Some(self.time));
        BreakdownRow { calls, time, parts, idle: None, name }
    }
}

fn largest_first(mut rows: Vec<BreakdownRow>) -> Vec<BreakdownRow> {
    let all = |row: &BreakdownRow| -> CoreTime {
        row.parts.iter().map(|(_, time)| *time).chain(row.idle).sum()
    };
    rows.sort_by_key(|row| (std::cmp::Reverse(all(row)), row.name.clone()));
    rows
}

fn workers(timeline: &Timeline, window: Window, pool: &Pool) -> Measured<Vec<BreakdownRow>> {
    let by_worker = |row: &Row| {
        let Role::Worker { index, .. } = row.lane().role else { return Vec::new() };
        vec![index; row.lane().events.len() + 1]
    };
    doings(timeline, window, pool, by_worker).map(|doings| {
        let names = timeline.workers(pool.id);
        let row = |(index, doings): (u32, Doings)| {
            let own = names.iter().find(|row| {
                matches!(row.lane().role, Role::Worker { index: other, .. } if other == index)
            });
            let name = own.and_then(|row| row.lane().name.as_deref());
            let name = name.map_or(index.to_string(), |name| format!("{index} {name}"));
            row_of(Some(name), Some(window.span.duration()), doings)
        };
        doings.into_iter().map(row).collect()
    })
}

fn row_of(name: Option<String>, time: Option<Nanos>, doings: Doings) -> BreakdownRow {
    let Doings { work, idle } = doings;
    let parts = Work::parts(&work).into_iter().filter(|(_, time)| *time != CoreTime::ZERO);
    BreakdownRow { name, calls: None, time, parts: parts.collect(), idle: Some(idle) }
}

fn phases(timeline: &Timeline, window: Window, pool: &Pool) -> Measured<Vec<BreakdownRow>> {
    let row = |(name, OfPhase { calls, time, parts }): (Option<String>, OfPhase)| {
        let time = calls.map(|_| time);
        let parts = parts.into_iter().filter(|(_, time)| *time != CoreTime::ZERO).collect();
        BreakdownRow { name, calls, time, parts, idle: None }
    };
    super::phases::phases(timeline, window, pool)
        .map(|rows| largest_first(rows.into_iter().map(row).collect()))
}

fn sites(timeline: &Timeline, window: Window, pool: &Pool) -> Measured<Vec<BreakdownRow>> {
    let trace = timeline.trace();
    let operations = operation_sites(timeline);
    let by_site = |row: &Row| {
        let mut sites: Vec<Option<SiteId>> = vec![None; row.lane().events.len() + 1];
        for frame in row.frames() {
            let event = &row.lane().events[frame.event()];
            let of_part = || operations.get(&event.part_of()?).copied();
            let around = || sites[row.frames()[frame.parent()?].event()];
            sites[frame.event()] = event.site().or_else(of_part).or_else(around);
        }
        sites
    };
    doings(timeline, window, pool, by_site).map(|doings| {
        let row = |(site, doings)| row_of(site_name(trace, site), None, doings);
        largest_first(doings.into_iter().map(row).collect())
    })
}

/// Where parallel iterators were called, of which leaves and reductions are parts.
fn operation_sites(timeline: &Timeline) -> BTreeMap<EventId, SiteId> {
    let events = timeline.rows().iter().flat_map(|row| &row.lane().events);
    let site = |event: &Event| match event {
        Event::Operation(operation) => Some((operation.id, operation.site?)),
        _ => None,
    };
    events.filter_map(site).collect()
}
