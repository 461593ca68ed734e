//! How far a channel's word is taken for money, per account: `advises` or `settles`.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{AccountId, PersonId, TrustId, UnitId};
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::channel_trust;
use crate::store::{Conn, Stamp, Tx};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The citizen reads “đã nhận báo có, chờ xác nhận”; the receipt waits for the statement.
    Advises,
    /// The claim is enough for a receipt, within the limits.
    Settles,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Advises => "advises",
            Level::Settles => "settles",
        }
    }
}

/// The trust in force for a channel on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    pub level: Level,
    pub valid_from: BusinessDay,
    pub valid_until: BusinessDay,
    pub claim_limit: Dong,
    pub unproven_limit: Dong,
    pub age_limit_days: i32,
}

impl Trust {
    /// What holds when nobody decided otherwise.
    pub const DEFAULT_LEVEL: Level = Level::Advises;

    pub fn settles_on(&self, day: BusinessDay) -> bool {
        self.level == Level::Settles && self.valid_from <= day && day <= self.valid_until
    }
}

/// A decision of two persons to take a channel's claims for money.
#[derive(Clone, Debug)]
pub struct Grant {
    pub unit: UnitId,
    pub account: AccountId,
    pub channel: String,
    pub valid_from: BusinessDay,
    pub valid_until: BusinessDay,
    pub agreement_no: String,
    pub claim_limit: Dong,
    pub unproven_limit: Dong,
    pub age_limit_days: i32,
    pub maker: PersonId,
    pub checker: PersonId,
}

crate::table_row! {
    pub struct TrustRow in "channel_trust" {
        pub unit_id: UnitId,
        pub id: TrustId,
        pub account_id: AccountId,
        pub channel: String,
        pub level: &'static str,
        pub valid_from: BusinessDay,
        pub valid_until: BusinessDay,
        pub agreement_no: String,
        pub claim_limit: Dong,
        pub unproven_limit: Dong,
        pub age_limit_days: i32,
        pub maker_person_id: Option<PersonId>,
        pub checker_person_id: Option<PersonId>,
        pub reason: String,
        pub created_at: Instant,
    }
}

/// Days a claim may wait for its statement: books are closed by the month.
const AGE_LIMITS_DAYS: std::ops::RangeInclusive<i32> = 1..=31;

/// Whether a grant can be one at all.
///
/// # Errors
/// `agreement_missing`, `trust_dates_wrong`, `trust_limits_wrong`.
pub fn check(
    agreement_no: &str,
    (from, until): (BusinessDay, BusinessDay),
    (claim_limit, unproven_limit, age_limit_days): (Dong, Dong, i32),
) -> Result<()> {
    check_agreement(agreement_no)?;
    check_days(from, until)?;
    check_limits(claim_limit, unproven_limit)?;
    check_age(age_limit_days)
}

/// Whether the agreement with the bank is named.
///
/// # Errors
/// `agreement_missing`.
pub fn check_agreement(agreement_no: &str) -> Result<()> {
    if agreement_no.trim().is_empty() {
        return Err(Error::invalid("agreement_no", "agreement_missing", "name the agreement with the bank"));
    }
    Ok(())
}

/// Whether a grant ends after it begins.
///
/// # Errors
/// `trust_dates_wrong`.
pub fn check_days(from: BusinessDay, until: BusinessDay) -> Result<()> {
    if until < from {
        return Err(Error::invalid("valid_until", "trust_dates_wrong", "it begins, then ends"));
    }
    Ok(())
}

/// Whether the largest claim and the most that may wait can be these.
///
/// # Errors
/// `trust_limits_wrong`.
pub fn check_limits(claim_limit: Dong, unproven_limit: Dong) -> Result<()> {
    if !claim_limit.is_positive() {
        return Err(Error::invalid("claim_limit", "trust_limits_wrong", "above zero"));
    }
    if unproven_limit < claim_limit {
        let detail = "at least the limit of one claim";
        return Err(Error::invalid("unproven_limit", "trust_limits_wrong", detail));
    }
    Ok(())
}

/// Whether a claim may wait that many days.
///
/// # Errors
/// `trust_limits_wrong`.
pub fn check_age(age_limit_days: i32) -> Result<()> {
    if !AGE_LIMITS_DAYS.contains(&age_limit_days) {
        let detail = format!("{} to {} days", AGE_LIMITS_DAYS.start(), AGE_LIMITS_DAYS.end());
        return Err(Error::invalid("age_limit_days", "trust_limits_wrong", detail));
    }
    Ok(())
}

/// A proposal is approved on what its checker saw: where the trust was ended, suspended or given otherwise
/// since, approving it would undo that unseen.
///
/// # Errors
/// `trust_decided_since`.
pub fn require_undecided_since(
    conn: &mut Conn,
    pair: (UnitId, AccountId, &str),
    since: Instant,
) -> Result<()> {
    if is_decided_since(conn, pair, since)? {
        let detail = "the trust in this channel was decided otherwise since: propose it again";
        return Err(Error::conflict("trust_decided_since", detail));
    }
    Ok(())
}

