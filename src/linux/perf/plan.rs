//! Which counters this process can have, tried out once: each thread is then given the same.

use std::io;

use perf_event::Counter as Handle;

use super::event::{self, Side, Target};
use super::reason::{self, Wanted};
use crate::model::{Availability, Counter, CounterInfo, Values};

/// Words that a reading of all counters needs at most: each with the two times of its group.
pub const WORDS: usize = 3 * Counter::ALL.len();

/// The counters that there are and how they are grouped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    infos: Vec<CounterInfo>,
    groups: Vec<PlannedGroup>,
    can_be_mapped: bool,
    switch_records: Result<(), String>,
}

/// Counters that are on the CPU together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlannedGroup {
    pub(super) members: Vec<(Counter, Side)>,
}

impl PlannedGroup {
    /// The words that it takes in a reading: time enabled, time running, and each value.
    fn words(&self) -> usize {
        2 + self.members.len()
    }
}

impl Plan {
    /// Tries to open each of `wanted` for the calling thread, and its switch records. The first
    /// event that anybody opens on an idle machine costs the kernel 8 to 28 ms, this one call.
    pub fn probe(wanted: &[Counter]) -> Self {
        let mut planner = Planner::default();
        for &counter in wanted {
            planner.add(counter);
        }
        let switch_records = event::switching(Target::OwnThread)
            .and_then(|builder| builder.build())
            .map(drop)
            .map_err(|error| reason::reason(&error, Wanted::Software));
        let Planner { infos, groups, .. } = planner;
        let groups: Vec<_> = groups.into_iter().map(|group| group.planned).collect();
        let can_be_mapped = groups.iter().any(can_be_mapped);
        Self { infos, groups, can_be_mapped, switch_records }
    }

    /// The counters that were asked for, and what becomes of them. Whether a counter's values are
    /// estimates shows only when it has counted.
    pub fn infos(&self) -> &[CounterInfo] {
        &self.infos
    }

    /// Whether switch records can be had, or why not.
    pub fn switch_records(&self) -> Result<(), &str> {
        self.switch_records.as_ref().copied().map_err(String::as_str)
    }

    /// Groups that the hardware counters take: those of one count at the same time, and where there
    /// are several groups, these take turns.
    pub fn hardware_groups(&self) -> usize {
        let is_hardware = |group: &&PlannedGroup| {
            group.members.first().is_some_and(|(counter, _)| counter.is_hardware())
        };
        self.groups.iter().filter(is_hardware).count()
    }

    pub(super) fn groups(&self) -> &[PlannedGroup] {
        &self.groups
    }

    /// Files that these counters of a thread are.
    pub fn files(&self) -> usize {
        self.groups.iter().map(|group| group.members.len()).sum()
    }

    /// Whether the CPU can be asked for the hardware's counters, without the kernel.
    pub(super) fn can_be_mapped(&self) -> bool {
        self.can_be_mapped
    }

    /// Words of a reading of these counters.
    pub fn words(&self) -> usize {
        self.groups.iter().map(PlannedGroup::words).sum()
    }

    /// What a reading, or the difference of two, says: each counter's value, scaled up where it was
    /// on the CPU for a part of the time only.
    pub fn values(&self, words: &[u64]) -> Values {
        let mut values = vec![None; self.infos.len()].into_boxed_slice();
        self.each(words, |place, value, [enabled, running]| {
            values[place] = scaled(value, enabled, running);
        });
        Values(values)
    }

    /// The counters' infos, given their words at the end of each thread: what was not counted all
    /// the time is an estimate, and what never was is none.
    pub fn infos_after<'w>(&self, ends: impl IntoIterator<Item = &'w [u64]>) -> Vec<CounterInfo> {
        let mut infos = self.infos.clone();
        let mut sums = vec![[0_u64; 2]; infos.len()];
        for words in ends {
            self.each(words, |place, _, times| {
                let [enabled, running] = &mut sums[place];
                (*enabled, *running) = (*enabled + times[0], *running + times[1].min(times[0]));
            });
        }
        for (info, [enabled, running]) in infos.iter_mut().zip(sums) {
            if running == 0 && enabled > 0 {
                info.availability = Availability::Unavailable(NEVER_RAN.to_owned());
            } else if running < enabled {
                info.availability = Availability::Estimated;
            }
        }
        infos
    }

    fn each(&self, words: &[u64], mut f: impl FnMut(usize, u64, [u64; 2])) {
        let mut rest = words;
        for group in &self.groups {
            let Some((own, later)) = rest.split_at_checked(group.words()) else { return };
            let (times, values) = own.split_at(2);
            for (&(counter, _), &value) in group.members.iter().zip(values) {
                let place = self.infos.iter().position(|info| info.counter == counter);
                place.into_iter().for_each(|place| f(place, value, [times[0], times[1]]));
            }
            rest = later;
        }
    }
}

