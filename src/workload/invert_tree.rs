//! `invert-tree`: swaps the children of every node of a perfect binary tree, in place.
//!
//! The work per node is next to nothing, so a join at every node is the worst case there is for
//! the cost of a join. A tree of depth d has 2^d − 1 nodes; `join` makes as many joins, and
//! `join-cutoff` at c makes 2^min(c,d) − 1. `scope` spawns 2^d − 1
//! tasks, and so does `tokio`; with a cut-off at c it spawns 2^min(c+1,d) − 1.
//!
//! Inverting in place mirrors the order of the nodes in memory, and the same code then takes
//! several times as long. So the tree is put back after every run, by a walk that compares every
//! node with what it should be.

use std::mem;
use std::pin::Pin;

use tokio::task::JoinHandle;

use super::runtimes::Runtimes;
use super::{
    Body, Choice, Coarser, Definition, Diagnosis, Expected, Integer, MEMORY, Memory, Parameter,
    Settings, Variant, Verdict, WrongResult,
};
use crate::facade as rayon;

/// The workload.
pub static INVERT_TREE: Definition<Tree> = Definition {
    name: "invert-tree",
    about: "swap the children of every node of a perfect binary tree",
    parameters: &[Parameter::Integer(&DEPTH), Parameter::Choice(&LAYOUT)],
    variants: &[
        Variant::new(
            "serial",
            "a plain recursive function",
            Body::Alone(|tree| invert(&mut tree.root)),
        ),
        Variant::new(
            "join",
            "a join at every node",
            Body::InPool(|tree: &mut Tree| invert_join(&mut tree.root)),
        )
        .diagnosed(&[Diagnosis::new(Verdict::Granularity, &["task-too-small"])]),
        Variant::new(
            "join-cutoff",
            "a join at every node above the cut-off, the plain function below",
            Body::InPool(|tree: &mut Tree| invert_cutoff(&mut tree.root, tree.cutoff)),
        )
        .with(&[Parameter::Integer(&CUTOFF)])
        .diagnosed(&[Diagnosis::new(Verdict::Contention, &["memory-bound-inflation"])
            .or(&[Expected::HEALTHY], MEMORY)
            .at(&[(&DEPTH, 22)])]),
        Variant::new(
            "scope",
            "a spawned task at every node, all in one scope",
            Body::InPool(|tree: &mut Tree| {
                rayon::scope(|scope| invert_spawning(&mut tree.root, scope));
            }),
        )
        .diagnosed(&[Diagnosis::new(Verdict::Undecided, &["profiler-share-too-high"]).or(
            &[
                Expected::new(Verdict::Granularity, &["task-too-small", "profiler-share-too-high"]),
                Expected::new(Verdict::Queueing, &["profiler-share-too-high"]),
            ],
            "as recording a spawned task, which is more than it works for, costs",
        )]),
        Variant::new(
            "tokio",
            "a task of tokio's for every node",
            Body::OwnThreads(|tree: &mut Tree, workers| {
                tree.invert_async(workers, u64::MAX, Below::Plain);
            }),
        )
        .on_request()
        // At the sizes of the others it takes long.
        .diagnosed(&[Diagnosis::of_threads(Verdict::MoreWork).at(&[(&DEPTH, 18)])]),
        Variant::new(
            "tokio-cutoff",
            "tasks of tokio's down to the cut-off, a boxed future for every node below",
            Body::OwnThreads(|tree: &mut Tree, workers| {
                tree.invert_async(workers, tree.cutoff, Below::Boxed);
            }),
        )
        .with(&[Parameter::Integer(&CUTOFF)])
        .diagnosed(&[Diagnosis::of_threads(Verdict::MoreWork)]),
        Variant::new(
            "tokio-plain",
            "tasks of tokio's down to the cut-off, the plain function below",
            Body::OwnThreads(|tree: &mut Tree, workers| {
                tree.invert_async(workers, tree.cutoff, Below::Plain);
            }),
        )
        .with(&[Parameter::Integer(&CUTOFF)])
        .diagnosed(&[Diagnosis::of_threads(Verdict::Work)]),
    ],
    coarser: &[Coarser { of: "join", by: "join-cutoff", parameter: &CUTOFF }],
    memory: Some(Memory { bytes: |settings| bytes(settings.integer(&DEPTH)), grows_with: &DEPTH }),
    quick: &[(&DEPTH, 22)],
    prepare: Tree::prepare,
    restore: Tree::restore,
};

static DEPTH: Integer =
    Integer { name: "depth", about: "levels of the tree", min: 1, max: 40, default: || 23 };

static CUTOFF: Integer =
    Integer { name: "cutoff", about: "levels with joins", min: 0, max: 40, default: || 6 };

static LAYOUT: Choice =
    Choice { name: "layout", about: "order of the nodes in memory", options: &["built", MIRRORED] };

const MIRRORED: &str = "mirrored";

/// The tree, and what it is inverted with.
#[derive(Debug)]
pub struct Tree {
    root: Link,
    depth: u64,
    cutoff: u64,
    mirrored: bool,
    runtimes: Runtimes,
}

