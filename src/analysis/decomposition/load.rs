//! What rayon's task management and the profiler claim of the time that each event took: counts
//! times costs, spread evenly over the time on a CPU in which they can have been.
//!
//! Joins that were only counted are known by the task or join around them, spawns by their task,
//! splits and leaves by their operation. Parallel iterators too short to be kept are known by their
//! lane's tallies; theirs is spread over all tasks of the pool.
//!
//! A join's span begins after some of what it costs and ends before the rest, and its cost is a mean:
//! what it claims beyond its own time was spent in what is around it, up to the task; and what that
//! has no time for either, in those joins of the task that took longer than the mean.

use std::collections::BTreeMap;

use foldhash::HashMap;

use super::cut::{Cut, Place, cuts};
use super::prices::Prices;
use super::sweep::ONE;
use crate::model::{
    Collapsed, Event, EventId, Half, Iteration, Join, Lane, Nanos, Operation, PoolId, Role, SiteId,
    Tally,
};
use crate::timeline::{Row, Timeline};

/// Claims on an event's time; each a share of [`ONE`] of the time in which it can have been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rates {
    /// Joins and splits.
    pub(super) joins: i64,
    /// Spawns.
    pub(super) spawns: i64,
    /// The profiler.
    pub(super) probe: i64,
}

/// The claims on all of a pool's lanes.
pub(super) struct Loads {
    rows: Vec<RowLoads>,
    /// On every task of the pool, of parallel iterators too short to be kept.
    everywhere: Rates,
}

/// The claims on the events of one lane, by index.
struct RowLoads {
    busy: Vec<Rates>,
    /// On the time between collapsed tasks; only of these.
    gaps: BTreeMap<usize, Rates>,
}

/// What claims time, in picoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Claims {
    joins: u128,
    spawns: u128,
    probe: u128,
}

impl Claims {
    /// As shares of so many nanoseconds.
    fn over(self, nanos: u128) -> Rates {
        // What claims time that is not there at all has no share; the sum shows it missing.
        let share = |picos: u128| match (picos, nanos) {
            (0, _) | (_, 0) => 0,
            // More than a thousand times what there is time for is as good as that.
            _ => (picos.saturating_mul(ONE as u128) / (nanos * 1_000)).min(1 << 42) as i64,
        };
        Rates { joins: share(self.joins), spawns: share(self.spawns), probe: share(self.probe) }
    }
}

impl Claims {
    fn sum(self) -> u128 {
        self.joins + self.spawns + self.probe
    }

    /// Takes off what is more than so much, of each in proportion.
    fn take_beyond(&mut self, most: u128) -> Self {
        let sum = self.sum();
        let Some(excess) = sum.checked_sub(most).filter(|excess| *excess > 0) else {
            return Self::default();
        };
        let taken = self.part(excess, sum);
        self.joins -= taken.joins;
        self.spawns -= taken.spawns;
        self.probe -= taken.probe;
        taken
    }

    fn part(self, share: u128, of: u128) -> Self {
        let part = |claim: u128| claim.saturating_mul(share) / of;
        Self { joins: part(self.joins), spawns: part(self.spawns), probe: part(self.probe) }
    }

    fn add(&mut self, more: Self) {
        self.joins += more.joins;
        self.spawns += more.spawns;
        self.probe += more.probe;
    }
}

impl Rates {
    fn plus(self, other: Self) -> Self {
        Self {
            joins: self.joins.saturating_add(other.joins),
            spawns: self.spawns.saturating_add(other.spawns),
            probe: self.probe.saturating_add(other.probe),
        }
    }
}

impl Loads {
    pub(super) fn of(timeline: &Timeline, pool: PoolId, prices: &Prices) -> Self {
        let workers = timeline.workers(pool);
        let maps: Vec<Bearers> = workers.iter().map(|row| Bearers::of(row)).collect();
        let iterators = Iterators::of(timeline, pool, &workers, &maps, prices);
        let rows = workers.iter().zip(maps);
        Self {
            rows: rows.map(|(row, map)| RowLoads::of(row, &map, prices, &iterators)).collect(),
            everywhere: iterators.everywhere,
        }
    }

