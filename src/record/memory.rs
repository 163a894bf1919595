//! Zeroed memory for buffers, committed by the system only where it is written.
//!
//! Everything that a collector reads lies in such memory and in nothing else, so that the same
//! layout can be put into a mapping that another process owns ([`Mapped`]).

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

use super::buffer::Slot;

/// A fixed number of slots, all zero at first.
pub(super) struct Slots {
    first: NonNull<Slot>,
    len: usize,
    /// What they are a part of; `None` if they are all there is.
    whole: Option<Arc<Mapped>>,
}

/// A piece of a file that several processes share.
pub(super) struct Mapped {
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
        Self { first: pages::zeroed(len), len, whole: None }
    }

    /// `len` slots of `whole`, from the `from`-th on.
    ///
    /// # Panics
    ///
    /// If `whole` has not so many.
    pub(super) fn part(whole: &Arc<Mapped>, from: usize, len: usize) -> Self {
        let first = NonNull::from(&whole[from..from + len]).cast::<Slot>();
        Self { first, len, whole: Some(Arc::clone(whole)) }
    }
}

/// Slots that a piece of a file begins at and is as long as a multiple of: the largest page there is.
pub(super) const PAGE_SLOTS: usize = (64 << 10) / size_of::<Slot>();

impl Mapped {
    /// Shares `len` slots of `file` from the `from`-th on, both multiples of [`PAGE_SLOTS`]. The file
    /// has to be as long for as long as this is there.
    pub(super) fn shared(file: &File, from: u64, len: usize) -> io::Result<Self> {
        let offset = from.checked_mul(size_of::<Slot>() as u64);
        let offset = offset.and_then(|bytes| i64::try_from(bytes).ok());
        let offset = offset.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(Self { first: pages::shared(file, offset, len)?, len })
    }

    /// Puts private, empty memory into its place: what is written there from now on is nobody's.
    /// False if there is none.
    pub(super) fn cut_off(&self) -> bool {
        pages::cut_off(self.first, self.len)
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
        if self.whole.is_some() {
            return;
        }
        #[expect(unsafe_code, reason = "gives back what `zeroed` took")]
        // SAFETY: taken in `zeroed` with this length, and `&mut self` ends all borrows.
        unsafe {
            pages::free(self.first, self.len);
        }
    }
}

#[expect(unsafe_code, reason = "the mapping is owned and its slots are atomics")]
// SAFETY: as for Slots.
unsafe impl Send for Mapped {}

#[expect(unsafe_code, reason = "see Send")]
// SAFETY: as for Slots: other processes, too, reach the slots as atomics alone.
unsafe impl Sync for Mapped {}

impl Deref for Mapped {
    type Target = [Slot];

    #[inline]
    fn deref(&self) -> &[Slot] {
        #[expect(unsafe_code, reason = "the slice view of the mapping")]
        // SAFETY: `first` points to `len` slots of a file, which any bytes are, and which stay
        // mapped as long as `self` lives; nothing ever makes a `&mut` to them.
        unsafe {
            std::slice::from_raw_parts(self.first.as_ptr(), self.len)
        }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "gives back what `shared` took")]
        // SAFETY: taken in `shared` with this length, and `&mut self` ends all borrows; parts of it
        // keep it alive.
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
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd;
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
    const SHARED: c_int = 1;
    const PRIVATE: c_int = 2;
    const FIXED: c_int = 0x10;
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

    pub(super) fn shared(file: &File, offset: i64, len: usize) -> io::Result<NonNull<Slot>> {
        let length = len * size_of::<Slot>();
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: a new mapping touches no memory of anybody's; it is aligned to a page.
        let memory =
            unsafe { mmap(ptr::null_mut(), length, READ_WRITE, SHARED, file.as_raw_fd(), offset) };
        match NonNull::new(memory.cast::<Slot>()) {
            // A failed mmap returns −1.
            Some(first) if memory as isize != -1 => Ok(first),
            _ => Err(io::Error::last_os_error()),
        }
    }

    pub(super) fn cut_off(first: NonNull<Slot>, len: usize) -> bool {
        let (address, length) = (first.as_ptr().cast::<c_void>(), len * size_of::<Slot>());
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: replaces what `shared` mapped and nothing else; all-zero bytes are valid slots, and
        // they are atomics, so that they may change at any time.
        let memory = unsafe {
            let flags = PRIVATE | ANONYMOUS | NO_RESERVE | FIXED;
            mmap(address, length, READ_WRITE, flags, -1, 0)
        };
        memory == address
    }

    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: callers pass what `zeroed` or `shared` returned, once, with the same length.
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
    use std::fs::File;
    use std::io;
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

    /// There is no shared memory here.
    pub(super) fn shared(_: &File, _: i64, _: usize) -> io::Result<NonNull<Slot>> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    /// There is none that could be cut off.
    pub(super) fn cut_off(_: NonNull<Slot>, _: usize) -> bool {
        false
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
