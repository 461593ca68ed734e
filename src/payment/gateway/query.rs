//! The SQL of gateways' terms and settlements.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Text};

use super::{Item, ItemKind, Settlement, Standing, Terms};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::payment::line_query::SETTLED_WITH;
use crate::payment::movement::{Movement, State};
use crate::payment::movement_query;
use crate::payment::query as payments;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::movement;
use crate::store::schema_matching::{settlement, settlement_event, settlement_item};
use crate::store::{Conn, Stamp, Tx};

crate::table_row! {
    pub struct TermsRow in "gateway_terms" {
        pub unit_id: UnitId,
        pub id: TermsId,
        pub account_id: AccountId,
        pub channel: String,
        pub marker: String,
        pub fee_bp: i32,
        pub fee_fixed: Dong,
        pub window_days: i32,
        pub valid_from: BusinessDay,
        pub valid_until: BusinessDay,
        pub agreement_no: String,
        pub maker_person_id: PersonId,
        pub checker_person_id: PersonId,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct SettlementRow in "settlement" {
        pub unit_id: UnitId,
        pub id: SettlementId,
        pub account_id: AccountId,
        pub channel: String,
        pub reference: String,
        pub settled_on: BusinessDay,
        pub gross: Dong,
        pub fee: Dong,
        pub net: Dong,
        pub imported_by: Option<PersonId>,
        pub created_at: Instant,
        pub state: String,
        pub revision: i64,
        pub returned: Dong,
    }
}

crate::table_row! {
    pub struct ItemRow in "settlement_item" {
        pub unit_id: UnitId,
        pub settlement_id: SettlementId,
        pub item_no: i32,
        pub external_id: String,
        pub amount: Dong,
        pub fee: Dong,
        pub kind: &'static str,
    }
}

crate::table_row! {
    pub struct EventRow in "settlement_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub settlement_id: SettlementId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: String,
        pub on_date: BusinessDay,
        pub person_id: Option<PersonId>,
        pub line_id: Option<LineId>,
        pub at: Instant,
    }
}

