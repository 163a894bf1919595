//! The table of parallel iterators, and what it cannot show.

use std::io::{self, Write};

use super::style::{Paint, Style, elide, wrap};
use super::table::{Column, Table};
use super::units::{NONE, counted, mean, or_none, reason, thousands};
use crate::analysis::{CallSite, Kept, KeptLeaves, KeptReductions, PartCounts};
use crate::model::{Measured, Nanos, OperationKind, short_location};

/// Call sites that are shown; the JSON report has all.
const SHOWN: usize = 12;

/// Columns of the terminal that a name, and a chain, may take.
const WIDEST_NAME: usize = 28;
const WIDEST_CHAIN: usize = 36;

/// Writes the table with a blank line before it; nothing if there were no parallel iterators.
pub(super) fn write(sites: &[CallSite], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if sites.is_empty() {
        return Ok(());
    }
    let rows = Rows { sites: &sites[..sites.len().min(SHOWN)] };
    writeln!(out)?;
    rows.table().write(style, out)?;
    for note in notes(sites, &rows) {
        for line in wrap(&note, style.width.saturating_sub(2)) {
            writeln!(out, "  {}", style.paint(Paint::Label, &line))?;
        }
    }
    Ok(())
}

/// The cells of the table, column by column.
struct Rows<'a> {
    sites: &'a [CallSite],
}

impl Rows<'_> {
    fn table(&self) -> Table {
        let mut table = Table::new(vec![
            Column::text("parallel iterator", self.cells(name)),
            Column::text("chain", self.cells(chain)),
            Column::figures("operations", self.cells(operations)),
            Column::figures("items", self.counts(|counts| thousands(counts.items))),
            Column::figures("leaves", self.counts(|counts| thousands(counts.leaves))),
            Column::figures("items/leaf", self.cells(items_per_leaf)),
            Column::figures("reductions", self.counts(reductions)),
            Column::figures("steals", self.counts(|counts| thousands(counts.steals))),
        ]);
        self.push_if_any(&mut table, "time", |site| Some(kept(site)?.time));
        let reducing = |site: &CallSite| Some(kept_reductions(site)?.time);
        let waited = |site: &CallSite| Some(bridged_leaves(site)?.waited);
        let producing = |site: &CallSite| Some(bridged_leaves(site)?.producing);
        self.push_if_any(&mut table, "reducing", reducing);
        self.push_if_any(&mut table, "waited", waited);
        self.push_if_any(&mut table, "producing", producing);
        table
    }

    fn cells(&self, cell: impl Fn(&CallSite) -> String) -> Vec<String> {
        self.sites.iter().map(cell).collect()
    }

    fn counts(&self, cell: impl Fn(&PartCounts) -> String) -> Vec<String> {
        self.cells(|site| or_none(&site.counts, &cell))
    }

    /// A column of times that may be there for none.
    fn push_if_any(
        &self,
        table: &mut Table,
        title: &str,
        figure: impl Fn(&CallSite) -> Option<Nanos>,
    ) {
        if self.sites.iter().filter_map(&figure).any(|time| time > Nanos::ZERO) {
            table.push(Column::figures(title, self.cells(|site| time(figure(site)))));
        }
    }
}

fn kept(site: &CallSite) -> Option<&Kept> {
    site.kept.value()
}

fn kept_leaves(site: &CallSite) -> Option<&KeptLeaves> {
    kept(site)?.leaves.value()
}

/// Those of a `par_bridge`: no others take turns at a shared iterator.
fn bridged_leaves(site: &CallSite) -> Option<&KeptLeaves> {
    kept_leaves(site).filter(|leaves| leaves.waited + leaves.producing > Nanos::ZERO)
}

fn kept_reductions(site: &CallSite) -> Option<&KeptReductions> {
    kept(site)?.reductions.value()
}

fn name(site: &CallSite) -> String {
    match &site.name {
        Some(name) if site.labelled => elide(name, WIDEST_NAME),
        Some(name) => elide(short_location(name), WIDEST_NAME),
        None => "elsewhere".to_owned(),
    }
}

