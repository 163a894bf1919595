//! What lints look at: a trace's figures, borrowed, and one pool's part of them.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::analysis::{
    Activity, CallSite, Component, CoreTime, Decomposition, KernelFigures, Measurement, OwnCost,
    Steals, Window,
};
use crate::model::{
    Collapsed, Event, EventId, Join, Lane, Leaf, Measured, Nanos, Operation, OperationKind, Pool,
    Role, SiteId, Span, Task, Trace,
};
use crate::timeline::{Row, Timeline};

use super::fact::Loss;

/// A trace's figures.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// The events, where figures are not evidence enough.
    pub timeline: &'a Timeline<'a>,
    /// The stretch of the recording that the figures are of.
    pub window: Window,
    /// Where the core-time of each pool went, in the order of the pools.
    pub decompositions: &'a [Measured<Decomposition>],
    /// What each worker did.
    pub activity: &'a Activity,
    /// What the parallel iterators did.
    pub call_sites: &'a [CallSite],
    /// Who stole from whom.
    pub steals: &'a Steals,
    /// What the kernel and the hardware counted.
    pub kernel: &'a KernelFigures,
    /// What the recording itself cost.
    pub own_cost: &'a OwnCost,
}

impl<'a> Picture<'a> {
    pub(super) fn trace(&self) -> &'a Trace {
        self.timeline.trace()
    }

    pub(super) fn site(&self, site: Option<SiteId>) -> Option<String> {
        self.trace().site(site?).map(|site| site.location.clone())
    }

    /// The pools whose time was told apart.
    pub(super) fn pools(&self) -> impl Iterator<Item = View<'a>> {
        let picture = *self;
        self.timeline.pools().iter().zip(self.decompositions).filter_map(move |(pool, whole)| {
            let whole = whole.value()?;
            Some(View::new(picture, pool, whole))
        })
    }

    /// Calls by threads that are no workers, within the window.
    pub(super) fn calls_from_outside(&self) -> impl Iterator<Item = (&'a Lane, &'a Operation)> {
        let window = self.window.span;
        let rows = self.timeline.rows().iter().filter(|row| row.lane().role == Role::Outside);
        rows.flat_map(|row| operations(row.lane())).filter(move |(_, operation)| {
            operation.kind != OperationKind::Region && window.contains(operation.span)
        })
    }
}

/// One pool's part of a picture.
pub(super) struct View<'a> {
    pub(super) picture: Picture<'a>,
    pub(super) pool: &'a Pool,
    pub(super) whole: &'a Decomposition,
    /// The call sites whose leaves ran here.
    pub(super) sites: Vec<Site<'a>>,
    /// What parts of the window are decomposed with.
    measurement: OnceCell<Measured<Measurement<'a>>>,
}

impl<'a> View<'a> {
    fn new(picture: Picture<'a>, pool: &'a Pool, whole: &'a Decomposition) -> Self {
        let (sites, measurement) = (Vec::new(), OnceCell::new());
        let mut view = Self { picture, pool, whole, sites, measurement };
        view.sites = sites_of(&view);
        view
    }

    pub(super) fn workers(&self) -> u64 {
        u64::from(self.pool.threads)
    }

    pub(super) fn rows(&self) -> Vec<&'a Row<'a>> {
        self.picture.timeline.workers(self.pool.id)
    }

    /// The core-time of several components together.
    pub(super) fn time(&self, components: &[Component]) -> CoreTime {
        components.iter().map(|&component| self.whole.time(component)).sum()
    }

    /// The program's own code on a CPU, split up or not.
    pub(super) fn work(&self) -> CoreTime {
        use Component::{Algorithmic, Inflation, Useful, Work};
        self.time(&[Work, Useful, Algorithmic, Inflation])
    }

    /// A loss, if it is worth a finding.
    pub(super) fn loss(&self, time: CoreTime) -> Option<Loss> {
        let cores = time.cores(self.whole.window.duration())?;
        let share = time.cores(self.whole.core_time)?;
        (share >= super::LEAST_LOSS).then_some(Loss { time, cores, share })
    }

    /// The tasks of its workers, within the window.
    pub(super) fn tasks(&self) -> impl Iterator<Item = (&'a Lane, &'a Task)> {
        self.events().filter_map(|(lane, event)| match event {
            Event::Task(task) => Some((lane, task)),
            _ => None,
        })
    }

    /// The joins that the program called and that were timed.
    pub(super) fn joins(&self) -> impl Iterator<Item = &'a Join> {
        self.events().filter_map(|(_, event)| match event {
            Event::Join(join) if join.operation.is_none() => Some(join),
            _ => None,
        })
    }

    pub(super) fn leaves(&self) -> impl Iterator<Item = (&'a Lane, &'a Leaf)> {
        self.events().filter_map(|(lane, event)| match event {
            Event::Leaf(leaf) => Some((lane, leaf)),
            _ => None,
        })
    }

    pub(super) fn collapsed(&self) -> impl Iterator<Item = &'a Collapsed> {
        self.events().filter_map(|(_, event)| match event {
            Event::Collapsed(collapsed) => Some(collapsed),
            _ => None,
        })
    }

    fn events(&self) -> impl Iterator<Item = (&'a Lane, &'a Event)> {
        let window = self.picture.window.span;
        let lanes = self.rows().into_iter().map(Row::lane);
        let events = lanes.flat_map(|lane| lane.events.iter().map(move |event| (lane, event)));
        events.filter(move |(_, event)| overlap(event.span(), window) > Nanos::ZERO)
    }

    /// What was lost in a component within some spans, which may overlap.
    pub(super) fn within(&self, spans: Vec<Span>, components: &[Component]) -> CoreTime {
        let picture = &self.picture;
        let apart = apart(spans, picture.window.span);
        if apart.is_empty() {
            return CoreTime::ZERO;
        }
        let measured = || Measurement::of(picture.timeline, picture.window, self.pool);
        match self.measurement.get_or_init(measured) {
            Measured::Is(measurement) => measurement
                .of_each(apart)
                .iter()
                .flat_map(|part| components.iter().map(|&component| part.time(component)))
                .sum(),
            Measured::Not(_) => CoreTime::ZERO,
        }
    }
}

