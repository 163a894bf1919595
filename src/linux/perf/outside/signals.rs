//! Signals while a program runs: they are the program's, so that there is a report of whatever it
//! makes of them.
//!
//! A terminal sends its signals to both; what another process sends to this one is passed on.

use std::sync::atomic::{AtomicI32, Ordering};

const PASSED_ON: [libc::c_int; 4] = [libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGHUP];

/// The process that gets them.
static PROGRAM: AtomicI32 = AtomicI32::new(0);

/// While it lives, signals go to the program.
pub(super) struct PassedOn {
    before: Vec<(libc::c_int, libc::sigaction)>,
}

impl PassedOn {
    /// To be called after the program's process was made, which would inherit it.
    pub(super) fn to(process: u32) -> Self {
        let Ok(process) = i32::try_from(process) else { return Self { before: Vec::new() } };
        PROGRAM.store(process, Ordering::SeqCst);
        let before = PASSED_ON.into_iter().filter_map(|signal| Some((signal, handle(signal)?)));
        Self { before: before.collect() }
    }
}

impl Drop for PassedOn {
    fn drop(&mut self) {
        for (signal, before) in &self.before {
            #[expect(unsafe_code, reason = "a system call")]
            // SAFETY: `before` is what the kernel gave for this signal.
            unsafe {
                libc::sigaction(*signal, before, std::ptr::null_mut());
            }
        }
        PROGRAM.store(0, Ordering::SeqCst);
    }
}

/// What was done with the signal before; `None` if it is ignored, as it then stays.
fn handle(signal: libc::c_int) -> Option<libc::sigaction> {
    #[expect(unsafe_code, reason = "system calls")]
    // SAFETY: all zeroes is an action; the handler makes one system call, which is allowed there.
    unsafe {
        let mut before: libc::sigaction = std::mem::zeroed();
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = pass_on as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        if libc::sigaction(signal, std::ptr::null(), &mut before) != 0
            || before.sa_sigaction == libc::SIG_IGN
        {
            return None;
        }
        (libc::sigaction(signal, &action, std::ptr::null_mut()) == 0).then_some(before)
    }
}

extern "C" fn pass_on(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    _context: *mut libc::c_void,
) {
    let program = PROGRAM.load(Ordering::SeqCst);
    #[expect(unsafe_code, reason = "a system call, with what the kernel gave")]
    // SAFETY: the kernel gives a valid `info`; `kill` may be called in a handler. Codes above zero
    // are the kernel's own: a terminal's signal, which the program gets by itself.
    unsafe {
        if program > 0 && (*info).si_code <= 0 {
            libc::kill(program, signal);
        }
    }
}