pub fn insert_terms(tx: &mut Tx<'_>, stamp: &Stamp<'_>, terms: &Terms) -> Result<TermsId> {
    let id: TermsId = stamp.mint()?;
    let row = TermsRow {
        unit_id: terms.unit,
        id,
        account_id: terms.account,
        channel: terms.channel.clone(),
        marker: terms.marker.clone(),
        fee_bp: terms.fee_bp,
        fee_fixed: terms.fee_fixed,
        window_days: terms.window_days,
        valid_from: terms.valid_from,
        valid_until: terms.valid_until,
        agreement_no: terms.agreement_no.clone(),
        maker_person_id: terms.maker,
        checker_person_id: terms.checker,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    Ok(id)
}

/// The terms in force of an account: the newest row of each channel.
pub fn terms(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Terms>> {
    type Sql = (
        (BigInt, BigInt, BigInt, Text, Text),
        (Integer, BigInt, Integer),
        (Date, Date, Text, BigInt, BigInt),
    );
    type Parts = (
        (UnitId, TermsId, AccountId, String, String),
        (i32, Dong, i32),
        (BusinessDay, BusinessDay, String, PersonId, PersonId),
    );
    let found: Vec<Parts> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.unit_id, t.id, t.account_id, t.channel, t.marker, t.fee_bp, t.fee_fixed, t.window_days, \
         t.valid_from, t.valid_until, t.agreement_no, t.maker_person_id, t.checker_person_id FROM gateway_terms t",
        &[("unit_id", Column::of([unit])), ("account_id", Column::of([account]))],
        "",
        Lock::None,
    )?;
    let mut newest: BTreeMap<String, (TermsId, Terms)> = BTreeMap::new();
    for (what, fee, rest) in found {
        let terms = Terms {
            unit: what.0,
            account: what.2,
            channel: what.3.clone(),
            marker: what.4,
            fee_bp: fee.0,
            fee_fixed: fee.1,
            window_days: fee.2,
            valid_from: rest.0,
            valid_until: rest.1,
            agreement_no: rest.2,
            maker: rest.3,
            checker: rest.4,
        };
        match newest.get(&what.3) {
            Some((known, _)) if *known > what.1 => {}
            _ => {
                newest.insert(what.3, (what.1, terms));
            }
        }
    }
    Ok(newest.into_values().map(|(_, terms)| terms).collect())
}

type Sql =
    ((BigInt, BigInt, BigInt, Text, Text), (Date, BigInt, BigInt, BigInt), (BigInt, Text, BigInt, BigInt));
type Parts = (
    (UnitId, SettlementId, AccountId, String, String),
    (BusinessDay, Dong, Dong, Dong),
    (Instant, String, i64, Dong),
);

const SELECT: &str = "SELECT t.unit_id, t.id, t.account_id, t.channel, t.reference, t.settled_on, t.gross, t.fee, t.net, \
     t.created_at, t.state, t.revision, t.returned FROM settlement t";

fn by(conn: &mut Conn, keys: &[(&str, Column)]) -> Result<Vec<Settlement>> {
    let found: Vec<Parts> = rows::fetch::<Sql, _>(conn, SELECT, keys, "", Lock::None)?;
    let mut found: Vec<Settlement> = found
        .into_iter()
        .map(|(what, sums, now)| Settlement {
            unit: what.0,
            id: what.1,
            account: what.2,
            channel: what.3,
            reference: what.4,
            settled_on: sums.0,
            gross: sums.1,
            returned: now.3,
            fee: sums.2,
            net: sums.3,
            created_at: now.0,
            state: now.1,
            revision: now.2,
        })
        .collect();
    found.sort_by_key(|one| (one.unit, one.id));
    Ok(found)
}

pub fn by_ids(conn: &mut Conn, ids: &[(UnitId, SettlementId)]) -> Result<Vec<Settlement>> {
    by(conn, &rows::unit_keys("id", ids))
}

/// Settlements of an account that no line has shown.
pub fn awaited(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Settlement>> {
    let keys = [
        ("unit_id", Column::of([unit])),
        ("account_id", Column::of([account])),
        ("state", Column::of(["awaited"])),
    ];
    by(conn, &keys)
}

#[derive(QueryableByName)]
struct PaidOutRow {
    #[diesel(sql_type = BigInt)]
    settlement_id: i64,
    #[diesel(sql_type = BigInt)]
    line_id: i64,
    #[diesel(sql_type = Date)]
    date: BusinessDay,
}

/// The settlements of a channel that lines of an account paid out from a day on, each with its line and the line's day.
pub fn paid_out(
    conn: &mut Conn,
    unit: UnitId,
    (account, channel): (AccountId, &str),
    from: BusinessDay,
) -> Result<Vec<(SettlementId, LineId, BusinessDay)>> {
    let found: Vec<PaidOutRow> = diesel::sql_query(
        "SELECT p.id AS settlement_id, l.id AS line_id, l.booking_date AS date FROM statement_line l \
         JOIN settlement_event e ON e.unit_id = l.unit_id AND e.line_id = l.id \
         JOIN settlement p ON p.unit_id = e.unit_id AND p.id = e.settlement_id AND p.revision = e.revision \
         WHERE l.unit_id = $1 AND l.account_id = $2 AND l.booking_date >= $3 \
         AND p.channel = $4 AND p.state = 'credited' AND p.net > 0 ORDER BY p.id",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(account)
    .bind::<Date, _>(from)
    .bind::<Text, _>(channel)
    .load(conn)
    .classify()?;
    let paid = |row: PaidOutRow| (SettlementId(row.settlement_id), LineId(row.line_id), row.date);
    Ok(found.into_iter().map(paid).collect())
}

/// The day on which a settlement that comes to nothing was settled with another one's payout, while it is so.
pub fn settled_with(conn: &mut Conn, settlement: &Settlement) -> Result<Option<BusinessDay>> {
    settlement_event::table
        .filter(settlement_event::unit_id.eq(settlement.unit))
        .filter(settlement_event::settlement_id.eq(settlement.id))
        .filter(settlement_event::revision.eq(settlement.revision))
        .filter(settlement_event::kind.eq(SETTLED_WITH))
        .select(settlement_event::on_date)
        .first(conn)
        .optional()
        .classify()
}

pub fn insert(
    tx: &mut Tx<'_>,
    settlement: &Settlement,
    items: &[Item],
    imported_by: Option<PersonId>,
) -> Result<()> {
    let row = SettlementRow {
        unit_id: settlement.unit,
        id: settlement.id,
        account_id: settlement.account,
        channel: settlement.channel.clone(),
        reference: settlement.reference.clone(),
        settled_on: settlement.settled_on,
        gross: settlement.gross,
        fee: settlement.fee,
        net: settlement.net,
        imported_by,
        created_at: settlement.created_at,
        state: settlement.state.clone(),
        revision: settlement.revision,
        returned: settlement.returned,
    };
    let item = |(item_no, item): (i32, &Item)| ItemRow {
        unit_id: settlement.unit,
        settlement_id: settlement.id,
        item_no,
        external_id: item.reference.clone(),
        amount: item.amount,
        fee: item.fee,
        kind: item.kind.as_str(),
    };
    let items: Vec<ItemRow> = (1..).zip(items).map(item).collect();
    rows::insert(tx, &[row])?;
    rows::insert(tx, &items)
}

/// The event of a settlement's present revision.
pub fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    settlement: &Settlement,
    kind: &'static str,
    on_date: BusinessDay,
    (person_id, line_id): (Option<PersonId>, Option<LineId>),
) -> Result<()> {
    let row = EventRow {
        unit_id: settlement.unit,
        id: stamp.mint()?,
        settlement_id: settlement.id,
        revision: settlement.revision,
        kind,
        state: settlement.state.clone(),
        on_date,
        person_id,
        line_id,
        at: stamp.now,
    };
    rows::insert(tx, &[row])
}

/// Moves a settlement on to its state.
pub fn store_state(tx: &mut Tx<'_>, settlement: &Settlement) -> Result<()> {
    rows::advance(
        tx,
        "settlement",
        (settlement.unit, settlement.id),
        settlement.revision,
        vec![("state", Column::of([settlement.state.clone()]))],
    )
}

/// The items of a settlement, in their order.
pub fn items(conn: &mut Conn, unit: UnitId, id: SettlementId) -> Result<Vec<Item>> {
    let found: Vec<(String, String, Dong, Dong)> = settlement_item::table
        .filter(settlement_item::unit_id.eq(unit))
        .filter(settlement_item::settlement_id.eq(id))
        .order(settlement_item::item_no)
        .select((
            settlement_item::kind,
            settlement_item::external_id,
            settlement_item::amount,
            settlement_item::fee,
        ))
        .load(conn)
        .classify()?;
    let kind = |name: &str| if name == "returned" { ItemKind::Returned } else { ItemKind::Paid };
    let item = |(name, reference, amount, fee): (String, _, _, _)| Item {
        kind: kind(&name),
        reference,
        amount,
        fee,
    };
    Ok(found.into_iter().map(item).collect())
}

/// How each item stands, in their order, and the movement its transaction id leads to.
pub fn standings(
    conn: &mut Conn,
    settlement: &Settlement,
    items: &[Item],
) -> Result<Vec<(Standing, Option<MovementId>)>> {
    let keys: Vec<(String, String)> =
        items.iter().map(|item| (settlement.channel.clone(), item.reference.clone())).collect();
    let known: HashMap<String, MovementId> = payments::provider_keys(conn, &keys)?
        .into_iter()
        .filter(|key| key.2 == settlement.unit)
        .map(|(_, external_id, _, _, movement)| (external_id, movement))
        .collect();
    let ids: Vec<(UnitId, MovementId)> = known.values().map(|id| (settlement.unit, *id)).collect();
    let movements: HashMap<MovementId, Movement> =
        movement_query::movements(conn, &ids)?.into_iter().map(|movement| (movement.id, movement)).collect();
    // What is paid and returned in one report is proven by it.
    let paid: HashSet<&str> =
        items.iter().filter(|item| item.kind == ItemKind::Paid).map(|item| item.reference.as_str()).collect();
    let differs = |item: &Item, movement: &Movement| match item.kind {
        ItemKind::Paid => item.amount != movement.amount,
        ItemKind::Returned => item.amount > movement.amount,
    };
    let is_early = |item: &Item| item.kind == ItemKind::Returned && !paid.contains(item.reference.as_str());
    Ok(items
        .iter()
        .map(|item| {
            let movement = known.get(&item.reference).and_then(|id| movements.get(id));
            let here = movement.filter(|movement| movement.account == settlement.account);
            let Some(movement) = here else { return (Standing::Unknown, None) };
            let standing = match movement.state {
                _ if differs(item, movement) => Standing::AmountDiffers,
                State::Expected if is_early(item) => Standing::Unknown,
                State::Expected if movement.proven.is_zero() => Standing::Awaited,
                State::Expected | State::Proven => Standing::Proven,
                _ => Standing::Unknown,
            };
            (standing, Some(movement.id))
        })
        .collect())
}

/// Settlements of a unit, newest first.
pub fn page(conn: &mut Conn, unit: UnitId, page: impl Into<Page>) -> Result<Vec<Settlement>> {
    let ids: Vec<SettlementId> =
        crate::newest_of!(settlement, unit, page).select(settlement::id).load(conn).classify()?;
    let mut found = by_ids(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())?;
    found.reverse();
    Ok(found)
}

/// The newest settlements of these units together.
pub fn newest(conn: &mut Conn, units: &[UnitId], limit: i64) -> Result<Vec<Settlement>> {
    let keys: Vec<(UnitId, SettlementId)> = settlement::table
        .filter(settlement::unit_id.eq_any(units))
        .order(settlement::id.desc())
        .limit(limit)
        .select((settlement::unit_id, settlement::id))
        .load(conn)
        .classify()?;
    let mut found = by_ids(conn, &keys)?;
    found.sort_by_key(|one| std::cmp::Reverse(one.id));
    Ok(found)
}

/// The unit of a settlement within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: SettlementId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, settlement, id)
}

/// The movements of an account that are claimed and not proven.
pub fn expected(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<MovementId>> {
    movement::table
        .filter(movement::unit_id.eq(unit))
        .filter(movement::account_id.eq(account))
        .filter(movement::state.eq(State::Expected.as_str()))
        .select(movement::id)
        .load(conn)
        .classify()
}
