//! A seccomp filter as containers set it, over a process that a test starts.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// From its start on, the command finds `perf_event_open` to fail with this error.
pub(crate) fn forbid_perf_events(command: &mut Command, errno: i32) {
    let filter = filter(u32::try_from(errno).unwrap());
    #[expect(unsafe_code, reason = "only between fork and exec can the child filter itself")]
    // SAFETY: what runs there makes two system calls and touches no memory but its own copy of the
    // filter: nothing is allocated and no lock is taken.
    unsafe {
        command.pre_exec(move || install(&filter));
    }
}

/// Loads the call's number; if it is the one, returns the error, else lets it through. See seccomp(2).
fn filter(errno: u32) -> [libc::sock_filter; 4] {
    let call = u32::try_from(libc::SYS_perf_event_open).unwrap();
    let statement = |code, jt, k| libc::sock_filter { code, jt, jf: 0, k };
    let (load, equal) = (libc::BPF_LD | libc::BPF_W, libc::BPF_JMP | libc::BPF_JEQ);
    let code = |code: u32| u16::try_from(code).unwrap();
    [
        statement(code(load | libc::BPF_ABS), 0, 0),
        statement(code(equal | libc::BPF_K), 1, call),
        statement(code(libc::BPF_RET | libc::BPF_K), 0, libc::SECCOMP_RET_ALLOW),
        statement(code(libc::BPF_RET | libc::BPF_K), 0, libc::SECCOMP_RET_ERRNO | errno),
    ]
}

fn install(filter: &[libc::sock_filter; 4]) -> io::Result<()> {
    let program = libc::sock_fprog { len: 4, filter: filter.as_ptr().cast_mut() };
    let (on, off): (libc::c_ulong, libc::c_ulong) = (1, 0);
    #[expect(unsafe_code, reason = "system calls")]
    // SAFETY: the first takes numbers; the second reads the program and the filter that it points
    // to, both of which outlive the call.
    let done = unsafe {
        // A user may set a filter only if no program can give him more rights below it.
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, on, off, off, off) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    };
    if done { Ok(()) } else { Err(io::Error::last_os_error()) }
}
