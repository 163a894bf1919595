//! A program's process, stopped short of its `exec` until it can be watched.
//!
//! `Command` returns only when the program runs, so a thread of its own waits there. The child says
//! its number through one pipe and waits for a byte from another; if this process dies, the pipe
//! closes and the program never starts.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::thread::{self, JoinHandle};

use crate::model::Ended;

/// A process that waits for its [`release`](Self::release).
pub struct Suspended {
    process: u32,
    release: PipeWriter,
    starting: JoinHandle<io::Result<Child>>,
}

impl Suspended {
    /// Makes the process of `command`.
    ///
    /// # Errors
    ///
    /// The kernel's, if there can be no other process.
    pub fn start(mut command: Command) -> io::Result<Self> {
        let (number, told) = io::pipe()?;
        let (gate, release) = io::pipe()?;
        let files = [told.as_raw_fd(), release.as_raw_fd(), gate.as_raw_fd()];
        let wait = move || wait_for_release(files);
        #[expect(unsafe_code, reason = "what runs between fork and exec is restricted")]
        // SAFETY: the closure makes system calls only, which is allowed there.
        unsafe {
            command.pre_exec(wait);
        }
        let starting = thread::Builder::new().spawn(move || {
            let child = command.spawn();
            // Open until now, for the child had to inherit them; with `told` the reader below ends.
            drop((told, gate));
            child
        })?;
        match read_number(number) {
            Ok(process) => Ok(Self { process, release, starting }),
            // No child came to say anything.
            Err(error) => Err(join(starting).err().unwrap_or(error)),
        }
    }

    /// The kernel's number of the process.
    pub fn process(&self) -> u32 {
        self.process
    }

    /// Lets it become the program.
    ///
    /// # Errors
    ///
    /// The kernel's, if there is no such program or it cannot be executed.
    pub fn release(self) -> io::Result<Running> {
        let Self { process, mut release, starting } = self;
        release.write_all(&[1])?;
        join(starting)?;
        Ok(Running { process, end: pidfd(process) })
    }
}

impl std::fmt::Debug for Suspended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suspended").field("process", &self.process).finish_non_exhaustive()
    }
}

fn join(starting: JoinHandle<io::Result<Child>>) -> io::Result<Child> {
    starting.join().unwrap_or_else(|_| Err(io::Error::other("the starting thread panicked")))
}

fn read_number(mut number: PipeReader) -> io::Result<u32> {
    let mut bytes = [0; 4];
    number.read_exact(&mut bytes)?;
    Ok(u32::from_ne_bytes(bytes))
}

/// In the child, between `fork` and `exec`.
fn wait_for_release([told, opener, gate]: [i32; 3]) -> io::Result<()> {
    let mut byte = 0_u8;
    #[expect(unsafe_code, reason = "system calls; nothing else is allowed here")]
    // SAFETY: the files were inherited open; the buffers are as long as is said.
    let read = unsafe {
        // While the child has this end itself, the gate would never close.
        libc::close(opener);
        let process = libc::getpid();
        libc::write(told, (&raw const process).cast(), size_of_val(&process));
        loop {
            let read = libc::read(gate, (&raw mut byte).cast(), 1);
            if read >= 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
                break read;
            }
        }
    };
    if read == 1 { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ECANCELED)) }
}

/// The program, running. It is waited for here and nowhere else.
#[derive(Debug)]
pub struct Running {
    process: u32,
    /// Readable when it has ended; kernels before 5.3 and some filters have no such file.
    end: Option<OwnedFd>,
}

/// How a process ended and what the kernel says it and its children used.
pub(super) struct Reaped {
    pub(super) ended: Ended,
    pub(super) usage: libc::rusage,
}

impl Running {
    pub(super) fn process(&self) -> u32 {
        self.process
    }

    /// A file that is readable when the program has ended.
    pub(super) fn end(&self) -> Option<i32> {
        self.end.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Ends it, whatever it does.
    pub(super) fn kill(&self) {
        let Ok(process) = libc::pid_t::try_from(self.process) else { return };
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: it takes two numbers. The process has not been reaped, so its number is nobody
        // else's; an error means that it has ended.
        unsafe {
            libc::kill(process, libc::SIGKILL);
        }
    }

    /// Whether it has ended; its entry in /proc stays until it is reaped.
    pub(super) fn has_ended(&self) -> bool {
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        #[expect(unsafe_code, reason = "system calls")]
        // SAFETY: all zeroes is a siginfo, and a valid place for the result.
        let (status, process) = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let status = libc::waitid(libc::P_PID, self.process, &mut info, flags);
            (status, info.si_pid())
        };
        // An error means that there is nothing to wait for.
        status != 0 || process != 0
    }

    /// Waits for its end.
    pub(super) fn reap(self) -> io::Result<Reaped> {
        let process = libc::pid_t::try_from(self.process).map_err(io::Error::other)?;
        let mut status = 0;
        #[expect(unsafe_code, reason = "system calls")]
        // SAFETY: all zeroes is a usage, and both are valid places for the results.
        let (reaped, usage) = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            let mut reaped = libc::wait4(process, &mut status, 0, &mut usage);
            while reaped < 0 && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted {
                reaped = libc::wait4(process, &mut status, 0, &mut usage);
            }
            (reaped, usage)
        };
        if reaped < 0 {
            return Err(io::Error::last_os_error());
        }
        let ended = if libc::WIFSIGNALED(status) {
            Ended::Killed(libc::WTERMSIG(status))
        } else {
            Ended::Exited(libc::WEXITSTATUS(status))
        };
        Ok(Reaped { ended, usage })
    }
}

fn pidfd(process: u32) -> Option<OwnedFd> {
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: it takes two numbers; the file that it gives is nobody else's.
    unsafe {
        let file = libc::syscall(libc::SYS_pidfd_open, process, 0);
        i32::try_from(file).ok().filter(|&file| file >= 0).map(|file| OwnedFd::from_raw_fd(file))
    }
}
