//! Zeroed memory for buffers, committed by the system only where it is written.
//!
//! Everything that a collector reads lies in such memory and in nothing else, so that the same
//! layout can be put into a mapping that another process owns.

use std::ops::Deref;
use std::ptr::NonNull;

use super::buffer::Slot;

/// A fixed number of slots, all zero at first.
pub(super) struct Slots {
    first: NonNull<Slot>,
    len: usize,
}

#[expect(unsafe_code, reason = "the allocation is owned and its slots are atomics")]
// SAFETY: Slots owns its memory, and the only access it gives is `&[Slot]`, which is Sync.
unsafe impl Send for Slots {}

#[expect(unsafe_code, reason = "see Send")]
// SAFETY: as for Send: slots are arrays of atomics.
unsafe impl Sync for Slots {}

impl Slots {
    /// `len` zero slots; at least one.
    pub(super) fn zeroed(len: usize) -> Self {
        let len = len.max(1);
        Self { first: pages::zeroed(len), len }
    }
}

impl Deref for Slots {
    type Target = [Slot];

    #[inline]
    fn deref(&self) -> &[Slot] {
        #[expect(unsafe_code, reason = "the slice view of the owned memory")]
        // SAFETY: `first` points to `len` initialised slots that live as long as `self`, and
        // nothing ever makes a `&mut` to them.
        unsafe {
            std::slice::from_raw_parts(self.first.as_ptr(), self.len)
        }
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "gives back what `zeroed` took")]
        // SAFETY: taken in `zeroed` with this length, and `&mut self` ends all borrows.
        unsafe {
            pages::free(self.first, self.len);
        }
    }
}

/// Straight from the kernel: an allocator clears what it reuses, and what it aligns beyond its own
/// alignment, by writing to it, which commits every page.
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod pages {
    use std::ffi::{c_int, c_void};
    use std::ptr::{self, NonNull};

    use super::{Slot, layout};

    #[expect(unsafe_code, reason = "the C library's, without the crate")]
    // SAFETY: declared as POSIX does; `off_t` is 64 bits on every 64-bit Linux.
    unsafe extern "C" {
        fn mmap(
            address: *mut c_void,
            length: usize,
            protection: c_int,
            flags: c_int,
            file: c_int,
            offset: i64,
        ) -> *mut c_void;
        fn munmap(address: *mut c_void, length: usize) -> c_int;
    }

    const READ_WRITE: c_int = 1 | 2;
    const PRIVATE: c_int = 2;
    const ANONYMOUS: c_int = 0x20;
    const NO_RESERVE: c_int = 0x4000;

    pub(super) fn zeroed(len: usize) -> NonNull<Slot> {
        let layout = layout(len);
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: a new private mapping touches no memory of anybody's. It is zero, aligned to a
        // page, and all-zero bytes are a valid `[AtomicU64; 8]`.
        let memory = unsafe {
            let flags = PRIVATE | ANONYMOUS | NO_RESERVE;
            mmap(ptr::null_mut(), layout.size(), READ_WRITE, flags, -1, 0)
        };
        match NonNull::new(memory.cast::<Slot>()) {
            // A failed mmap returns −1.
            Some(first) if memory as isize != -1 => first,
            _ => std::alloc::handle_alloc_error(layout),
        }
    }

    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: callers pass what `zeroed` returned, once, with the same length.
    pub(super) unsafe fn free(first: NonNull<Slot>, len: usize) {
        // SAFETY: the caller's; an error could only mean that it broke its promise.
        unsafe {
            munmap(first.as_ptr().cast(), layout(len).size());
        }
    }
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64", not(miri))))]
mod pages {
    use std::alloc::{alloc_zeroed, dealloc, handle_alloc_error};
    use std::ptr::NonNull;

    use super::{Slot, layout};

    pub(super) fn zeroed(len: usize) -> NonNull<Slot> {
        let layout = layout(len);
        #[expect(unsafe_code, reason = "there is no safe way to zeroed memory of this alignment")]
        // SAFETY: the layout is not of size zero; all-zero bytes are a valid `[AtomicU64; 8]`.
        let memory = unsafe { alloc_zeroed(layout) };
        match NonNull::new(memory.cast::<Slot>()) {
            Some(first) => first,
            None => handle_alloc_error(layout),
        }
    }

    #[expect(unsafe_code, reason = "gives back what `zeroed` took")]
    // SAFETY: callers pass what `zeroed` returned, once, with the same length.
    pub(super) unsafe fn free(first: NonNull<Slot>, len: usize) {
        // SAFETY: the caller's.
        unsafe {
            dealloc(first.as_ptr().cast(), layout(len));
        }
    }
}

fn layout(len: usize) -> std::alloc::Layout {
    std::alloc::Layout::array::<Slot>(len).expect("a buffer is smaller than the address space")
}