/// Whether the trust in a channel of an account was granted or ended at that moment or later.
///
/// # Errors
/// `Unavailable`.
pub fn is_decided_since(
    conn: &mut Conn,
    (unit, account, channel): (UnitId, AccountId, &str),
    since: Instant,
) -> Result<bool> {
    let is_newer =
        |one: &Decided| (one.account, one.channel.as_str()) == (account, channel) && one.decided_at >= since;
    Ok(history(conn, unit)?.iter().any(is_newer))
}

/// Records the decision. The newest row for (account, channel) is the one in force.
///
/// # Errors
/// `role_not_allowed`, `maker_is_checker`, those of `check`, and `trust_dates_wrong` where it would be over.
pub fn grant(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, grant: Grant) -> Result<TrustId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    let limits = (grant.claim_limit, grant.unproven_limit, grant.age_limit_days);
    check(&grant.agreement_no, (grant.valid_from, grant.valid_until), limits)?;
    if grant.valid_until < stamp.today() {
        return Err(Error::invalid("valid_until", "trust_dates_wrong", "it would be over already"));
    }
    if grant.maker == grant.checker {
        return Err(Error::invalid("checker", "maker_is_checker", "two different persons must decide"));
    }
    let id: TrustId = stamp.mint()?;
    rows::insert(
        tx,
        &[TrustRow {
            unit_id: grant.unit,
            id,
            account_id: grant.account,
            channel: grant.channel,
            level: Level::Settles.as_str(),
            valid_from: grant.valid_from,
            valid_until: grant.valid_until,
            agreement_no: grant.agreement_no,
            claim_limit: grant.claim_limit,
            unproven_limit: grant.unproven_limit,
            age_limit_days: grant.age_limit_days,
            maker_person_id: Some(grant.maker),
            checker_person_id: Some(grant.checker),
            reason: String::new(),
            created_at: stamp.now,
        }],
    )?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, grant.unit, "trust.granted", id)])?;
    Ok(id)
}

/// Falls back to `advises` because a limit was crossed or a claim was disproven. Refuses no money.
pub fn suspend(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    account: AccountId,
    channel: &str,
    reason: &str,
) -> Result<TrustId> {
    let id = advise(tx, stamp, (unit, account, channel), None, reason)?;
    tracing::error!(%unit, %account, channel, reason, "channel trust suspended");
    metrics::counter!("bienlai_trust_suspended_total").increment(1);
    let entry = audit::Entry::by(&Actor::system(), unit, "trust.suspended", id).with(reason);
    audit::record(tx, stamp, &[entry])?;
    Ok(id)
}

/// Who ends a trust: less is believed then, so that one person is enough.
pub const ENDERS: [Role; 3] = [Role::Finance, Role::Approver, Role::Administrator];

/// A person ends the trust, for example because the channel's secret may have leaked.
///
/// # Errors
/// `trust_not_granted` where nothing is trusted, `reason_missing`.
pub fn end(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, account, channel): (UnitId, AccountId, &str),
    reason: &str,
) -> Result<TrustId> {
    actor.require_role(&ENDERS)?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "reason_missing", "say why"));
    }
    let pair = (unit, account, channel.to_owned());
    let is_settling = in_force(tx, std::slice::from_ref(&pair))?
        .get(&pair)
        .is_some_and(|trust| trust.level == Level::Settles);
    if !is_settling {
        return Err(Error::conflict("trust_not_granted", "the channel only advises on this account"));
    }
    let id = advise(tx, stamp, (unit, account, channel), Some(person), reason)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "trust.ended", id).with(reason)])?;
    Ok(id)
}

fn advise(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, account, channel): (UnitId, AccountId, &str),
    person: Option<PersonId>,
    reason: &str,
) -> Result<TrustId> {
    let id: TrustId = stamp.mint()?;
    rows::insert(
        tx,
        &[TrustRow {
            unit_id: unit,
            id,
            account_id: account,
            channel: channel.to_owned(),
            level: Level::Advises.as_str(),
            valid_from: stamp.today(),
            valid_until: stamp.today().plus_days(36_500),
            agreement_no: String::new(),
            claim_limit: Dong::ZERO,
            unproven_limit: Dong::ZERO,
            age_limit_days: 0,
            maker_person_id: person,
            checker_person_id: None,
            reason: reason.to_owned(),
            created_at: stamp.now,
        }],
    )?;
    Ok(id)
}

/// One decision about a channel on an account.
#[derive(Clone, Debug)]
pub struct Decided {
    pub account: AccountId,
    pub channel: String,
    pub trust: Trust,
    /// The agreement it stands on, or why it ended.
    pub ground: String,
    pub decided_at: Instant,
    /// Who proposed or ended it; none where the program fell back by itself.
    pub maker: Option<PersonId>,
    pub checker: Option<PersonId>,
}

/// A channel that the program itself believes no more: nobody decided otherwise since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspended {
    pub unit: UnitId,
    /// The decision of the program, one for each suspension.
    pub id: TrustId,
    pub account: AccountId,
    pub channel: String,
    pub reason: String,
    pub since: Instant,
}

