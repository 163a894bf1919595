//! The spans and events themselves: a call site of `tracing` for each name.

use std::fmt::Display;

use tracing::callsite::DefaultCallsite;
use tracing::field::{Empty, display};
use tracing::metadata::Kind;
use tracing::{Level, Metadata, Span, event, span};

use crate::record::{Closed, EventId, Opened, OperationKind, Origin, SecondHalf};

/// Stands for the coarsest of the spans where subscribers are asked whether they want any.
static ASKED: DefaultCallsite = DefaultCallsite::new(&OPERATION);
static OPERATION: Metadata<'static> = tracing::metadata! {
    name: "operation",
    target: "rayprism::operation",
    level: Level::DEBUG,
    fields: &[],
    callsite: &ASKED,
    kind: Kind::SPAN
};

/// Whether there may be a subscriber that lets even the coarsest of the spans through.
///
/// Rests on what subscribers have said once and for all. The macro `enabled!` would ask them now,
/// and filters of single layers take that for the beginning of a span, and the program's next one
/// for what they have answered of ours.
#[inline]
pub(super) fn are_wanted() -> bool {
    tracing::level_enabled!(Level::DEBUG) && !ASKED.interest().is_never()
}

/// What all spans say of where they are.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) pool: Option<u32>,
    pub(super) worker: Option<u32>,
    pub(super) depth: Option<u32>,
    pub(super) site: Option<&'a dyn Display>,
}

impl Place<'_> {
    pub(super) fn of(opened: &Opened<'_>) -> Self {
        let Opened { seat, site, depth, .. } = *opened;
        Self {
            pool: seat.map(|seat| seat.pool.0),
            worker: seat.map(|seat| seat.index),
            depth,
            site: site.map(|site| site as &dyn Display),
        }
    }
}

/// A task, in the span that it comes from.
pub(super) fn task(
    place: Place<'_>,
    origin: Origin,
    queue_ns: Option<u64>,
    parent: Option<&Span>,
) -> Span {
    let Place { pool, worker, depth, site } = place;
    let (site, migrated) = (site.map(display), is_another_workers(origin));
    span!(
        target: "rayprism::task",
        parent: parent.and_then(Span::id),
        Level::TRACE,
        "task",
        origin = origin_word(origin),
        migrated,
        queue_ns,
        depth,
        site,
        pool,
        worker,
        joins = Empty,
        panicked = Empty,
    )
}

fn is_another_workers(origin: Origin) -> bool {
    match origin {
        Origin::Stolen | Origin::Migrated => true,
        Origin::Root | Origin::Local | Origin::Injected | Origin::Broadcast => false,
    }
}

fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Root => "root",
        Origin::Local => "local",
        Origin::Stolen => "stolen",
        Origin::Injected => "injected",
        Origin::Broadcast => "broadcast",
        Origin::Migrated => "migrated",
    }
}

/// A task was taken from another worker: by whom, from whom, and whether it is the half of a join
/// that was only counted.
pub(super) fn steal(thief: Place<'_>, victim: Option<u32>, queue_ns: Option<u64>, counted: bool) {
    let Place { pool, worker: thief, .. } = thief;
    event!(
        name: "steal",
        target: "rayprism::steal",
        Level::TRACE,
        thief,
        victim,
        pool,
        queue_ns,
        counted,
        "steal"
    );
}

macro_rules! part {
    ($target:literal, $name:literal, $place:expr, $($end:ident),*) => {{
        let Place { pool, worker, depth, site } = $place;
        let site = site.map(display);
        span!(
            target: $target,
            Level::TRACE,
            $name,
            depth,
            site,
            pool,
            worker,
            $($end = Empty,)*
            panicked = Empty,
        )
    }};
}

/// A join.
pub(super) fn join(place: Place<'_>) -> Span {
    part!("rayprism::join", "join", place, second)
}

/// A split of a parallel iterator.
pub(super) fn split(place: Place<'_>) -> Span {
    part!("rayprism::split", "split", place, second)
}

/// A part of a parallel iterator.
pub(super) fn leaf(place: Place<'_>) -> Span {
    part!("rayprism::leaf", "leaf", place, items)
}

/// Two results made one.
pub(super) fn reduction(place: Place<'_>) -> Span {
    part!("rayprism::reduction", "reduction", place,)
}

/// A call that waits for others. A span's name is part of its call site, so each has one.
pub(super) fn operation(place: Place<'_>, kind: OperationKind, label: Option<&str>) -> Span {
    let Place { pool, worker, site, .. } = place;
    let site = site.map(display);
    macro_rules! operations {
        ($($Kind:ident = $name:literal,)*) => {
            match kind {
                $(OperationKind::$Kind => span!(
                    target: "rayprism::operation",
                    Level::DEBUG,
                    $name,
                    label,
                    site,
                    pool,
                    worker,
                    panicked = Empty,
                ),)*
            }
        };
    }
    operations! {
        Region = "region",
        Install = "install",
        Join = "join",
        Scope = "scope",
        InPlaceScope = "in_place_scope",
        Broadcast = "broadcast",
        Iterator = "par_iter",
        OpaqueIterator = "par_iter_opaque",
        Sort = "par_sort",
    }
}

/// What is known of a span at its end.
pub(super) fn end(span: &Span, closed: Closed) {
    let Closed { panicked, items, second, joins } = closed;
    if let Some(items) = items {
        span.record("items", items);
    }
    if let Some(joins) = joins {
        span.record("joins", joins);
    }
    if let Some(second) = second {
        span.record("second", second_word(second));
    }
    if panicked {
        span.record("panicked", true);
    }
}

fn second_word(second: SecondHalf) -> &'static str {
    match second {
        SecondHalf::Inline => "inline",
        SecondHalf::SameWorker => "same-worker",
        SecondHalf::Stolen => "stolen",
        SecondHalf::Unknown => "unknown",
    }
}

/// Whether a task that came from `source` was taken from another worker than `here`.
pub(super) fn is_steal(origin: Origin, source: Option<EventId>, here: EventId) -> bool {
    match origin {
        Origin::Stolen => true,
        // Of a join that was only counted the recording does not know; what it lay in does.
        Origin::Migrated => source.is_some_and(|source| source.lane() != here.lane()),
        Origin::Root | Origin::Local | Origin::Injected | Origin::Broadcast => false,
    }
}
