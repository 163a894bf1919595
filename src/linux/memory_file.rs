//! A file that is nowhere but in memory, and that other processes open by a path.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::PathBuf;

/// How long a file of this process may be; whoever makes a longer one is ended by a signal.
pub fn file_size_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: `limit` is a valid place for the result.
    let status = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) };
    if status == 0 { limit.rlim_cur } else { u64::MAX }
}

/// Makes one, empty. The path is good for processes of the same user for as long as this process
/// lives and has the file open; then its memory is given back.
///
/// # Errors
///
/// The kernel's.
pub fn memory_file() -> io::Result<(File, PathBuf)> {
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: the name is a C string; the file that it gives is nobody else's.
    let file = unsafe {
        let file = libc::memfd_create(c"rayprism".as_ptr(), libc::MFD_CLOEXEC);
        if file < 0 {
            return Err(io::Error::last_os_error());
        }
        File::from_raw_fd(file)
    };
    let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
    Ok((file, PathBuf::from(path)))
}