/// The channels that were suspended by the program and stand so, of all units in sight, oldest first.
pub fn suspended(conn: &mut Conn) -> Result<Vec<Suspended>> {
    type Columns = ((UnitId, AccountId, String), (TrustId, String, Option<PersonId>, String, Instant));
    let decided: Vec<Columns> = channel_trust::table
        .order(channel_trust::id)
        .select((
            (channel_trust::unit_id, channel_trust::account_id, channel_trust::channel),
            (
                channel_trust::id,
                channel_trust::level,
                channel_trust::maker_person_id,
                channel_trust::reason,
                channel_trust::created_at,
            ),
        ))
        .load(conn)
        .classify()?;
    let newest: HashMap<_, _> = decided.into_iter().collect();
    let fell = newest
        .into_iter()
        .filter(|(_, (_, level, maker, ..))| level == Level::Advises.as_str() && maker.is_none());
    let mut found: Vec<Suspended> = fell
        .map(|((unit, account, channel), (id, _, _, reason, since))| Suspended {
            unit,
            id,
            account,
            channel,
            reason,
            since,
        })
        .collect();
    found.sort_by(|a, b| (a.since, a.unit, &a.channel).cmp(&(b.since, b.unit, &b.channel)));
    Ok(found)
}

/// Every decision about a unit's accounts, oldest first.
pub fn history(conn: &mut Conn, unit: UnitId) -> Result<Vec<Decided>> {
    Ok(histories(conn, &[unit])?.remove(&unit).unwrap_or_default())
}

/// The same of several units, asked for at once.
pub fn histories(conn: &mut Conn, units: &[UnitId]) -> Result<BTreeMap<UnitId, Vec<Decided>>> {
    type Sql = (
        (BigInt, BigInt, Text, Text, Date, Date, BigInt, BigInt, Integer, Text, Text),
        (BigInt, Nullable<BigInt>, Nullable<BigInt>, BigInt),
    );
    type Stored = (
        (TrustId, AccountId, String, String, BusinessDay, BusinessDay, Dong, Dong, i32, String, String),
        (Instant, Option<PersonId>, Option<PersonId>, UnitId),
    );
    let mut found: Vec<Stored> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.id, t.account_id, t.channel, t.level, t.valid_from, t.valid_until, t.claim_limit, \
         t.unproven_limit, t.age_limit_days, t.agreement_no, t.reason, t.created_at, t.maker_person_id, \
         t.checker_person_id, t.unit_id FROM channel_trust t",
        &[("unit_id", Column::of(units.iter().copied()))],
        "",
        Lock::None,
    )?;
    found.sort_by_key(|(row, _)| row.0);
    let mut decided: BTreeMap<UnitId, Vec<Decided>> = BTreeMap::new();
    for (row, (decided_at, maker, checker, unit)) in found {
        let level = if row.3 == "settles" { Level::Settles } else { Level::Advises };
        let ground = if level == Level::Settles { row.9 } else { row.10 };
        let trust = Trust {
            level,
            valid_from: row.4,
            valid_until: row.5,
            claim_limit: row.6,
            unproven_limit: row.7,
            age_limit_days: row.8,
        };
        let one = Decided { account: row.1, channel: row.2, trust, ground, decided_at, maker, checker };
        decided.entry(unit).or_default().push(one);
    }
    Ok(decided)
}

/// The trust in force for each of the pairs; pairs without a row are absent.
pub fn in_force(
    conn: &mut Conn,
    pairs: &[(UnitId, AccountId, String)],
) -> Result<HashMap<(UnitId, AccountId, String), Trust>> {
    type Sql = (BigInt, BigInt, Text, BigInt, Text, Date, Date, BigInt, BigInt, Integer);
    type Stored = (UnitId, AccountId, String, TrustId, String, BusinessDay, BusinessDay, Dong, Dong, i32);
    let mut found: Vec<Stored> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.unit_id, t.account_id, t.channel, t.id, t.level, t.valid_from, t.valid_until, t.claim_limit, \
         t.unproven_limit, t.age_limit_days FROM channel_trust t",
        &[
            ("unit_id", Column::of(pairs.iter().map(|(unit, _, _)| *unit))),
            ("account_id", Column::of(pairs.iter().map(|(_, account, _)| *account))),
            ("channel", Column::of(pairs.iter().map(|(_, _, channel)| channel.clone()))),
        ],
        "",
        Lock::None,
    )?;
    found.sort_by_key(|row| row.3);
    Ok(found
        .into_iter()
        .map(
            |(
                unit,
                account,
                channel,
                _,
                level,
                valid_from,
                valid_until,
                claim_limit,
                unproven_limit,
                age,
            )| {
                let level = if level == "settles" { Level::Settles } else { Level::Advises };
                let trust = Trust {
                    level,
                    valid_from,
                    valid_until,
                    claim_limit,
                    unproven_limit,
                    age_limit_days: age,
                };
                ((unit, account, channel), trust)
            },
        )
        .collect())
}
