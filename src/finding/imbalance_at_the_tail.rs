//! The last piece of a call runs on when nothing else is left.

use std::collections::{BTreeSet, HashMap};

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::{Site, View, index_of, overlap};
use super::text::at;
use super::{Ask, LEAST_LOSS, Lint, RestsOn};
use crate::analysis::{Component, CoreTime};
use crate::model::{EventId, Lane, Leaf, Nanos, Operation, OperationKind, Span};
use crate::timeline::{Row, State};

pub(super) const LINT: Lint = Lint {
    id: "imbalance-at-the-tail",
    looks_for: "5 % or more of the core-time without anything to run, after the last leaf or task \
                of a call began",
    wrong_if: "the last piece was not longer than the others, but was held up by other programs",
    rests_on: RestsOn::AllTasks,
    ask: Ask::Pool(ask),
};

const NOTHING_TO_RUN: &[Component] = &[Component::Starved, Component::Serial];

fn ask(view: &View) -> Option<Found> {
    let tails = tails(view);
    let spans = tails.iter().map(|tail| tail.span).collect();
    let loss = view.loss(view.within(spans, NOTHING_TO_RUN))?;
    let longest = tails.iter().max_by_key(|tail| tail.span.duration())?;
    let (lane, piece) = last_piece(view, longest)?;
    let worker = index_of(lane)?;
    let alone = alone(view, longest.span);
    let name = longest.name.clone();
    let (next, advice) = next(longest.call, piece);
    let place = Evidence {
        worker: Some(worker),
        lane: Some(lane.id),
        ..Evidence::new("the last piece", Unit::Nanos.of(piece.span.duration().0 as f64))
    };
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(loss.share),
        threshold: Unit::Share.of(LEAST_LOSS),
        evidence: vec![
            place.at(name.clone()).during(piece.span),
            Evidence::new("ran alone", Unit::Nanos.of(alone.0 as f64))
                .at(name.clone())
                .during(longest.span),
            Evidence::new("calls with a tail", Unit::Calls.of(tails.len() as f64)),
        ],
        what: format!(
            "the last piece{}, on worker {}, took {} and ran alone for {alone}: {:.2} cores waited \
             for such tails",
            at(name.as_deref()),
            worker,
            piece.span.duration(),
            loss.cores
        ),
        next,
        advice,
        predicted: None,
    })
}

/// What followed in a call after its last piece began.
struct Tail<'a> {
    call: &'a Operation,
    name: Option<String>,
    span: Span,
    /// Of a parallel iterator: its leaves.
    leaves: Vec<(&'a Lane, &'a Leaf)>,
}

/// A leaf, or a task of a call that is no parallel iterator.
#[derive(Clone, Copy)]
struct Piece {
    span: Span,
    /// Of a leaf.
    items: Option<u64>,
}

fn tails<'a>(view: &View<'a>) -> Vec<Tail<'a>> {
    let mut tails: Vec<Tail> = view.sites.iter().flat_map(tails_of_iterators).collect();
    let mut known = Within::new(tails.iter().map(|tail| tail.span));
    let tasks = Within::new(view.tasks().map(|(_, task)| task.span));
    for (_, call) in view.picture.calls_from_outside() {
        // That of what it calls is told of that.
        if call.kind == OperationKind::Iterator || known.of(call.span).next().is_some() {
            continue;
        }
        let Some(span) = tail(tasks.of(call.span)) else { continue };
        let name = view.picture.site(call.site);
        tails.push(Tail { call, name, span, leaves: Vec::new() });
        known.add(span);
    }
    tails
}

fn tails_of_iterators<'a>(site: &Site<'a>) -> Vec<Tail<'a>> {
    let mut leaves: HashMap<EventId, Vec<(&Lane, &Leaf)>> = HashMap::new();
    for &(lane, leaf) in &site.kept_leaves {
        leaves.entry(leaf.operation).or_default().push((lane, leaf));
    }
    let tails = site.kept.iter().filter_map(|&call| {
        let leaves = leaves.remove(&call.id)?;
        let span = tail(leaves.iter().map(|(_, leaf)| leaf.span))?;
        Some(Tail { call, name: site.name(), span, leaves })
    });
    tails.collect()
}

