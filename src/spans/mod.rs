//! The bridge to [`tracing`](https://docs.rs/tracing): what the facade records, as spans that any
//! subscriber sees; and, with the feature `layer`, the program's own spans into the recording.
//!
//! # Out
//!
//! While a [`Session`](crate::Session) records and a subscriber lets these targets through, each
//! thing that is timed is a span from its start to its end, entered on the thread that runs it.
//! Names, targets and fields are stable:
//!
//! | target, level | name | fields |
//! | --- | --- | --- |
//! | `rayprism::operation`, debug | `install`, `join`, `scope`, `in_place_scope`, `broadcast`, `par_iter`, `par_iter_opaque`, `par_sort`, `region` | `label`, `site`, `pool`, `worker` |
//! | `rayprism::task`, trace | `task` | `origin`, `migrated`, `queue_ns`, `depth`, `site`, `pool`, `worker`; at its end `joins` |
//! | `rayprism::join`, trace | `join` | `depth`, `site`, `pool`, `worker`; at its end `second` |
//! | `rayprism::split`, trace | `split` | the same, of a parallel iterator |
//! | `rayprism::leaf`, trace | `leaf` | `depth`, `site`, `pool`, `worker`; at its end `items` |
//! | `rayprism::reduction`, trace | `reduction` | `depth`, `site`, `pool`, `worker` |
//! | `rayprism::steal`, trace | an event in the stolen task, `steal` | `thief`, `victim`, `pool`, `queue_ns`, `counted` |
//!
//! All of them have `panicked = true` at their end if a panic went through. What is not known is
//! not there: `worker` and `pool` of a thread that is no worker, `depth` of the half of a join that
//! was only counted.
//!
//! **Parents** are right across threads. A task's span has as its parent what pushed it: the join
//! or split that it is a half of, the operation that handed it over, the span in which it was
//! spawned (which stays open until the task has ended). A half of a join that was only counted has
//! what was recorded around that join. The subscriber is that of the thread that pushed the task,
//! also if it is one thread's own ([`tracing::subscriber::with_default`]), and what the program
//! itself opens in the task lies below. Where a filter takes some of these spans out, the next one
//! around takes their place.
//!
//! A detached `spawn` where nothing of this is open, as from a thread that is no worker, is an
//! operation of its own: nobody waits for it, and it may outlast whatever the program was in. Its task
//! is a root, told to the subscriber of the worker that runs it.
//!
//! When nobody listens, all of this is one comparison where a task or an operation begins; a join
//! that is only counted stays one instruction. While somebody does, such joins take a few
//! nanoseconds more, as their halves then carry where they come from.
//!
//! # In
//!
//! [`rayprism::layer`](crate::layer) makes a `Layer` for a subscriber of `tracing_subscriber`. Each
//! stretch in which a thread is in a span is a *phase* on that thread, each event a *note*. A task
//! brings the phase in which it was pushed to the thread that runs it, so that phases cross into
//! stolen halves, leaves and spawned jobs. The one exception is the half of a join that was only
//! counted: it carries nothing, and reports take it for a part of what its pool was called from, if
//! that is one phase.

mod emit;
#[cfg(feature = "layer")]
mod layer;
mod open;
mod out;
#[cfg(feature = "cli")]
mod replay;

#[cfg(feature = "layer")]
pub use layer::{Layer, NotOurs, Phases};
#[cfg(feature = "layer")]
pub(crate) use layer::{Threads, layer, write_open_phases};
pub(crate) use open::Hold;
pub(crate) use out::listen;
#[cfg(feature = "cli")]
pub(crate) use replay::{Retold, Step, steps};
