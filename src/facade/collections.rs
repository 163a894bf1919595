//! Parallel iterator types for the standard collections.

use super::aliases::aliases;

/// Parallel iterator types for heaps.
pub mod binary_heap {
    use rayon::collections::binary_heap as real;

    super::aliases! { IntoIter<T>, Iter<'a, T>, Drain<'a, T> }
}

/// Parallel iterator types for B-tree maps.
pub mod btree_map {
    use rayon::collections::btree_map as real;

    super::aliases! { IntoIter<K, V>, Iter<'a, K, V>, IterMut<'a, K, V> }
}

/// Parallel iterator types for B-tree sets.
pub mod btree_set {
    use rayon::collections::btree_set as real;

    super::aliases! { IntoIter<T>, Iter<'a, T> }
}

/// Parallel iterator types for hash maps.
pub mod hash_map {
    use rayon::collections::hash_map as real;

    super::aliases! { IntoIter<K, V>, Iter<'a, K, V>, IterMut<'a, K, V>, Drain<'a, K, V> }
}

/// Parallel iterator types for hash sets.
pub mod hash_set {
    use rayon::collections::hash_set as real;

    super::aliases! { IntoIter<T>, Iter<'a, T>, Drain<'a, T> }
}

/// Parallel iterator types for linked lists.
pub mod linked_list {
    use rayon::collections::linked_list as real;

    super::aliases! { IntoIter<T>, Iter<'a, T>, IterMut<'a, T> }
}

/// Parallel iterator types for double-ended queues.
pub mod vec_deque {
    use rayon::collections::vec_deque as real;

    super::aliases! { IntoIter<T>, Iter<'a, T>, IterMut<'a, T>, Drain<'a, T> }
}
