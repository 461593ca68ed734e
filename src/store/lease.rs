//! Leases kept in the database: id nodes, and work that only one process may do at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use diesel::prelude::*;

use super::failure::{self, Classify};
use super::rows::{self, Update};
use super::schema::{node_lease, work_lease};
use super::{Lane, Store, Tx};
use crate::actor::Scope;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::id::{Ids, NODE_LIMIT};
use crate::store::rows::Column;

/// How long a node stays ours without a renewal.
const NODE_LEASE_MS: i64 = 60_000;
/// How far ahead of the clock ids are reserved at each renewal.
const RESERVE_AHEAD_MS: i64 = 30_000;

crate::table_row! {
    /// Who mints ids as which node, and up to which millisecond.
    pub struct NodeLease in "node_lease" {
        pub node: i32,
        pub holder: String,
        pub reserved_until_ms: i64,
        pub expires_ms: i64,
    }
}

/// A leased node and its id generator; renewed by `NodeLeaseHolder::renew`.
pub struct NodeLeaseHolder {
    pub ids: Arc<Ids>,
    node: AtomicI32,
    holder: String,
}

impl NodeLeaseHolder {
    /// Takes a free node. `holder` must differ between processes.
    pub fn take(store: &Store, clock: &Clock, holder: &str) -> Result<Self> {
        let (node, start_ms, reserved_ms) =
            store.write(&Scope::All, Lane::Live, |tx| take_node(tx, clock.now().ms(), holder))?;
        Ok(NodeLeaseHolder {
            ids: Arc::new(Ids::new(node, start_ms, reserved_ms)),
            node: AtomicI32::new(node),
            holder: holder.to_owned(),
        })
    }

    /// Raises the reservation. A process that slept, or had no database, until another one took its node goes on
    /// under a node of its own: nobody need restart it.
    pub fn renew(&self, store: &Store, clock: &Clock) -> Result<()> {
        let now_ms = clock.now().ms().max(self.ids.position_ms());
        // Never below what was reserved before: under a clock set back, ids up to there may still
        // be minted, and the stored mark must say so to the node's next holder.
        let reserved_ms = (now_ms + RESERVE_AHEAD_MS).max(self.ids.reserved_until_ms());
        let renewed = store.write(&Scope::All, Lane::Live, |tx| {
            diesel::update(
                node_lease::table
                    .filter(node_lease::node.eq(self.node()))
                    .filter(node_lease::holder.eq(&self.holder)),
            )
            .set((
                node_lease::reserved_until_ms.eq(reserved_ms),
                node_lease::expires_ms.eq(now_ms + NODE_LEASE_MS),
            ))
            .execute(tx.conn())
            .classify()
        })?;
        if renewed == 1 {
            self.ids.reserve_until(reserved_ms);
            return Ok(());
        }
        self.ids.revoke();
        let taken = |tx: &mut Tx<'_>| take_node(tx, now_ms, &self.holder);
        let (node, start_ms, reserved_ms) = store.write(&Scope::All, Lane::Live, taken)?;
        tracing::warn!(
            lost = self.node(),
            node,
            "another process took the id node; ids go on under a new one"
        );
        self.node.store(node, Ordering::SeqCst);
        self.ids.move_to(node, start_ms, reserved_ms);
        Ok(())
    }

    fn node(&self) -> i32 {
        self.node.load(Ordering::SeqCst)
    }

    /// Gives the node back, keeping the mark up to which ids may have been minted.
    pub fn release(&self, store: &Store) -> Result<()> {
        let position_ms = self.ids.position_ms() + 1;
        self.ids.revoke();
        store.write(&Scope::All, Lane::Live, |tx| {
            diesel::update(
                node_lease::table
                    .filter(node_lease::node.eq(self.node()))
                    .filter(node_lease::holder.eq(&self.holder)),
            )
            .set((node_lease::reserved_until_ms.eq(position_ms), node_lease::expires_ms.eq(0)))
            .execute(tx.conn())
            .classify()
            .map(|_| ())
        })
    }
}

/// The node, the first millisecond it may use, and the new reservation.
fn take_node(tx: &mut Tx<'_>, clock_ms: i64, holder: &str) -> Result<(i32, i64, i64)> {
    let leases: Vec<(i32, i64, i64)> = node_lease::table
        .select((node_lease::node, node_lease::reserved_until_ms, node_lease::expires_ms))
        .order(node_lease::node)
        .load(tx.conn())
        .classify()?;
    // An expired node whose mark lies in the past is used again before a new one is opened; a
    // mark in the future (the clock was set back) is waited for by another node.
    let reusable = leases.iter().find(|(_, reserved, expires)| *expires < clock_ms && *reserved <= clock_ms);
    if let Some(&(node, reserved_ms, expires_ms)) = reusable {
        rows::update(
            tx,
            Update {
                table: "node_lease",
                keys: vec![("node", Column::of([node]))],
                guard: vec![("expires_ms", Column::of([expires_ms]))],
                sets: vec![
                    ("holder", Column::of([holder])),
                    ("reserved_until_ms", Column::of([clock_ms + RESERVE_AHEAD_MS])),
                    ("expires_ms", Column::of([clock_ms + NODE_LEASE_MS])),
                ],
            },
        )?;
        return Ok((node, clock_ms.max(reserved_ms), clock_ms + RESERVE_AHEAD_MS));
    }
    let node = leases.last().map_or(0, |(node, _, _)| node + 1);
    if node >= NODE_LIMIT {
        return Err(Error::busy("node_lease_exhausted", 10, "all id nodes are leased"));
    }
    let lease = NodeLease {
        node,
        holder: holder.to_owned(),
        reserved_until_ms: clock_ms + RESERVE_AHEAD_MS,
        expires_ms: clock_ms + NODE_LEASE_MS,
    };
    match rows::insert(tx, &[lease]) {
        // Two processes started at the same moment: look again.
        Err(error) if error.code() == failure::UNIQUE => {
            Err(Error::busy(failure::RETRY, 1, "node taken meanwhile"))
        }
        other => other.map(|()| (node, clock_ms, clock_ms + RESERVE_AHEAD_MS)),
    }
}

crate::table_row! {
    pub struct WorkLease in "work_lease" {
        pub name: String,
        pub holder: String,
        pub expires_ms: i64,
    }
}

/// Takes or renews the right to do `name` alone until `now_ms + term_ms`. Part of the caller's
/// transaction, so that the work and the lease stand or fall together.
pub fn hold_work(tx: &mut Tx<'_>, name: &str, holder: &str, now_ms: i64, term_ms: i64) -> Result<bool> {
    let fresh = WorkLease { name: name.to_owned(), holder: holder.to_owned(), expires_ms: now_ms + term_ms };
    if rows::insert_if_absent(tx, &[fresh], &["name"])? == [true] {
        return Ok(true);
    }
    let renewed = diesel::update(
        work_lease::table
            .filter(work_lease::name.eq(name))
            .filter(work_lease::holder.eq(holder).or(work_lease::expires_ms.lt(now_ms))),
    )
    .set((work_lease::holder.eq(holder), work_lease::expires_ms.eq(now_ms + term_ms)))
    .execute(tx.conn())
    .classify()?;
    Ok(renewed == 1)
}
