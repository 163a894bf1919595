//! The commands, one file each.

mod break_even;
mod compare;
mod doctor;
mod export;
mod list;
mod open;
mod record;
mod report;
mod reproduce;
mod run;
mod run_all;
mod stat;

pub(super) use break_even::break_even;
pub(super) use compare::compare;
pub(super) use doctor::doctor;
pub(super) use export::export;
pub(super) use list::list;
pub(super) use open::open;
pub(super) use record::record;
pub(super) use report::report;
pub(super) use reproduce::reproduce;
pub(super) use run::run;
pub(super) use run_all::run_all;
pub(super) use stat::stat;