/// A parallel iterator's call site, as far as a pool ran it.
pub(super) struct Site<'a> {
    pub(super) figures: &'a CallSite,
    pub(super) calls: u64,
    pub(super) items: u64,
    pub(super) leaves: u64,
    pub(super) splits: u64,
    /// Of the leaves, those that the pool's workers ran.
    leaves_here: u64,
    /// Workers of the pool that called it.
    pub(super) callers: u64,
    /// The kept calls.
    pub(super) kept: Vec<&'a Operation>,
    /// Of the pool's kept leaves.
    pub(super) kept_leaves: Vec<(&'a Lane, &'a Leaf)>,
}

/// The call sites with counts whose leaves a pool's workers ran.
fn sites_of<'a>(view: &View<'a>) -> Vec<Site<'a>> {
    let trace = view.picture.trace();
    let mut sites: Vec<Site> = view.picture.call_sites.iter().filter_map(Site::new).collect();
    let mut found: HashMap<(Option<SiteId>, Option<&str>), Option<usize>> = HashMap::new();
    let mut find = |sites: &[Site], site: Option<SiteId>, label: Option<&'a str>| {
        let of = || sites.iter().position(|known| known.is(trace, site, label));
        *found.entry((site, label)).or_insert_with(of)
    };
    let mut of_operation: HashMap<EventId, usize> = HashMap::new();
    for (_, operation) in trace.lanes.iter().flat_map(operations) {
        if operation.kind != OperationKind::Iterator {
            continue;
        }
        if let Some(at) = find(&sites, operation.site, operation.label.as_deref()) {
            of_operation.insert(operation.id, at);
            sites[at].kept.push(operation);
        }
    }
    for (lane, leaf) in view.leaves() {
        if let Some(&at) = of_operation.get(&leaf.operation) {
            sites[at].kept_leaves.push((lane, leaf));
        }
    }
    for tally in view.rows().into_iter().flat_map(|row| &row.lane().tallies) {
        if let Some(at) = find(&sites, tally.site, tally.label.as_deref()) {
            sites[at].leaves_here += tally.leaves;
            sites[at].callers += u64::from(tally.operations > 0);
        }
    }
    sites.retain(|site| site.leaves_here > 0);
    sites
}

impl<'a> Site<'a> {
    fn new(figures: &'a CallSite) -> Option<Self> {
        let counts = figures.counts.value()?;
        Some(Self {
            figures,
            calls: counts.operations,
            items: counts.items,
            leaves: counts.leaves,
            splits: counts.splits,
            leaves_here: 0,
            callers: 0,
            kept: Vec::new(),
            kept_leaves: Vec::new(),
        })
    }

    fn is(&self, trace: &Trace, site: Option<SiteId>, label: Option<&str>) -> bool {
        let CallSite { labelled, name, sites, .. } = self.figures;
        if *labelled != label.is_some() || (*labelled && label != name.as_deref()) {
            return false;
        }
        match site.and_then(|site| trace.site(site)) {
            Some(site) => sites.contains(&site.location),
            None => sites.is_empty(),
        }
    }

    /// The label, or where it stands.
    pub(super) fn name(&self) -> Option<String> {
        match self.figures.labelled {
            true => self.figures.name.clone(),
            false => self.figures.sites.first().or(self.figures.name.as_ref()).cloned(),
        }
    }

    /// What an item takes in the leaves that were kept, in nanoseconds, without waits.
    pub(super) fn time_per_item(&self) -> Option<f64> {
        let leaves = || self.kept_leaves.iter().map(|(_, leaf)| leaf);
        // Items may be more than a number can tell.
        let items = leaves().map(|leaf| leaf.items).fold(0, u64::saturating_add);
        let time: Nanos = leaves().map(|leaf| leaf.span.duration()).sum();
        let shared: Nanos = leaves().map(|leaf| leaf.waited + leaf.producing).sum();
        (items > 0).then(|| time.saturating_since(shared).0 as f64 / items as f64)
    }

    pub(super) fn items_per_call(&self) -> Option<f64> {
        (self.calls > 0).then(|| self.items as f64 / self.calls as f64)
    }
}

fn operations(lane: &Lane) -> impl Iterator<Item = (&Lane, &Operation)> {
    lane.events.iter().filter_map(move |event| match event {
        Event::Operation(operation) => Some((lane, operation)),
        _ => None,
    })
}

/// A worker's index in its pool.
pub(super) fn index_of(lane: &Lane) -> Option<u32> {
    match lane.role {
        Role::Worker { index, .. } => Some(index),
        Role::Outside => None,
    }
}

pub(super) fn overlap(a: Span, b: Span) -> Nanos {
    a.end.min(b.end).saturating_since(a.start.max(b.start))
}

/// The same time as spans that follow each other, within a window.
fn apart(mut spans: Vec<Span>, window: Span) -> Vec<Span> {
    spans.sort_by_key(|span| span.start);
    let (mut apart, mut at) = (Vec::new(), window.start);
    for span in spans {
        let (start, end) = (span.start.max(at), span.end.min(window.end));
        if start < end {
            apart.push(Span { start, end });
            at = end;
        }
    }
    apart
}
