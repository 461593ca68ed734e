//! Merkle trees over hexadecimal SHA-256 hashes, each chained to the root before.

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// One step from a leaf towards the root: the neighbour, and on which side it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub sha256: String,
    pub is_left: bool,
}

/// A leaf that says of what kind the hashed thing is, so that one cannot stand for another.
pub fn leaf(kind: &str, document_sha256: &str) -> String {
    sha256_hex(format!("leaf\u{1f}{kind}\u{1f}{document_sha256}").as_bytes())
}

/// Pairs of hashes, level by level, then chained to the root before.
pub fn root(previous: &str, leaves: &[String]) -> String {
    chained(previous, &top(leaves))
}

/// The node above all of these; empty above none.
pub fn top(leaves: &[String]) -> String {
    let mut level: Vec<String> = leaves.to_vec();
    while level.len() > 1 {
        level = above(&level);
    }
    level.concat()
}

/// The way from a leaf to the root; None when there is no such leaf.
pub fn path(leaves: &[String], index: usize) -> Option<Vec<Step>> {
    leaves.get(index)?;
    let (mut level, mut at, mut steps) = (leaves.to_vec(), index, Vec::new());
    while level.len() > 1 {
        if let Some(neighbour) = level.get(at ^ 1) {
            steps.push(Step { sha256: neighbour.clone(), is_left: at % 2 == 1 });
        }
        level = above(&level);
        at /= 2;
    }
    Some(steps)
}

/// The same tree built from leaves that come one by one, in memory of its height only.
#[derive(Debug, Default)]
pub struct Tree {
    /// Full subtrees from the left, each at least twice as large as the next.
    full: Vec<Subtree>,
    count: usize,
}

#[derive(Debug)]
struct Subtree {
    height: u32,
    top: String,
}

impl Tree {
    /// The next leaf.
    pub fn push(&mut self, leaf: String) {
        self.count += 1;
        self.full.push(Subtree { height: 0, top: leaf });
        while let [.., left, right] = self.full.as_slice()
            && left.height == right.height
        {
            self.join();
        }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// The root behind the one before.
    pub fn finish(mut self, previous: &str) -> String {
        while self.full.len() > 1 {
            self.join();
        }
        let top = self.full.pop().map(|all| all.top).unwrap_or_default();
        chained(previous, &top)
    }

    /// Puts the last two subtrees under one node.
    fn join(&mut self) {
        let (Some(right), Some(left)) = (self.full.pop(), self.full.pop()) else { return };
        let height = left.height.max(right.height) + 1;
        self.full.push(Subtree { height, top: node(&left.top, &right.top) });
    }
}

/// The root that a leaf and its way lead to.
pub fn climb(previous: &str, leaf: &str, path: &[Step]) -> String {
    let top = path.iter().fold(leaf.to_owned(), |below, step| match step.is_left {
        true => node(&step.sha256, &below),
        false => node(&below, &step.sha256),
    });
    chained(previous, &top)
}

/// A node without a neighbour moves up as it is.
fn above(level: &[String]) -> Vec<String> {
    level
        .chunks(2)
        .map(|pair| match pair {
            [left, right] => node(left, right),
            rest => rest.concat(),
        })
        .collect()
}

fn node(left: &str, right: &str) -> String {
    sha256_hex(format!("node\u{1f}{left}\u{1f}{right}").as_bytes())
}

fn chained(previous: &str, top: &str) -> String {
    sha256_hex(format!("root\u{1f}{previous}\u{1f}{top}").as_bytes())
}

pub fn sha256_hex(bytes: &[u8]) -> String {
    crate::text::hex(digest(&SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_of_every_tree_climbs_to_its_root() {
        for count in 1..=17 {
            let leaves: Vec<String> = (0..count).map(|n| leaf("seal", &n.to_string())).collect();
            let root = root("before", &leaves);
            for (index, leaf) in leaves.iter().enumerate() {
                assert_eq!(climb("before", leaf, &path(&leaves, index).unwrap()), root, "{index} of {count}");
            }
            assert_ne!(climb("other", &leaves[0], &path(&leaves, 0).unwrap()), root);
            assert!(path(&leaves, count).is_none());
        }
    }

    #[test]
    fn a_tree_built_leaf_by_leaf_is_the_same_tree() {
        for count in 0..=70 {
            let leaves: Vec<String> = (0..count).map(|n| leaf("seal", &n.to_string())).collect();
            let mut tree = Tree::default();
            leaves.iter().for_each(|leaf| tree.push(leaf.clone()));
            assert!(tree.full.len() <= 7, "memory of its height");
            assert_eq!(tree.finish("before"), root("before", &leaves), "{count}");
        }
    }

    #[test]
    fn another_leaf_does_not_climb_there() {
        let leaves: Vec<String> = (0..5).map(|n| leaf("seal", &n.to_string())).collect();
        let way = path(&leaves, 3).unwrap();
        assert_ne!(climb("", &leaf("seal", "x"), &way), root("", &leaves));
        assert_ne!(leaf("seal", "1"), leaf("day", "1"));
    }
}
