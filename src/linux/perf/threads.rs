//! A thread's counters, open.

use std::os::fd::{AsRawFd, RawFd};
use std::{fmt, io};

use perf_event::{Counter as Handle, Sampler};

use super::event::{self, Target};
use super::plan::{Plan, PlannedGroup, WORDS};

/// The counters of one thread. Can be read from any thread of the process.
#[derive(Debug)]
pub struct ThreadCounters {
    groups: Vec<OpenGroup>,
}

#[derive(Debug)]
struct OpenGroup {
    /// The leader first.
    members: Vec<Member>,
}

/// An open counter.
enum Member {
    /// To be read through the kernel.
    File(Handle),
    /// Which the CPU can also be asked for, by RDPMC: the kernel says how on a page that it maps.
    Mapped(Sampler),
}

impl ThreadCounters {
    /// Opens what `plan` found. They count from now on.
    ///
    /// # Errors
    ///
    /// The kernel's, if the thread has ended or the process has too many files open.
    pub fn open(plan: &Plan, target: Target) -> io::Result<Self> {
        let opened = Self::open_as(plan, target, plan.can_be_mapped());
        match opened {
            // There may be no more memory for the pages.
            Err(_) if plan.can_be_mapped() => Self::open_as(plan, target, false),
            opened => opened,
        }
    }

    /// The same without the pages by which the CPU can be asked: those serve the thread itself.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open)'s.
    pub(super) fn open_unmapped(plan: &Plan, target: Target) -> io::Result<Self> {
        Self::open_as(plan, target, false)
    }

    fn open_as(plan: &Plan, target: Target, mapped: bool) -> io::Result<Self> {
        let groups = plan.groups().iter();
        let groups = groups.map(|group| OpenGroup::open(group, target, mapped));
        Ok(Self { groups: groups.collect::<io::Result<_>>()? })
    }

    /// Reads all of them, about 1 µs a group; how many words there are, see [`Plan::values`].
    ///
    /// # Errors
    ///
    /// The kernel's, if a group could not be read.
    pub fn read(&self, words: &mut [u64; WORDS]) -> io::Result<usize> {
        self.read_by(words, OpenGroup::read)
    }

    /// The same on the thread whose counters they are: without the kernel where that is possible.
    ///
    /// # Errors
    ///
    /// The kernel's, if a group could not be read.
    pub fn read_here(&self, words: &mut [u64; WORDS]) -> io::Result<usize> {
        self.read_by(words, |group, words| match group.read_mapped(words) {
            Some(()) => Ok(()),
            None => group.read(words),
        })
    }

    fn read_by(
        &self,
        words: &mut [u64; WORDS],
        read: impl Fn(&OpenGroup, &mut [u64]) -> io::Result<()>,
    ) -> io::Result<usize> {
        let mut at = 0;
        for group in &self.groups {
            let end = at + 2 + group.members.len();
            read(group, &mut words[at..end])?;
            at = end;
        }
        Ok(at)
    }
}

impl OpenGroup {
    fn open(group: &PlannedGroup, target: Target, mapped: bool) -> io::Result<Self> {
        let mut members: Vec<Member> = Vec::with_capacity(group.members.len());
        // A thread that runs meanwhile would be counted by each from another moment on, and the CPU
        // it is on would be interrupted for each. Without its leader, no member counts.
        let is_elsewhere = matches!(target, Target::Thread(_));
        for &(counter, side) in &group.members {
            let mut builder = event::counting(counter, target, side)?;
            if is_elsewhere && members.is_empty() {
                builder.enabled(false);
            }
            let handle = match members.first_mut() {
                None => builder.build()?,
                Some(Member::File(leader)) => builder.build_with_group(leader)?,
                Some(Member::Mapped(leader)) => builder.build_with_group(leader)?,
            };
            members.push(match mapped && counter.is_hardware() {
                true => Member::Mapped(handle.sampled(1)?),
                false => Member::File(handle),
            });
        }
        if is_elsewhere {
            members.first_mut().map_or(Ok(()), Member::enable)?;
        }
        Ok(Self { members })
    }

    /// Time enabled, time running, and the values.
    fn read(&self, words: &mut [u64]) -> io::Result<()> {
        // The kernel puts the number of values before all.
        let mut raw = [0; 1 + WORDS];
        let raw = &mut raw[..=words.len()];
        let leader = self.members.first().ok_or(io::ErrorKind::NotFound)?;
        read_words(leader.as_raw_fd(), raw)?;
        words.copy_from_slice(&raw[1..]);
        Ok(())
    }

    /// The same from the CPU itself; `None` if one of them is not on it.
    fn read_mapped(&self, words: &mut [u64]) -> Option<()> {
        let (times, values) = words.split_at_mut(2);
        for (value, member) in values.iter_mut().zip(&self.members) {
            let Member::Mapped(member) = member else { return None };
            let read = member.read_user();
            *value = read.count()?;
            let nanos = [read.time_enabled(), read.time_running()].map(|time| time.as_nanos());
            times.copy_from_slice(&nanos.map(|nanos| nanos as u64));
        }
        Some(())
    }
}

impl Member {
    fn enable(&mut self) -> io::Result<()> {
        match self {
            Self::File(handle) => handle.enable(),
            Self::Mapped(sampler) => sampler.enable(),
        }
    }
}

impl AsRawFd for Member {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::File(handle) => handle.as_raw_fd(),
            Self::Mapped(sampler) => sampler.as_raw_fd(),
        }
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Member").field(&self.as_raw_fd()).finish()
    }
}

/// Reads exactly so many words.
pub(super) fn read_words(file: RawFd, words: &mut [u64]) -> io::Result<()> {
    let bytes = size_of_val(words);
    #[expect(unsafe_code, reason = "a system call; std's way to it would want the file by value")]
    // SAFETY: `words` is `bytes` long and takes any bits.
    let read = unsafe { libc::read(file, words.as_mut_ptr().cast(), bytes) };
    match usize::try_from(read) {
        Ok(read) if read == bytes => Ok(()),
        Ok(_) => Err(io::ErrorKind::UnexpectedEof.into()),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Counter;

    #[test]
    fn faults_of_touched_memory_are_counted() {
        const PAGES: usize = 256;
        let plan = Plan::probe(&[Counter::MinorFaults]);
        if !plan.infos()[0].availability.is_measured() {
            return;
        }
        let counters = ThreadCounters::open(&plan, Target::OwnThread).unwrap();
        let mut words = [0; WORDS];
        let faults = |words: &mut [u64; WORDS]| {
            let length = counters.read(words).unwrap();
            plan.values(&words[..length]).get(0).unwrap()
        };
        let before = faults(&mut words);
        touch_fresh_pages(PAGES);
        let after = faults(&mut words);
        assert!((PAGES as u64..2 * PAGES as u64).contains(&(after - before)), "{before} {after}");
    }

    /// Memory of the allocator's may have been touched before, and large pages take fewer faults.
    fn touch_fresh_pages(pages: usize) {
        let length = pages * 4096;
        #[expect(unsafe_code, reason = "memory straight from the kernel")]
        // SAFETY: a fresh private mapping, used within its length, and unmapped after its last use.
        unsafe {
            let (flags, rights) = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, libc::PROT_WRITE);
            let memory = libc::mmap(std::ptr::null_mut(), length, rights, flags, -1, 0);
            assert_ne!(memory, libc::MAP_FAILED);
            libc::madvise(memory, length, libc::MADV_NOHUGEPAGE);
            for page in 0..pages {
                memory.cast::<u8>().add(page * 4096).write_volatile(1);
            }
            libc::munmap(memory, length);
        }
    }
}
