//! Which movement of money a claim reports: the one its bank reference names, one that looks the same, or a new one.

use super::Batch;
use super::read::Read;
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::*;
use crate::payment::book::Held;
use crate::payment::held::{hold, touch};
use crate::payment::movement::{Movement, State, bank_key};
use crate::payment::{movement_query, same_money};
use crate::store::Tx;

/// A bank may use a reference again; after so many working days it is another movement.
const REFERENCE_REUSE_WORKING_DAYS: u32 = 10;
/// How far two reports of one movement may lie apart when they share no key.
const ALIKE_WORKING_DAYS: u32 = 3;

pub(super) struct Identified {
    pub(super) movement: MovementId,
    pub(super) is_joined_by_likeness: bool,
}

impl Batch<'_> {
    /// Finds the movement the claim reports, or opens a new one, and records its keys.
    pub(super) fn identify(&mut self, tx: &mut Tx<'_>, read: &Read<'_>) -> Result<Identified> {
        let (by_reference, free_key) = self.by_bank_reference(tx, read)?;
        let joined = match by_reference {
            Some(id) => Some((id, false)),
            None => self.by_likeness(read).map(|id| (id, true)),
        };
        let (movement, is_joined_by_likeness) = match joined {
            Some(found) => found,
            None => (self.open_movement(read)?, false),
        };
        if let Some(key) = free_key {
            self.world.keys.insert((read.unit, key.clone()), movement);
            self.facts.movement_keys.push(movement_query::MovementKeyRow {
                unit_id: read.unit,
                key,
                movement_id: movement,
            });
        }
        if let Some(held) = self.book.movements.get_mut(&(read.unit, movement)) {
            let channel = &read.claim().channel;
            if !held.value.is_claimed_by(channel) {
                held.value.add_claim_of(channel);
                touch(held);
            }
        }
        Ok(Identified { movement, is_joined_by_likeness })
    }

    /// The movement this bank reference names, and the key to record when it names none yet.
    fn by_bank_reference(
        &mut self,
        tx: &mut Tx<'_>,
        read: &Read<'_>,
    ) -> Result<(Option<MovementId>, Option<String>)> {
        let Some(reference) = read.reference() else { return Ok((None, None)) };
        let claim = read.claim();
        for occurrence in 0.. {
            let key = bank_key(read.account, claim.direction, reference, claim.amount, occurrence);
            let known = match self.world.keys.get(&(read.unit, key.clone())) {
                Some(id) => Some(*id),
                None if occurrence == 0 => None,
                None => {
                    movement_query::movement_keys(tx, &[(read.unit, key.clone())])?.pop().map(|(_, _, id)| id)
                }
            };
            let Some(id) = known else { return Ok((None, Some(key))) };
            if !self.book.movements.contains_key(&(read.unit, id)) {
                for movement in movement_query::movements(tx, &[(read.unit, id)])? {
                    hold(&mut self.book, movement);
                }
            }
            let id = same_money::stands_for(tx, read.unit, id, &mut self.book)?;
            let held = self
                .book
                .movements
                .get(&(read.unit, id))
                .ok_or_else(|| Error::internal("a movement key points at no movement"))?;
            let days = self.stamp.calendar.distance(held.value.first_seen_on, self.stamp.today());
            if days <= REFERENCE_REUSE_WORKING_DAYS {
                return Ok((Some(id), None));
            }
        }
        Err(Error::internal("a bank reference has no free occurrence"))
    }

    /// The oldest movement that looks the same and has no claim of this channel.
    fn by_likeness(&self, read: &Read<'_>) -> Option<MovementId> {
        self.world
            .alike
            .get(&read.likeness())?
            .iter()
            .filter_map(|id| self.book.movements.get(&(read.unit, *id)))
            .map(|held| &held.value)
            .filter(|movement| {
                (movement.is_live() || movement.is_cut())
                    && !movement.is_claimed_by(&read.claim().channel)
                    && self.stamp.calendar.distance(movement.first_seen_on, self.stamp.today())
                        <= ALIKE_WORKING_DAYS
            })
            .min_by_key(|movement| (!movement.is_live(), movement.first_seen_on, movement.id))
            .map(|movement| movement.id)
    }

    fn open_movement(&mut self, read: &Read<'_>) -> Result<MovementId> {
        let id: MovementId = self.stamp.mint()?;
        let movement = Movement {
            unit: read.unit,
            id,
            account: read.account,
            direction: read.claim().direction,
            amount: read.claim().amount,
            code: read.code_text(),
            first_seen_on: self.stamp.today(),
            proven: Dong::ZERO,
            claimed_by: String::new(),
            payment: None,
            state: State::Expected,
            revision: 1,
        };
        self.world.alike.entry(read.likeness()).or_default().insert(id);
        self.book.movements.insert((read.unit, id), Held::fresh(movement));
        Ok(id)
    }
}
