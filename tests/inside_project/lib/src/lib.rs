//! What the program computes, by way of a dependency that uses rayon itself.

/// Nodes of a full binary tree, with a join at each that is no leaf.
pub fn nodes(depth: u32) -> u64 {
    if depth == 0 {
        return 1;
    }
    let (left, right) = rayon::join(|| nodes(depth - 1), || nodes(depth - 1));
    left + right + 1
}

#[test]
fn a_tree_has_nodes() {
    assert_eq!(nodes(4), 31);
}
