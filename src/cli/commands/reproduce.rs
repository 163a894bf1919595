//! `reproduce`: the claims of the articles, tried here.

use anyhow::anyhow;

use crate::cli::args::ReproduceArgs;
use crate::cli::config::one_number_of_threads;
use crate::cli::failure::Failure;
use crate::cli::show::{self, Reproduced};
use crate::cli::terminal;
use crate::cli::trials::{Effort, try_claims};

/// As many as make the medians' interval narrower than their range.
const REPS: u32 = 7;
/// The fewest of which chance sets the ranges apart in less than 5 % of all cases.
const QUICK_REPS: u32 = 4;

pub(in crate::cli) fn reproduce(args: &ReproduceArgs) -> Result<(), Failure> {
    let effort = Effort {
        threads: one_number_of_threads(args.threads.as_ref())?,
        reps: args.reps.unwrap_or(if args.quick { QUICK_REPS } else { REPS }) as usize,
        quick: args.quick,
    };
    let claims = try_claims(&effort)?;
    let debug_assertions = cfg!(debug_assertions);
    let reproduced = Reproduced { debug_assertions, repetitions: effort.reps, claims };
    if args.json {
        terminal::print(|out| show::reproduced_json(&reproduced, out))?;
    } else {
        terminal::print(|out| show::reproduced_text(&reproduced, &terminal::style(), out))?;
    }
    let failed = reproduced.claims.iter().filter(|tried| tried.here.value().is_none()).count();
    match failed {
        0 => Ok(()),
        failed => Err(Failure::runtime(
            anyhow!("{failed} of {} claims could not be tried", reproduced.claims.len()),
            "the table says why",
        )),
    }
}
