//! The open events: on each CPU a ring of what happens there, and the counters.
//!
//! What a process inherits cannot be read from one ring for all CPUs, so there is one for each.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

use perf_event::{Builder, Counter as Handle, ReadFormat, Sampler};

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
/// Threads begin and end more seldom than they switch: room for 500 lives on each CPU.
const BEGINNINGS: usize = 64 << 10;

/// The events of one program on all CPUs.
pub(super) struct Cpus {
    cpus: Vec<Cpu>,
    counters: usize,
    /// Bytes of each ring.
    pub(super) ring: usize,
    /// What makes the rings' events tell how many records they lost.
    losses: ReadFormat,
}

struct Cpu {
    ring: Sampler,
    /// A ring of threads' beginnings and ends alone, where they are to be known at once.
    beginnings: Option<Sampler>,
    counters: Vec<(usize, Handle)>,
}

enum NotOpen {
    /// With smaller rings it may do.
    Memory(io::Error),
    Other(String),
}

impl Cpus {
    /// Opens what `plan` found for a process that has yet to `exec`. Where users have too little
    /// locked memory for large rings, they get smaller ones. With `at_once`, beginnings and ends of
    /// threads have rings that are readable as soon as there is one.
    ///
    /// # Errors
    ///
    /// Why it cannot be watched, as a sentence.
    pub(super) fn open(process: u32, plan: &Plan, at_once: bool) -> Result<Self, String> {
        raise_file_limit();
        let online = online_cpus().map_err(|error| format!("the CPUs are not known: {error}"))?;
        let mut ring = ring_for(online.len());
        let losses = event::losses();
        loop {
            let none = Self { cpus: Vec::new(), counters: plan.infos().len(), ring, losses };
            match none.with_all(process, plan, &online, at_once) {
                Ok(cpus) => return Ok(cpus),
                Err(NotOpen::Memory(_)) if ring / 2 >= SMALLEST_RING => ring /= 2,
                Err(NotOpen::Memory(error)) => return Err(reason::reason(&error, Wanted::Ring)),
                Err(NotOpen::Other(reason)) => return Err(reason),
            }
        }
    }

    fn with_all(
        mut self,
        process: u32,
        plan: &Plan,
        online: &[u32],
        at_once: bool,
    ) -> Result<Self, NotOpen> {
        for &cpu in online {
            match self.open_one(Target::ProcessOnCpu { process, cpu }, plan, at_once) {
                // The CPU has gone since the list was read.
                Err(NotOpen::Other(_)) if !is_online(cpu) => {}
                other => other?,
            }
        }
        Ok(self)
    }