/// Spans by start, to find those within another one.
struct Within(BTreeSet<(Nanos, Nanos, usize)>);

impl Within {
    fn new(spans: impl Iterator<Item = Span>) -> Self {
        let spans = spans.enumerate();
        Self(spans.map(|(at, span)| (span.start, span.end, at)).collect())
    }

    fn add(&mut self, span: Span) {
        self.0.insert((span.start, span.end, self.0.len()));
    }

    fn of(&self, around: Span) -> impl Iterator<Item = Span> + '_ {
        let Span { start, end } = around;
        let begun = self.0.range((start, Nanos::ZERO, 0)..=(end, end, usize::MAX));
        let begun = begun.map(|&(start, end, _)| Span { start, end });
        begun.filter(move |span| around.contains(*span))
    }
}

/// From the last start to the last end; `None` of a single piece, which is no tail but all there is.
fn tail(spans: impl Iterator<Item = Span>) -> Option<Span> {
    let spans: Vec<Span> = spans.collect();
    let start = spans.iter().map(|span| span.start).max()?;
    let end = spans.iter().map(|span| span.end).max()?;
    (spans.len() > 1 && start < end).then_some(Span { start, end })
}

/// What ran longest in a tail, and where.
fn last_piece<'a>(view: &View<'a>, tail: &Tail<'a>) -> Option<(&'a Lane, Piece)> {
    let leaves = tail
        .leaves
        .iter()
        .map(|&(lane, leaf)| (lane, Piece { span: leaf.span, items: Some(leaf.items) }));
    let within = |(_, piece): &(&Lane, Piece)| overlap(piece.span, tail.span);
    if let Some(leaf) = leaves.max_by_key(within) {
        return Some(leaf);
    }
    let busy = |row: &Row| -> Nanos {
        let busy = row.stretches().iter().filter(|stretch| stretch.state == State::Busy);
        busy.map(|stretch| overlap(stretch.span, tail.span)).sum()
    };
    // That of the worker that is busy longest; of its tasks the last.
    let row = view.rows().into_iter().max_by_key(|row| busy(row))?;
    let tasks = view.tasks().filter(|(lane, task)| {
        lane.id == row.lane().id && overlap(task.span, tail.span) > Nanos::ZERO
    });
    let (lane, task) = tasks.max_by_key(|(_, task)| task.span.start)?;
    Some((lane, Piece { span: task.span, items: None }))
}

/// While one works alone, all others are without work.
fn alone(view: &View, tail: Span) -> Nanos {
    let serial: CoreTime = view.within(vec![tail], &[Component::Serial]);
    let others = view.workers().saturating_sub(1).max(1);
    Nanos(serial.0.unsigned_abs() / others)
}

/// Pieces that take at most 5 % of the call leave a tail that is at most as long.
fn next(call: &Operation, piece: Piece) -> (String, Option<Advice>) {
    let (whole, last) = (call.span.duration(), piece.span.duration());
    let most = LEAST_LOSS * whole.0 as f64;
    let parts = (last.0 as f64 / most).ceil().max(2.0) as u64;
    match piece.items {
        Some(items) if items >= parts => {
            let items = items / parts;
            let text = format!(
                "`with_max_len({items})`: pieces of at most {} of this call",
                super::text::percent(LEAST_LOSS)
            );
            (text, Some(Advice::MaxLen { items }))
        }
        Some(_) => {
            let text = format!(
                "parallelize what is within an item, in {parts} parts or more; or sort the items so \
                 that long ones begin first"
            );
            (text, None)
        }
        None => (format!("split the longest task in {parts} parts or more"), None),
    }
}