/// Why a counter that opens has no value.
pub const NEVER_RAN: &str = "it opens, but never got a place on the PMU; end other programs that \
                             count, or try `sysctl kernel.nmi_watchdog=0`";

/// Whether the first of a group can be read by the program itself (RDPMC): tried on the calling
/// thread, where it counts.
fn can_be_mapped(group: &PlannedGroup) -> bool {
    let Some(&(counter, side)) = group.members.first() else { return false };
    let open = || event::counting(counter, Target::OwnThread, side)?.build()?.sampled(1);
    counter.is_hardware() && open().is_ok_and(|counter| counter.read_user().count().is_some())
}

fn scaled(value: u64, enabled: u64, running: u64) -> Option<u64> {
    match running {
        // It never was on the CPU, which may also be true of a thread.
        0 if enabled > 0 => None,
        _ if running >= enabled => Some(value),
        _ => u64::try_from(u128::from(value) * u128::from(enabled) / u128::from(running)).ok(),
    }
}

/// Opens the counters one by one, and keeps them open until all are: that shows what fits together.
#[derive(Default)]
struct Planner {
    infos: Vec<CounterInfo>,
    groups: Vec<OpenGroup>,
    has_pmu: bool,
}

struct OpenGroup {
    planned: PlannedGroup,
    leader: Handle,
    /// Kept open: they take the places that later ones cannot have.
    _members: Vec<Handle>,
}

impl OpenGroup {
    /// Whether one more hardware counter would fit.
    fn has_room(&mut self) -> io::Result<bool> {
        let (_, side) = self.planned.members[0];
        let spare = event::counting(Counter::Cycles, Target::OwnThread, side)?;
        match spare.build_with_group(&mut self.leader) {
            Ok(_) => Ok(true),
            Err(error) if reason::is_group_full(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether a group must leave room for another counter: the kernel's watchdog has one on each CPU
/// that groups are not checked against, and a group that fills the rest never runs.
fn needs_spare(counter: Counter) -> bool {
    counter.is_hardware() && reason::has_watchdog()
}

impl Planner {
    fn add(&mut self, counter: Counter) {
        let opened = match self.open(counter, Side::Both) {
            // Refused with the kernel's side in it, an event says nothing of whether it exists.
            Err(error) if reason::is_denied(&error) && !needs_kernel(counter) => {
                self.open(counter, Side::UserOnly).map(|()| Side::UserOnly)
            }
            other => other.map(|()| Side::Both),
        };
        self.has_pmu |= counter.is_hardware() && opened.is_ok();
        let availability = match &opened {
            Ok(_) => Availability::Available,
            Err(error) => Availability::Unavailable(self.reason(counter, error)),
        };
        let user_only = matches!(opened, Ok(Side::UserOnly));
        self.infos.push(CounterInfo { counter, availability, user_only });
    }

    /// Into a group that has room for it, or into a new one. Hardware and software are kept apart:
    /// software counters always run.
    fn open(&mut self, counter: Counter, side: Side) -> io::Result<()> {
        let builder = event::counting(counter, Target::OwnThread, side)?;
        let alike = |group: &&mut OpenGroup| {
            group
                .planned
                .members
                .iter()
                .all(|(other, _)| other.is_hardware() == counter.is_hardware())
        };
        for group in self.groups.iter_mut().filter(alike) {
            match builder.build_with_group(&mut group.leader) {
                Ok(member) if !needs_spare(counter) || group.has_room()? => {
                    group._members.push(member);
                    group.planned.members.push((counter, side));
                    return Ok(());
                }
                Ok(_) => {}
                Err(error) if reason::is_group_full(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let leader = builder.build()?;
        let planned = PlannedGroup { members: vec![(counter, side)] };
        self.groups.push(OpenGroup { planned, leader, _members: Vec::new() });
        Ok(())
    }

    fn reason(&self, counter: Counter, error: &io::Error) -> String {
        let wanted = if counter.is_hardware() {
            Wanted::Hardware { has_pmu: self.has_pmu || counts_cycles() }
        } else {
            Wanted::Software
        };
        reason::reason(error, wanted)
    }
}

/// Whether there is a PMU, for every one of them counts cycles.
fn counts_cycles() -> bool {
    let open = || event::counting(Counter::Cycles, Target::OwnThread, Side::UserOnly)?.build();
    open().is_ok()
}

/// Whether the counter counts what happens in the kernel alone: without that side it opens, and
/// silently stays at zero.
fn needs_kernel(counter: Counter) -> bool {
    matches!(counter, Counter::ContextSwitches | Counter::CpuMigrations)
}