    fn open_one(&mut self, target: Target, plan: &Plan, at_once: bool) -> Result<(), NotOpen> {
        let other = |error: io::Error| NotOpen::Other(reason::reason(&error, Wanted::Software));
        let open = |builder: io::Result<Builder<'_>>, bytes| {
            let opened = builder.and_then(|builder| builder.build()).map_err(other)?;
            opened.sampled(bytes).map_err(NotOpen::Memory)
        };
        let watching = event::watching(target, self.losses).map(|mut builder| {
            builder.wakeup_watermark(self.ring / 4);
            builder
        });
        let ring = open(watching, self.ring)?;
        let beginnings = match at_once {
            true => Some(open(event::beginnings(target, self.losses), BEGINNINGS)?),
            false => None,
        };
        let counters = open_counters(target, plan).map_err(other)?;
        self.cpus.push(Cpu { ring, beginnings, counters });
        Ok(())
    }

    /// To poll for: readable when a quarter of the ring is full, or a thread begins or ends.
    pub(super) fn files(&self) -> impl Iterator<Item = RawFd> {
        let rings = self.cpus.iter().flat_map(|cpu| cpu.beginnings.iter().chain([&cpu.ring]));
        rings.map(AsRawFd::as_raw_fd)
    }

    /// What the kernel has written since the last call, in its order on each CPU.
    pub(super) fn drain(&mut self, mut f: impl FnMut(Record)) {
        self.cpus.iter_mut().for_each(|cpu| drain(&mut cpu.ring, &mut f));
    }

    /// The same of threads' beginnings and ends alone.
    pub(super) fn drain_beginnings(&mut self, mut f: impl FnMut(Record)) {
        let rings = self.cpus.iter_mut().filter_map(|cpu| cpu.beginnings.as_mut());
        rings.for_each(|ring| drain(ring, &mut f));
    }

    /// Records that found no room so far, those of [`drain`](Self::drain); `None` if the kernel does
    /// not tell.
    pub(super) fn lost(&self) -> Option<u64> {
        self.cpus.iter().map(|cpu| self.told(&cpu.ring).ok()?.1).sum()
    }

    /// The same of those of [`drain_beginnings`](Self::drain_beginnings).
    pub(super) fn lost_beginnings(&self) -> Option<u64> {
        let rings = self.cpus.iter().filter_map(|cpu| cpu.beginnings.as_ref());
        rings.map(|ring| self.told(ring).ok()?.1).sum()
    }

    /// What a ring's event tells: how long the CPU had the threads, and how many records found no
    /// room.
    fn told(&self, ring: &Sampler) -> io::Result<(Part, Option<u64>)> {
        let file = ring.as_raw_fd();
        if !self.losses.contains(ReadFormat::LOST) {
            return Ok((read(file)?, None));
        }
        let [value, _, running, lost] = words_of(file)?;
        Ok((Part { value, running }, Some(lost)))
    }

    /// What all threads have counted so far, those that have ended and those that live.
    pub(super) fn totals(&self) -> io::Result<Counts> {
        let mut totals = Counts::none(self.counters);
        for cpu in &self.cpus {
            totals.add_time(self.told(&cpu.ring)?.0);
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

fn drain(ring: &mut Sampler, mut f: impl FnMut(Record)) {
    while let Some(raw) = ring.next_record() {
        let parsed = record::parse(raw.ty(), raw.misc(), &raw.to_contiguous());
        parsed.into_iter().for_each(&mut f);
    }
}

fn read(file: RawFd) -> io::Result<Part> {
    // Value, time enabled, time running.
    let [value, _, running] = words_of(file)?;
    Ok(Part { value, running })
}

fn words_of<const N: usize>(file: RawFd) -> io::Result<[u64; N]> {
    let mut words = [0; N];
    read_words(file, &mut words)?;
    Ok(words)
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

    /// The ring is not read meanwhile, and nothing is written after what was lost.
    #[test]
    fn records_lost_last_of_all_are_known() {
        let losses = event::losses();
        let open = || event::watching(Target::OwnThread, losses)?.build()?.sampled(1 << 12);
        let Ok(ring) = open() else { return };
        let cpu = Cpu { ring, beginnings: None, counters: Vec::new() };
        let mut cpus = Cpus { cpus: vec![cpu], counters: 0, ring: 1 << 12, losses };
        (0..200).for_each(|_| std::thread::sleep(std::time::Duration::from_micros(1)));
        if !losses.contains(ReadFormat::LOST) {
            return assert_eq!(cpus.lost(), None);
        }
        let (lost, mut read) = (cpus.lost().unwrap(), Vec::new());
        cpus.drain(|record| read.push(record.what));
        // Out and in again, each time.
        assert!(lost + read.len() as u64 >= 400 && lost > 0, "{lost} {}", read.len());
        assert!(!read.iter().any(|what| matches!(what, record::What::Lost(_))));
        assert!(cpus.told(&cpus.cpus[0].ring).unwrap().0.running > 0);
    }

    #[test]
    fn rings_are_powers_of_two_within_bounds() {
        assert_eq!(
            [1, 4, 5, 12, 128].map(|cpus| ring_for(cpus) >> 10),
            [4096, 4096, 2048, 1024, 512]
        );
    }
}