    /// On an event of a worker, where it is busy.
    pub(super) fn busy(&self, worker: usize, event: Option<usize>) -> Rates {
        match event {
            Some(event) => self.rows[worker].busy[event].plus(self.everywhere),
            None => Rates::default(),
        }
    }

    /// On the time between the tasks of a collapsed event.
    pub(super) fn gaps(&self, worker: usize, event: Option<usize>) -> Rates {
        let gaps = event.and_then(|event| self.rows[worker].gaps.get(&event));
        gaps.copied().map_or(Rates::default(), |rates| rates)
    }
}

/// For each event of a lane, what bears the counts of the joins and spawns that happen in it.
struct Bearers {
    /// The innermost task, join or collapsed tasks, itself included.
    joins: Vec<u32>,
    /// The innermost task or collapsed tasks.
    spawns: Vec<u32>,
    /// The parallel iterator that it is a part of.
    iterator: Vec<Option<EventId>>,
    /// Nanoseconds on a CPU in tasks whose innermost event it is.
    busy: Vec<u64>,
    /// Nanoseconds between collapsed tasks likewise; only of these.
    gaps: BTreeMap<usize, u64>,
}

impl Bearers {
    fn of(row: &Row) -> Self {
        let events = &row.lane().events;
        let itself: Vec<u32> = (0..).take(events.len()).collect();
        let mut bearers = Self {
            joins: itself.clone(),
            spawns: itself,
            iterator: vec![None; events.len()],
            busy: vec![0; events.len()],
            gaps: BTreeMap::new(),
        };
        for frame in row.frames() {
            let around = frame.parent().map(|parent| row.frames()[parent].event());
            bearers.place(events, frame.event(), around);
        }
        for cut in cuts(row) {
            bearers.time(events, cut);
        }
        bearers
    }

    /// Parents come before children, so that what is around is placed.
    fn place(&mut self, events: &[Event], event: usize, around: Option<usize>) {
        let bears_joins = match &events[event] {
            Event::Task(_) | Event::Collapsed(_) => true,
            Event::Join(join) => join.operation.is_none(),
            Event::Operation(_) | Event::Leaf(_) | Event::Reduction(_) => false,
        };
        let bears_spawns = matches!(events[event], Event::Task(_) | Event::Collapsed(_));
        if let Some(around) = around {
            if !bears_joins {
                self.joins[event] = self.joins[around];
            }
            if !bears_spawns {
                self.spawns[event] = self.spawns[around];
            }
        }
        self.iterator[event] = match &events[event] {
            Event::Operation(Operation { id, iteration: Some(_), .. }) => Some(*id),
            Event::Task(task) => task.parent,
            Event::Collapsed(_) => None,
            other => other.part_of().or_else(|| around.and_then(|around| self.iterator[around])),
        };
    }

    /// Nanoseconds on a CPU in tasks, by what bears them.
    fn busy_of(&self, bearers: &[u32]) -> Vec<u64> {
        let mut busy = vec![0; bearers.len()];
        for (&bearer, &nanos) in bearers.iter().zip(&self.busy) {
            busy[bearer as usize] += nanos;
        }
        busy
    }

    fn time(&mut self, events: &[Event], cut: Cut) {
        let Some(event) = cut.stretch.event().filter(|_| cut.place == Place::OnCpu) else { return };
        let length = u128::from(cut.span.duration().0);
        let busy = (length * cut.busy as u128 / ONE as u128) as u64;
        self.busy[event] += busy;
        // A stretch without tasks is no time between them.
        let has_tasks = cut.stretch.busy > Nanos::ZERO;
        if has_tasks && matches!(events[event], Event::Collapsed(_)) {
            *self.gaps.entry(event).or_insert(0) += length as u64 - busy;
        }
    }
}

