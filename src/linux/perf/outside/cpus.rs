//! The open events: on each CPU a ring of what happens there, and the counters.
//!
//! What a process inherits cannot be read from one ring for all CPUs, so there is one for each.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

use perf_event::{Counter as Handle, Sampler};

use super::counts::{Counts, Part};
use super::record::{self, Record};
use crate::linux::perf::event::{self, Target};
use crate::linux::perf::plan::Plan;
use crate::linux::perf::reason::{self, Wanted};
use crate::linux::perf::threads::read_words;

/// Bytes of all rings together, as long as none gets too small or needlessly large. A program that
/// switches all the time fills half a MiB in 200 ms, and it may take that long to be scheduled.
const ALL_RINGS: usize = 16 << 20;
const LARGEST_RING: usize = 4 << 20;
/// With one page more, it is what users may have on each CPU by default.
const USUAL_RING: usize = 512 << 10;
/// A ring is not made smaller than this: it would be full at once.
const SMALLEST_RING: usize = 16 << 10;

/// The events of one program on all CPUs.
pub(super) struct Cpus {
    cpus: Vec<Cpu>,
    counters: usize,
    /// Bytes of each ring.
    pub(super) ring: usize,
}

struct Cpu {
    ring: Sampler,
    counters: Vec<(usize, Handle)>,
}

enum NotOpen {
    /// With smaller rings it may do.
    Memory(io::Error),
    Other(String),
}

impl Cpus {
    /// Opens what `plan` found for a process that has yet to `exec`. Where users have too little
    /// locked memory for large rings, they get smaller ones.
    ///
    /// # Errors
    ///
    /// Why it cannot be watched, as a sentence.
    pub(super) fn open(process: u32, plan: &Plan) -> Result<Self, String> {
        raise_file_limit();
        let online = online_cpus().map_err(|error| format!("the CPUs are not known: {error}"))?;
        let mut ring = ring_for(online.len());
        loop {
            match Self::open_all(process, plan, &online, ring) {
                Ok(cpus) => return Ok(cpus),
                Err(NotOpen::Memory(_)) if ring / 2 >= SMALLEST_RING => ring /= 2,
                Err(NotOpen::Memory(error)) => return Err(reason::reason(&error, Wanted::Ring)),
                Err(NotOpen::Other(reason)) => return Err(reason),
            }
        }
    }

    fn open_all(process: u32, plan: &Plan, online: &[u32], ring: usize) -> Result<Self, NotOpen> {
        let mut all =
            Self { cpus: Vec::with_capacity(online.len()), counters: plan.infos().len(), ring };
        for &cpu in online {
            match all.open_one(Target::ProcessOnCpu { process, cpu }, plan) {
                // The CPU has gone since the list was read.
                Err(NotOpen::Other(_)) if !is_online(cpu) => {}
                other => other?,
            }
        }
        Ok(all)
    }

    fn open_one(&mut self, target: Target, plan: &Plan) -> Result<(), NotOpen> {
        let other = |error: io::Error| NotOpen::Other(reason::reason(&error, Wanted::Software));
        let mut builder = event::watching(target).map_err(other)?;
        builder.wakeup_watermark(self.ring / 4);
        let ring = builder.build().map_err(other)?.sampled(self.ring).map_err(NotOpen::Memory)?;
        let counters = open_counters(target, plan).map_err(other)?;
        self.cpus.push(Cpu { ring, counters });
        Ok(())
    }

    /// To poll for: readable when a quarter of the ring is full.
    pub(super) fn files(&self) -> impl Iterator<Item = RawFd> {
        self.cpus.iter().map(|cpu| cpu.ring.as_raw_fd())
    }

    /// What the kernel has written since the last call, in its order on each CPU.
    pub(super) fn drain(&mut self, mut f: impl FnMut(Record)) {
        for cpu in &mut self.cpus {
            while let Some(raw) = cpu.ring.next_record() {
                let parsed = record::parse(raw.ty(), raw.misc(), &raw.to_contiguous());
                parsed.into_iter().for_each(&mut f);
            }
        }
    }

    /// What all threads have counted so far, those that have ended and those that live.
    pub(super) fn totals(&self) -> io::Result<Counts> {
        let mut totals = Counts::none(self.counters);
        for cpu in &self.cpus {
            totals.add_time(read(cpu.ring.as_raw_fd())?);
            for (index, handle) in &cpu.counters {
                totals.add(*index, read(handle.as_raw_fd())?);
            }
        }
        Ok(totals)
    }
}

/// The groups as planned, each counter with its place in the plan.
fn open_counters(target: Target, plan: &Plan) -> io::Result<Vec<(usize, Handle)>> {
    let mut all: Vec<(usize, Handle)> = Vec::new();
    for group in plan.groups() {
        let leader = all.len();
        for &(counter, side) in &group.members {
            let builder = event::counting_alone(counter, target, side)?;
            let handle = match all.get_mut(leader) {
                None => builder.build()?,
                Some((_, leader)) => builder.build_with_group(leader)?,
            };
            let index = plan.infos().iter().position(|info| info.counter == counter);
            all.push((index.ok_or(io::ErrorKind::NotFound)?, handle));
        }
    }
    Ok(all)
}

fn read(file: RawFd) -> io::Result<Part> {
    // Value, time enabled, time running.
    let mut words = [0; 3];
    read_words(file, &mut words)?;
    Ok(Part { value: words[0], running: words[2] })
}

/// Files are open for each counter on each CPU: as many as this process may have.
fn raise_file_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    #[expect(unsafe_code, reason = "system calls")]
    // SAFETY: `limit` is a valid place for the result, and a valid limit. If it stays as it is,
    // opening says so.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}

/// Bytes of each ring for so many CPUs, a power of two.
fn ring_for(cpus: usize) -> usize {
    let share = (ALL_RINGS / cpus.max(1)).clamp(USUAL_RING, LARGEST_RING);
    1 << share.ilog2()
}

fn online_cpus() -> io::Result<Vec<u32>> {
    let text = fs::read_to_string("/sys/devices/system/cpu/online")?;
    cpus_in(&text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, text))
}

fn is_online(cpu: u32) -> bool {
    online_cpus().is_ok_and(|online| online.contains(&cpu))
}

/// `0-3,8` as the kernel lists CPUs.
fn cpus_in(text: &str) -> Option<Vec<u32>> {
    let mut cpus = Vec::new();
    for range in text.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        cpus.extend(first.parse().ok()?..=last.parse::<u32>().ok()?);
    }
    Some(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus_are_read() {
        assert_eq!(cpus_in("0\n"), Some(vec![0]));
        assert_eq!(cpus_in("0-2,5,7-8\n"), Some(vec![0, 1, 2, 5, 7, 8]));
        assert_eq!(cpus_in("all"), None);
    }

    #[test]
    fn rings_are_powers_of_two_within_bounds() {
        assert_eq!(
            [1, 4, 5, 12, 128].map(|cpus| ring_for(cpus) >> 10),
            [4096, 4096, 2048, 1024, 512]
        );
    }
}
