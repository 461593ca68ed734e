//! What waits in the program: every queue with its length, its oldest entry and what failed.

mod operations_query;

use crate::actor::{Actor, Role};
use crate::clock::Instant;
use crate::error::Result;
use crate::store::Conn;

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// `claims`, `signatures`, `numbering`, `imports`, `messages`, `transmissions`, `documents`.
    pub name: &'static str,
    pub waiting: i64,
    /// Of those, tried before without success.
    pub failing: i64,
    pub oldest: Option<Instant>,
}

/// Every queue, in the units that the connection sees.
///
/// # Errors
/// `role_not_allowed`.
pub fn queues(conn: &mut Conn, actor: &Actor) -> Result<Vec<Queue>> {
    actor.require_role(&[Role::Administrator, Role::Auditor])?;
    operations_query::queues(conn, &actor.scope)
}
