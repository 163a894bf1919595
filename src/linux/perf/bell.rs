//! Waiting for rings to fill, until somebody rings the bell.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsRawFd, RawFd};
use std::thread;
use std::time::Duration;

use super::SwitchRing;
use crate::model::Nanos;

/// Ends a wait on another thread.
#[derive(Debug)]
pub struct Bell {
    /// Hangs up when the writer is dropped.
    reader: PipeReader,
}

/// Rings the bell when it is dropped.
#[derive(Debug)]
pub struct Rope(#[expect(dead_code, reason = "held for its end")] PipeWriter);

impl Rope {
    /// Rings the bell, as the rope's end does in any case.
    pub fn pull(self) {}
}

/// What ended a wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Woken {
    /// The bell rang.
    pub rang: bool,
    /// The files of rings whose threads have ended: they are never to be waited for again.
    pub ended: Vec<RawFd>,
}

impl Bell {
    /// A bell and what rings it.
    ///
    /// # Errors
    ///
    /// The kernel's, if the process has too many files open.
    pub fn hang() -> io::Result<(Self, Rope)> {
        let (reader, writer) = io::pipe()?;
        Ok((Self { reader }, Rope(writer)))
    }

    /// Waits until a ring is half full, the bell rings, or `patience` is over.
    pub fn wait(&self, rings: &[RawFd], patience: Nanos) -> Woken {
        let files = rings.iter().copied().chain([self.reader.as_raw_fd()]);
        let mut polled: Vec<libc::pollfd> =
            files.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 }).collect();
        let millis = i32::try_from(patience.0.div_ceil(1_000_000)).unwrap_or(i32::MAX);
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: `polled` is valid and as long as is said.
        let status =
            unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, millis) };
        if status < 0 && io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            // It cannot be waited for so many files; the rings are large enough to be seen to late.
            thread::sleep(Duration::from_nanos(patience.0));
        }
        if status <= 0 {
            return Woken::default();
        }
        let over = libc::POLLHUP | libc::POLLERR | libc::POLLNVAL;
        let hung_up = |file: &&libc::pollfd| file.revents & over != 0;
        let (bell, rings) = polled.split_last().expect("the bell is always there");
        let ended = rings.iter().filter(hung_up).map(|file| file.fd).collect();
        Woken { rang: bell.revents != 0, ended }
    }
}

impl SwitchRing {
    /// The file to be waited for.
    pub fn file(&self) -> RawFd {
        self.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulled_rope_rings() {
        let (bell, rope) = Bell::hang().unwrap();
        assert!(!bell.wait(&[], Nanos(0)).rang);
        rope.pull();
        assert!(bell.wait(&[], Nanos(60_000_000_000)).rang);
    }
}
