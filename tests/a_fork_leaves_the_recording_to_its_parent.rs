//! A forked child has a copy of the recording, but not of the threads: dropping the copy neither
//! waits for them nor disturbs the parent's.
#![cfg(target_os = "linux")]

use rayprism::Session;
use rayprism::facade as rayon;
use rayprism::model::Role;

#[test]
fn a_child_drops_its_copy_and_the_parent_goes_on() {
    let session = Session::builder().start().expect("the only recording");
    rayon::join(|| (), || ());
    #[expect(unsafe_code, reason = "system calls")]
    // SAFETY: the child drops a value and ends, and what that needs of the C library is usable in a
    // child of a program with threads.
    let child = unsafe { libc::fork() };
    if child == 0 {
        drop(session);
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: ends the child, without what the test's own process has registered for its end.
        unsafe {
            libc::_exit(7)
        };
    }
    let mut status = 0;
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: `status` is a valid place for the result.
    let ended = unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!(ended, child);
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 7, "{status}");
    rayon::join(|| (), || ());
    let trace = session.stop();
    assert_eq!(trace.counts().joins, 2);
    for lane in trace.lanes.iter().filter(|lane| lane.role != Role::Outside) {
        let scheduling = lane.watched.scheduling.value().expect("watched throughout");
        assert!(scheduling.wall.0 > 0);
    }
}
