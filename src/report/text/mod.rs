//! Reports for a terminal: one section per trace, and a table of several side by side.
//!
//! Pure: the same report and style give the same bytes. Whether there is a terminal, how wide it is
//! and whether it wants colour is the caller's to find out.

mod bar;
mod break_even;
mod breakdown;
mod call_sites;
mod checkup;
mod compare;
mod comparison;
mod decomposition;
mod facts;
mod findings;
mod idling;
mod kernel;
mod on_off;
mod outside;
mod overview;
mod reproduce;
mod section;
mod stat;
mod style;
mod table;
mod threads;
mod units;
mod workers;

pub use break_even::write_break_even;
pub use checkup::write_checkup;
pub use compare::write_compared;
pub use comparison::write_comparison;
pub use overview::write_overview;
pub use reproduce::write_reproduced;
pub use section::write;
pub use stat::{write_interval, write_stat};
pub use style::Style;