impl RowLoads {
    fn of(row: &Row, bearers: &Bearers, prices: &Prices, iterators: &Iterators) -> Self {
        let events = &row.lane().events;
        let joins = events.iter().zip(counted_joins(row));
        let joins = joins.map(|(event, counted)| of_joins(event, counted, prices));
        let (mut joins, of_joins) = (joins.collect::<Vec<_>>(), bearers.busy_of(&bearers.joins));
        hand_out(row, bearers, &mut joins, &of_joins);
        let by_join = rates(joins.into_iter(), &of_joins);
        let spawns = events.iter().map(|event| of_spawns(event, prices));
        let by_task = rates(spawns, &bearers.busy_of(&bearers.spawns));
        let busy = (0..events.len()).map(|event| {
            let [join, task] = [&bearers.joins, &bearers.spawns].map(|of| of[event] as usize);
            by_join[join].plus(by_task[task]).plus(iterators.on(bearers.iterator[event]))
        });
        let gaps = bearers.gaps.iter().filter_map(|(&event, &gap)| match &events[event] {
            Event::Collapsed(collapsed) => {
                Some((event, between(collapsed, prices).over(u128::from(gap))))
            }
            _ => None,
        });
        Self { busy: busy.collect(), gaps: gaps.collect() }
    }
}

/// Gives what joins claim beyond their time to what is around them, the inner ones first. A task's
/// claims stay with it: what it lies in is another one that waits.
fn hand_out(row: &Row, bearers: &Bearers, claims: &mut [Claims], busy: &[u64]) {
    let (events, frames) = (&row.lane().events, row.frames());
    for frame in frames.iter().rev() {
        let bears = matches!(&events[frame.event()], Event::Join(join) if join.operation.is_none());
        let Some(around) = frame.parent().filter(|_| bears) else { continue };
        let beyond = claims[frame.event()].take_beyond(picos(busy[frame.event()]));
        claims[bearers.joins[frames[around].event()] as usize].add(beyond);
    }
    share_out(bearers, claims, busy);
}

/// Gives what tasks claim beyond their time to what is in them, in proportion to the time that is
/// still unclaimed there. Where there is none, it stays.
fn share_out(bearers: &Bearers, claims: &mut [Claims], busy: &[u64]) {
    let free =
        |claims: &[Claims], event: usize| picos(busy[event]).saturating_sub(claims[event].sum());
    let mut unclaimed = vec![0; claims.len()];
    for (event, &task) in bearers.spawns.iter().enumerate() {
        unclaimed[task as usize] += free(claims, event);
    }
    let beyond = |task: usize, claims: &mut Claims| match unclaimed[task] {
        0 => Claims::default(),
        _ => claims.take_beyond(picos(busy[task])),
    };
    let beyond: Vec<Claims> =
        claims.iter_mut().enumerate().map(|(task, claims)| beyond(task, claims)).collect();
    for (event, &task) in bearers.spawns.iter().enumerate() {
        let task = task as usize;
        if event != task && unclaimed[task] > 0 {
            let share = free(claims, event);
            claims[event].add(beyond[task].part(share, unclaimed[task]));
        }
    }
}

/// So many nanoseconds.
fn picos(nanos: u64) -> u128 {
    u128::from(nanos) * 1_000
}

/// What events claim, over the time of all whose counts they bear.
fn rates(claims: impl Iterator<Item = Claims>, busy: &[u64]) -> Vec<Rates> {
    claims.zip(busy).map(|(claims, &nanos)| claims.over(u128::from(nanos))).collect()
}

