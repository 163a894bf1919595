//! Zeroed memory for buffers, committed by the system only where it is written.
//!
//! Everything that a collector reads lies in such memory and in nothing else, so that the same
//! layout can be put into a mapping that another process owns.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ops::Deref;
use std::ptr::NonNull;

use super::buffer::Slot;

/// A fixed number of slots, all zero at first.
pub(super) struct Slots {
    /// The first one, at the first multiple of a slot's alignment in the allocation.
    first: NonNull<Slot>,
    len: usize,
    allocation: NonNull<u8>,
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
        let layout = Self::layout(len);
        #[expect(unsafe_code, reason = "alloc_zeroed is what leaves untouched pages uncommitted")]
        // SAFETY: the layout is not of size zero.
        let memory = unsafe { alloc_zeroed(layout) };
        let Some(allocation) = NonNull::new(memory) else { handle_alloc_error(layout) };
        let offset = memory.align_offset(align_of::<Slot>());
        #[expect(unsafe_code, reason = "see `layout`")]
        // SAFETY: less than a slot is skipped, and the layout has one to spare, so that `len` slots
        // lie behind; all-zero bytes are a valid `[AtomicU64; 8]`.
        let first = unsafe { allocation.add(offset) }.cast::<Slot>();
        Self { first, len, allocation }
    }

    /// One slot to spare and no more than the allocator's own alignment: for a greater one the
    /// system's allocator writes the zeros itself, and so commits all of it.
    fn layout(len: usize) -> Layout {
        let bytes = len.checked_add(1).and_then(|len| len.checked_mul(size_of::<Slot>()));
        let layout = bytes.and_then(|bytes| Layout::from_size_align(bytes, 8).ok());
        layout.expect("a buffer is smaller than the address space")
    }
}

impl Deref for Slots {
    type Target = [Slot];

    fn deref(&self) -> &[Slot] {
        #[expect(unsafe_code, reason = "the slice view of the owned allocation")]
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
        // SAFETY: allocated in `zeroed` with this very layout, and `&mut self` ends all borrows.
        unsafe {
            dealloc(self.allocation.as_ptr(), Self::layout(self.len));
        }
    }
}