type Link = Option<Box<Node>>;

#[derive(Debug)]
struct Node {
    /// The node's place in preorder when the tree was built, which is its place in memory too.
    value: u64,
    left: Link,
    right: Link,
}

/// What a node takes from a heap whose chunks are of 16 bytes and hold their size in 8.
const NODE_BYTES: u64 = (size_of::<Node>() as u64 + 8).next_multiple_of(16);

fn bytes(depth: u64) -> u64 {
    ((1 << depth) - 1) * NODE_BYTES
}

impl Tree {
    fn prepare(settings: &Settings) -> Self {
        let depth = settings.integer(&DEPTH);
        let mirrored = settings.choice(&LAYOUT) == MIRRORED;
        let mut root = build(0, depth);
        if mirrored {
            invert(&mut root);
        }
        Self {
            root,
            depth,
            cutoff: settings.integer(&CUTOFF),
            mirrored,
            runtimes: Runtimes::default(),
        }
    }

    fn restore(&mut self) -> Result<(), WrongResult> {
        let walk = if self.mirrored { check_then_swap } else { swap_then_check };
        walk(&mut self.root, 0, self.depth)
    }
}

/// What is called below the last level with tasks of its own.
#[derive(Clone, Copy)]
enum Below {
    /// An `async` function that calls itself, which takes a box for each call.
    Boxed,
    /// The plain function.
    Plain,
}

impl Tree {
    fn invert_async(&mut self, workers: usize, levels: u64, below: Below) {
        let root = self.root.take();
        // Where no runtime can be had the tree is lost, and the result wrong.
        let inverted = self.runtimes.run(workers, in_task(root, levels, below));
        self.root = inverted.unwrap_or_default();
    }
}

/// Inverts in a task of its own, as tasks of which each spawns two down to a level. Tasks outlive who
/// spawns them, so that they own their trees.
async fn in_task(link: Link, levels: u64, below: Below) -> Link {
    tokio::spawn(invert_task(link, levels, below)).await.unwrap_or_default()
}

type Inverting = Pin<Box<dyn Future<Output = Link> + Send>>;

fn invert_task(link: Link, levels: u64, below: Below) -> Inverting {
    Box::pin(async move {
        let mut node = link?;
        if levels == 0 {
            return match below {
                Below::Boxed => invert_boxed(Some(node)).await,
                Below::Plain => {
                    let mut link = Some(node);
                    invert(&mut link);
                    link
                }
            };
        }
        let child = |link: Link| link.map(|node| spawn_child(node, levels - 1, below));
        let (first, second) = (child(node.left.take()), child(node.right.take()));
        (node.right, node.left) = (joined(first).await, joined(second).await);
        Some(node)
    })
}

fn spawn_child(node: Box<Node>, levels: u64, below: Below) -> JoinHandle<Link> {
    tokio::spawn(invert_task(Some(node), levels, below))
}

/// What a child task comes to; a panic in it leaves nothing, which is a wrong result.
async fn joined(child: Option<JoinHandle<Link>>) -> Link {
    match child {
        Some(child) => child.await.unwrap_or_default(),
        None => None,
    }
}

fn invert_boxed(link: Link) -> Inverting {
    Box::pin(async move {
        let mut node = link?;
        let (first, second) = (node.left.take(), node.right.take());
        (node.right, node.left) = (invert_boxed(first).await, invert_boxed(second).await);
        Some(node)
    })
}

fn build(value: u64, levels: u64) -> Link {
    if levels == 0 {
        return None;
    }
    let mut node = Box::new(Node { value, left: None, right: None });
    node.left = build(value + 1, levels - 1);
    node.right = build(right_of(value, levels), levels - 1);
    Some(node)
}

/// The value of the right child of a node with so many levels, itself included.
fn right_of(value: u64, levels: u64) -> u64 {
    value + (1 << (levels - 1))
}

fn invert(link: &mut Link) {
    let Some((first, second)) = swapped(link) else { return };
    invert(first);
    invert(second);
}

fn invert_join(link: &mut Link) {
    let Some((first, second)) = swapped(link) else { return };
    rayon::join(|| invert_join(first), || invert_join(second));
}

fn invert_cutoff(link: &mut Link, levels: u64) {
    if levels == 0 {
        return invert(link);
    }
    let Some((first, second)) = swapped(link) else { return };
    rayon::join(|| invert_cutoff(first, levels - 1), || invert_cutoff(second, levels - 1));
}

fn invert_spawning<'s>(link: &'s mut Link, scope: &rayon::Scope<'s>) {
    let Some((first, second)) = swapped(link) else { return };
    scope.spawn(|scope| invert_spawning(second, scope));
    invert_spawning(first, scope);
}

/// Swaps the node's children and returns them in the order they had, which in built order is the
/// order of memory.
#[inline(always)]
fn swapped(link: &mut Link) -> Option<(&mut Link, &mut Link)> {
    let Node { left, right, .. } = link.as_deref_mut()?;
    mem::swap(left, right);
    Some((right, left))
}