/// What an event claims itself, of joins of which so many were only counted.
fn of_joins(event: &Event, counted: u64, prices: &Prices) -> Claims {
    let timed = match event {
        Event::Join(join) => u64::from(join.operation.is_none()),
        _ => 0,
    };
    // Those that were elided were plain calls, and the question whether they are is the profiler's
    // cost.
    let elided = elided(event);
    let managed = counted.saturating_sub(elided);
    Claims {
        joins: prices.joins(event.site(), managed + timed),
        spawns: 0,
        probe: product(managed, prices.costs.counted_join_ps)
            + product(timed, prices.costs.timed_join_ps)
            + product(elided, prices.costs.elided_join_ps),
    }
}

/// What an event claims itself, of spawns.
fn of_spawns(event: &Event, prices: &Prices) -> Claims {
    let spawns = match event {
        Event::Task(task) => prices.spawns(task.spawns),
        Event::Collapsed(collapsed) => prices.spawns(collapsed.spawns),
        _ => 0,
    };
    Claims { spawns, ..Claims::default() }
}

/// Of each event, by index, the joins called in it that were only counted, without those in a join
/// within it.
pub(super) fn counted_joins(row: &Row) -> Vec<u64> {
    let events = &row.lane().events;
    let mut counted: Vec<u64> = events.iter().map(joins_in).collect();
    for frame in row.frames() {
        let Event::Join(join) = &events[frame.event()] else { continue };
        if let Some(around) = around(row, frame.parent()).filter(|_| join.operation.is_none()) {
            let inner = 1 + join.first_joins + join.second_joins;
            counted[around] = counted[around].saturating_sub(inner);
        }
    }
    counted
}

/// Joins that were plain calls.
fn elided(event: &Event) -> u64 {
    match event {
        Event::Join(Join { elided: Some(Half::First), first_joins, .. }) => *first_joins,
        Event::Join(Join { elided: Some(Half::Second), second_joins, .. }) => *second_joins,
        _ => 0,
    }
}

/// Between short tasks that are summed up, the next one is taken; and each was timed.
fn between(collapsed: &Collapsed, prices: &Prices) -> Claims {
    Claims {
        joins: 0,
        spawns: prices.jobs(collapsed.tasks),
        probe: product(collapsed.tasks, prices.costs.task_ps),
    }
}

pub(super) fn product(count: u64, picos: u64) -> u128 {
    u128::from(count) * u128::from(picos)
}

/// The innermost task or join of the program around a frame, as an index into the events.
fn around(row: &Row, mut frame: Option<usize>) -> Option<usize> {
    let events = &row.lane().events;
    while let Some(index) = frame {
        let inner = row.frames()[index];
        match &events[inner.event()] {
            Event::Task(_) | Event::Collapsed(_) => return Some(inner.event()),
            Event::Join(join) if join.operation.is_none() => return Some(inner.event()),
            _ => frame = inner.parent(),
        }
    }
    None
}

/// Splits do not say what joins are called in them: they are in the numbers of what is around them.
fn joins_in(event: &Event) -> u64 {
    match event {
        Event::Task(task) => task.joins,
        Event::Join(Join { first_joins, second_joins, .. }) => first_joins + second_joins,
        Event::Collapsed(collapsed) => collapsed.joins,
        _ => 0,
    }
}

/// Claims of parallel iterators: a rate for each that was kept.
struct Iterators {
    /// By operation, and by what its splits and stolen halves are known by.
    rates: HashMap<EventId, Rates>,
    everywhere: Rates,
}

