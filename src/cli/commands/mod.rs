//! The commands, one file each.

mod list;
mod report;
mod run;

pub(super) use list::list;
pub(super) use report::report;
pub(super) use run::run;