/// Puts an inverted tree back into built order.
fn swap_then_check(link: &mut Link, value: u64, levels: u64) -> Result<(), WrongResult> {
    let Some(node) = check(link, value, levels)? else { return Ok(()) };
    mem::swap(&mut node.left, &mut node.right);
    swap_then_check(&mut node.left, value + 1, levels - 1)?;
    swap_then_check(&mut node.right, right_of(value, levels), levels - 1)
}

/// Puts a tree in built order back into mirrored order.
fn check_then_swap(link: &mut Link, value: u64, levels: u64) -> Result<(), WrongResult> {
    let Some(node) = check(link, value, levels)? else { return Ok(()) };
    check_then_swap(&mut node.left, value + 1, levels - 1)?;
    check_then_swap(&mut node.right, right_of(value, levels), levels - 1)?;
    mem::swap(&mut node.left, &mut node.right);
    Ok(())
}

/// The node, if there is to be one and it is the right one; `None` below the leaves.
fn check(link: &mut Link, value: u64, levels: u64) -> Result<Option<&mut Node>, WrongResult> {
    match link.as_deref_mut() {
        None if levels == 0 => Ok(None),
        Some(node) if levels > 0 && node.value == value => Ok(Some(node)),
        other => Err(mismatch(value, levels, other.map(|node| node.value))),
    }
}

fn mismatch(value: u64, levels: u64, found: Option<u64>) -> WrongResult {
    let expected = if levels == 0 { "no node".to_owned() } else { format!("node {value}") };
    let found = found.map_or("none".to_owned(), |found| format!("node {found}"));
    WrongResult(format!("{expected} expected {levels} levels above the bottom, {found} found"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Given;

    fn tree(given: &[(&'static str, &str)]) -> Tree {
        let given: Vec<Given> =
            given.iter().map(|&(name, text)| Given { name, text: text.to_owned() }).collect();
        let parameters = [INVERT_TREE.parameters, INVERT_TREE.variants[2].parameters].concat();
        Tree::prepare(&Settings::new(&parameters, &given).unwrap())
    }

    fn left_first(link: &Link, values: &mut Vec<u64>) {
        if let Some(node) = link {
            values.push(node.value);
            left_first(&node.left, values);
            left_first(&node.right, values);
        }
    }

    fn values(tree: &Tree) -> Vec<u64> {
        let mut values = Vec::new();
        left_first(&tree.root, &mut values);
        values
    }

    #[test]
    fn a_tree_is_built_in_preorder() {
        assert_eq!(values(&tree(&[("depth", "4")])), (0..15).collect::<Vec<_>>());
    }

    #[test]
    fn every_inversion_mirrors_the_whole_tree() {
        let inversions: [fn(&mut Link); 4] =
            [invert, invert_join, |l| invert_cutoff(l, 0), |l| invert_cutoff(l, 2)];
        for inversion in inversions {
            let mut tree = tree(&[("depth", "3")]);
            inversion(&mut tree.root);
            assert_eq!(values(&tree), [0, 4, 6, 5, 1, 3, 2]);
        }
    }

    #[test]
    fn restoring_puts_either_layout_back() {
        for layout in ["built", "mirrored"] {
            for depth in ["1", "2", "7"] {
                let mut tree = tree(&[("depth", depth), ("layout", layout)]);
                let before = values(&tree);
                invert(&mut tree.root);
                tree.restore().unwrap();
                assert_eq!(values(&tree), before, "{layout} {depth}");
            }
        }
    }

    #[test]
    fn the_mirrored_layout_is_another_order_of_the_same_nodes() {
        let mirrored = values(&tree(&[("depth", "3"), ("layout", "mirrored")]));
        assert_eq!(mirrored, [0, 4, 6, 5, 1, 3, 2]);
    }

    #[test]
    fn one_node_left_out_is_a_wrong_result_in_either_layout() {
        for layout in ["built", "mirrored"] {
            let mut tree = tree(&[("depth", "5"), ("layout", layout)]);
            invert(&mut tree.root);
            swapped(&mut tree.root.as_mut().unwrap().right).unwrap();
            let WrongResult(what) = tree.restore().unwrap_err();
            assert!(what.starts_with("node ") && what.ends_with(" found"), "{what}");
        }
    }

    #[test]
    fn a_missing_and_a_surplus_node_are_wrong_results() {
        let mut short = Tree { depth: 4, ..tree(&[("depth", "3")]) };
        invert(&mut short.root);
        assert!(short.restore().unwrap_err().0.ends_with("none found"));
        let mut tall = Tree { depth: 2, ..tree(&[("depth", "3")]) };
        invert(&mut tall.root);
        assert!(tall.restore().unwrap_err().0.starts_with("no node expected"));
    }

    #[test]
    fn the_cutoff_is_read_from_the_settings() {
        assert_eq!(tree(&[("depth", "1")]).cutoff, 6);
        assert_eq!(tree(&[("depth", "1"), ("cutoff", "9")]).cutoff, 9);
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_node_takes_32_bytes() {
        assert_eq!((bytes(1), bytes(23)), (32, 268_435_424));
    }
}
