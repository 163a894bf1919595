//! The commands, one file each.

mod cargo;
mod compare;
mod doctor;
mod export;
mod list;
mod open;
mod record;
mod report;
mod run;
mod stat;

pub(super) use cargo::cargo;
pub(super) use compare::compare;
pub(super) use doctor::doctor;
pub(super) use export::export;
pub(super) use list::list;
pub(super) use open::open;
pub(super) use record::record;
pub(super) use report::report;
pub(super) use run::run;
pub(super) use stat::stat;