impl Iterators {
    fn of(
        timeline: &Timeline,
        pool: PoolId,
        workers: &[&Row],
        maps: &[Bearers],
        prices: &Prices,
    ) -> Self {
        let mut kept = kept(timeline);
        let operation_of = splits(timeline);
        let mut busy: HashMap<EventId, u128> = HashMap::default();
        let mut all = 0;
        for (row, map) in workers.iter().zip(maps) {
            for (event, &nanos) in map.busy.iter().enumerate() {
                all += u128::from(nanos);
                let Some(named) = map.iterator[event] else { continue };
                let operation = operation_of.get(&named).copied().map_or(named, |of| of);
                *busy.entry(operation).or_insert(0) += u128::from(nanos);
                kept.entry(operation).and_modify(|kept| kept.see(&row.lane().events[event]));
            }
        }
        let rates = kept.iter().map(|(id, kept)| {
            let nanos = busy.get(id).copied().map_or(0, |nanos| nanos);
            (*id, kept.claims(prices).over(nanos))
        });
        let mut rates: HashMap<EventId, Rates> = rates.collect();
        for (split, operation) in operation_of {
            if let Some(&rate) = rates.get(&operation) {
                rates.insert(split, rate);
            }
        }
        Self { rates, everywhere: unkept(timeline, pool, &kept, prices).over(all) }
    }

    fn on(&self, iterator: Option<EventId>) -> Rates {
        iterator.and_then(|id| self.rates.get(&id)).copied().map_or(Rates::default(), |rates| rates)
    }
}

/// A parallel iterator that was kept, and its parts that were.
struct Kept {
    iteration: Iteration,
    site: Option<SiteId>,
    splits: u64,
    leaves: u64,
}

impl Kept {
    fn see(&mut self, part: &Event) {
        match part {
            Event::Join(_) => self.splits += 1,
            Event::Leaf(_) => self.leaves += 1,
            _ => {}
        }
    }

    fn claims(&self, prices: &Prices) -> Claims {
        let costs = prices.costs;
        let counted_leaves = self.iteration.leaves.saturating_sub(self.leaves);
        Claims {
            joins: prices.joins(self.site, self.iteration.splits),
            spawns: 0,
            probe: product(self.splits, costs.timed_split_ps)
                + product(self.leaves, costs.timed_leaf_ps)
                + product(counted_leaves, costs.counted_leaf_ps),
        }
    }
}

fn kept(timeline: &Timeline) -> HashMap<EventId, Kept> {
    let kept = |event: &Event| {
        let Event::Operation(operation) = event else { return None };
        let (iteration, site) = (*operation.iteration.clone()?, operation.site);
        Some((operation.id, Kept { iteration, site, splits: 0, leaves: 0 }))
    };
    timeline.rows().iter().flat_map(|row| &row.lane().events).filter_map(kept).collect()
}

/// The operation of each split, by which a half that was stolen names it.
fn splits(timeline: &Timeline) -> HashMap<EventId, EventId> {
    let events = timeline.rows().iter().flat_map(|row| &row.lane().events);
    let split = |event: &Event| match event {
        Event::Join(join) => join.operation.map(|operation| (join.id, operation)),
        _ => None,
    };
    events.filter_map(split).collect()
}

/// What was tallied, less what was kept.
fn unkept(
    timeline: &Timeline,
    pool: PoolId,
    kept: &HashMap<EventId, Kept>,
    prices: &Prices,
) -> Claims {
    // Of several pools each has what its own workers did.
    let several = timeline.pools().len() > 1;
    let of_pool = |lane: &&Lane| match lane.role {
        Role::Worker { pool: other, .. } => other == pool,
        Role::Outside => !several,
    };
    let lanes = || timeline.trace().lanes.iter().filter(of_pool);
    let tallies = || lanes().flat_map(|lane| &lane.tallies);
    let tallied = |figure: fn(&Tally) -> u64| tallies().map(figure).fold(0, u64::saturating_add);
    let known = |figure: fn(&Iteration) -> u64| {
        kept.values().map(|kept| figure(&kept.iteration)).fold(0, u64::saturating_add)
    };
    let splits = tallied(|tally| tally.splits).saturating_sub(known(|kept| kept.splits));
    let leaves = tallied(|tally| tally.leaves).saturating_sub(known(|kept| kept.leaves));
    Claims {
        joins: prices.joins(None, splits),
        spawns: 0,
        probe: product(leaves, prices.costs.counted_leaf_ps),
    }
}
