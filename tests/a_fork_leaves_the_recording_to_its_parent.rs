//! A forked child has a copy of the recording, but not of the threads: dropping the copy neither
//! waits for them nor disturbs the parent's.
#![cfg(target_os = "linux")]

use rayprism::Session;
use rayprism::facade as rayon;
use rayprism::model::Role;

/// What the child does with its copy of the session.
fn in_a_child(session: Session, f: impl FnOnce(Session)) -> Session {
    #[expect(unsafe_code, reason = "system calls")]
    // SAFETY: what the child does needs no more of the C library than is usable in a child of a
    // program with threads, and it ends there.
    let child = unsafe { libc::fork() };
    if child == 0 {
        f(session);
        unreachable!("the child has ended");
    }
    let mut status = 0;
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: `status` is a valid place for the result.
    let ended = unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!(ended, child);
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 7, "{status}");
    session
}

#[test]
fn a_child_ends_its_copy_and_the_parent_goes_on() {
    let session = Session::builder().start().expect("the only recording");
    rayon::join(|| (), || ());
    let session = in_a_child(session, |session| {
        drop(session);
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: ends the child, without what the test's own process has registered for its end.
        unsafe {
            libc::_exit(7)
        };
    });
    // Stopped in the child, where the kernel's records of the parent are no longer mapped; and ended
    // with all that a thread has registered for its end.
    let session = in_a_child(session, |session| {
        let trace = session.stop();
        assert_eq!(trace.counts().joins, 1);
        assert!(trace.header.rayon.value().is_none(), "no thread is started in a fork");
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: ends the child.
        unsafe {
            libc::exit(7)
        };
    });
    rayon::join(|| (), || ());
    let trace = session.stop();
    assert_eq!(trace.counts().joins, 2);
    for lane in trace.lanes.iter().filter(|lane| lane.role != Role::Outside) {
        let scheduling = lane.watched.scheduling.value().expect("watched throughout");
        assert!(scheduling.wall.0 > 0);
    }
}
