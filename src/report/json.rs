//! Reports as JSON, for scripts.
//!
//! ```json
//! { "schema": "rayprism-report", "version": 1, "reports": [ … ] }
//! ```
//!
//! and the checkup of a machine, whose fields are a [`Checkup`]'s:
//!
//! ```json
//! { "schema": "rayprism-doctor", "version": 1, "complete": false, "checks": [ … ], "host": { … } }
//! ```
//!
//! and the comparison of two recordings, whose fields are a [`Compared`]'s:
//!
//! ```json
//! { "schema": "rayprism-compare", "version": 1, "a": { … }, "b": { … }, "wall": { … }, … }
//! ```
//!
//! and a table of all workloads, a search for a break-even, and the claims of the articles, whose
//! fields are those of an [`Overview`], a [`BreakEvenReport`] and a [`Reproduced`]:
//!
//! ```json
//! { "schema": "rayprism-overview", "version": 1, "rows": [ … ], … }
//! { "schema": "rayprism-break-even", "version": 1, "loses_to": 2000, "points": [ … ], … }
//! { "schema": "rayprism-reproduce", "version": 1, "claims": [ … ], … }
//! ```
//!
//! Each report is a [`Report`], field by field; its documentation is the schema's.
//!
//! - Times are whole nanoseconds, picoseconds where a name ends in `_ps`.
//! - What may be unmeasured is `{"is": VALUE}` or `{"not": "the reason"}`; what is absent is `null`.
//! - Words are lower-case with hyphens.
//! - The version grows when a field is removed or changes its meaning. New fields may come without.
//!
//! The same reports give the same bytes.

use std::io::{self, Write};

use serde::Serialize;

use super::checkup::Checkup;
use super::compare::Compared;
use super::overview::Overview;
use super::reproduce::Reproduced;
use super::stat::{self, Stat};
use super::{BreakEvenReport, Report, Verified};

/// The version of the schema.
pub const VERSION: u32 = 1;

/// The version of the schema of checkups.
pub const CHECKUP_VERSION: u32 = 1;

/// The version of the schema of comparisons.
pub const COMPARED_VERSION: u32 = 1;

/// The version of the schemas of overviews, break-even searches and reproduced claims.
pub const TABLES_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    version: u32,
    reports: &'r [Report],
    #[serde(skip_serializing_if = "<[Verified]>::is_empty")]
    verified: &'r [Verified],
}

#[derive(Serialize)]
struct StatDocument<'s> {
    schema: &'static str,
    version: u32,
    #[serde(flatten)]
    stat: &'s Stat,
}

/// Writes what a program did, seen from outside, as one JSON document, indented, with a newline at
/// its end.
///
/// # Errors
///
/// Those of `out`.
pub fn write_stat(stat: &Stat, out: &mut dyn Write) -> io::Result<()> {
    let document = StatDocument { schema: "rayprism-stat", version: stat::VERSION, stat };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

/// Writes reports as one JSON document, indented, with a newline at its end.
///
/// # Errors
///
/// Those of `out`.
pub fn write(reports: &[Report], out: &mut dyn Write) -> io::Result<()> {
    write_verified(reports, &[], out)
}

/// The same, and under `verified` what came of following their advice, if anything was.
///
/// # Errors
///
/// Those of `out`.
pub fn write_verified(
    reports: &[Report],
    verified: &[Verified],
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = Document { schema: "rayprism-report", version: VERSION, reports, verified };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct CheckupDocument<'c> {
    schema: &'static str,
    version: u32,
    #[serde(flatten)]
    checkup: &'c Checkup,
}

/// Writes a checkup as one JSON document, indented, with a newline at its end.
///
/// # Errors
///
/// Those of `out`.
pub fn write_checkup(checkup: &Checkup, out: &mut dyn Write) -> io::Result<()> {
    let document = CheckupDocument { schema: "rayprism-doctor", version: CHECKUP_VERSION, checkup };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct ComparedDocument<'c> {
    schema: &'static str,
    version: u32,
    #[serde(flatten)]
    compared: &'c Compared,
}

/// Writes a comparison as one JSON document, indented, with a newline at its end.
///
/// # Errors
///
/// Those of `out`.
pub fn write_compared(compared: &Compared, out: &mut dyn Write) -> io::Result<()> {
    let document =
        ComparedDocument { schema: "rayprism-compare", version: COMPARED_VERSION, compared };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct TableDocument<'t, T> {
    schema: &'static str,
    version: u32,
    #[serde(flatten)]
    table: &'t T,
}

/// Writes a table of all workloads as one JSON document, indented, with a newline at its end.
///
/// # Errors
///
/// Those of `out`.
pub fn write_overview(overview: &Overview, out: &mut dyn Write) -> io::Result<()> {
    write_table("rayprism-overview", overview, out)
}

/// Writes a search for a break-even likewise.
///
/// # Errors
///
/// Those of `out`.
pub fn write_break_even(report: &BreakEvenReport, out: &mut dyn Write) -> io::Result<()> {
    write_table("rayprism-break-even", report, out)
}

/// Writes claims and what became of them likewise.
///
/// # Errors
///
/// Those of `out`.
pub fn write_reproduced(reproduced: &Reproduced, out: &mut dyn Write) -> io::Result<()> {
    write_table("rayprism-reproduce", reproduced, out)
}

fn write_table<T: Serialize>(
    schema: &'static str,
    table: &T,
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = TableDocument { schema, version: TABLES_VERSION, table };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}