fn chain(site: &CallSite) -> String {
    match (&site.chain, site.kind) {
        (Some(chain), _) => elide(chain, WIDEST_CHAIN),
        (None, OperationKind::Sort) => "par_sort".to_owned(),
        (None, _) => NONE.to_owned(),
    }
}

/// Sorts are not counted: of them there is what was kept.
fn operations(site: &CallSite) -> String {
    let counted = site.counts.value().map(|counts| counts.operations);
    let known = counted.or_else(|| Some(kept(site)?.operations));
    known.map_or_else(|| NONE.to_owned(), thousands)
}

/// The mean, and how far the leaves that were kept lie apart.
fn items_per_leaf(site: &CallSite) -> String {
    let mean = match &site.counts {
        Measured::Is(counts) => or_none(&counts.items_per_leaf, |&items| mean(items)),
        Measured::Not(_) => return NONE.to_owned(),
    };
    match kept_leaves(site).filter(|leaves| is_uneven(leaves)) {
        Some(KeptLeaves { fewest_items, most_items, .. }) => {
            format!("{mean} ({} – {})", thousands(*fewest_items), thousands(*most_items))
        }
        None => mean,
    }
}

fn is_uneven(leaves: &KeptLeaves) -> bool {
    leaves.fewest_items < leaves.most_items
}

fn reductions(counts: &PartCounts) -> String {
    or_none(&counts.reductions, |&reductions| thousands(reductions))
}

fn time(time: Option<Nanos>) -> String {
    time.map_or_else(|| NONE.to_owned(), |time| time.to_string())
}

/// What the table cannot show, each reason once.
fn notes(sites: &[CallSite], shown: &Rows<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(more) = sites.len().checked_sub(shown.sites.len()).filter(|&more| more > 0) {
        notes.push(format!("{} not shown; the JSON report has all", counted(more as u64, "row")));
    }
    notes.extend(kept_in_part(shown.sites));
    notes.extend(leaves_in_part(shown.sites));
    let invisible = shown.sites.iter().filter_map(|site| site.counts.value());
    notes.extend(
        invisible
            .filter_map(|counts| reason(&counts.reductions))
            .next()
            .map(|why| format!("reductions: not measured where there is a {NONE} ({why})")),
    );
    if shown.sites.iter().any(|site| site.kind.is_opaque()) {
        notes.push(
            "`par_sort`, `chunks`, `step_by` and their like are opaque: what happens in them is \
             invisible to public API"
                .to_owned(),
        );
    }
    if shown.sites.iter().any(|site| site.name.is_none()) {
        notes.push(
            "elsewhere: call sites that found no place of their own, counted together".to_owned(),
        );
    }
    notes
}

/// Whose times the times are.
fn kept_in_part(sites: &[CallSite]) -> Option<String> {
    let why = sites.iter().find_map(|site| reason(&site.kept));
    let iterators = || sites.iter().filter(|site| site.counts.value().is_some());
    let all: u64 = iterators().filter_map(|site| Some(site.counts.value()?.operations)).sum();
    let kept: u64 = iterators().filter_map(|site| Some(kept(site)?.operations)).sum();
    match (kept, why) {
        (0, Some(why)) => Some(format!("times: not measured ({why})")),
        _ if kept < all => Some(format!(
            "times are of the {} of {} that were kept",
            thousands(kept),
            counted(all, "operation")
        )),
        _ => None,
    }
}

fn leaves_in_part(sites: &[CallSite]) -> Option<String> {
    let uneven = || {
        let leaves = |site| Some((site, kept_leaves(site).filter(|leaves| is_uneven(leaves))?));
        sites.iter().filter_map(leaves)
    };
    let kept: u64 = uneven().map(|(_, leaves)| leaves.count).sum();
    let all: u64 = uneven().filter_map(|(site, _)| Some(site.counts.value()?.leaves)).sum();
    (kept > 0).then(|| {
        format!(
            "items/leaf: the mean of all; in brackets the fewest and the most of the {} of {} that \
             were kept",
            thousands(kept),
            counted(all, "leaf")
        )
    })
}
