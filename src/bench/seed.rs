//! The town a load falls on: units with account, series, certificate and a trusted channel, and
//! obligations enough to be paid.

use std::sync::Arc;

use super::place::{BANK_BIN, CHANNEL};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::app::App;
use crate::error::Result;
use crate::id::{AccountId, PersonId, UnitId};
use crate::obligation::{IntakeMode, Line, NewObligation, raise};
use crate::party::Payer;
use crate::receipt::content::identifier::is_tax_code;
use crate::receipt::key::{SigningKey, issue_for_key, new_key, test_authority};
use crate::store::{Stamp, Tx};
use crate::unit::{self, NewUnit, account, registration, series, trust};
use crate::{cli, filing, worker};

/// The first tax code of those that the units have in turn.
const TAX_CODE: &str = "0100000003";
pub const AMOUNT: Dong = Dong(25_000);
/// Obligations raised in one transaction.
const BATCH: usize = 500;

/// Days a channel's word is taken for money.
const TRUST_DAYS: i64 = 60;

/// A unit that collects into one account.
pub struct Desk {
    pub unit: UnitId,
    pub code: String,
    pub account: AccountId,
    pub account_no: Arc<str>,
}

/// What a desk is opened with.
pub struct Opening {
    pub code: String,
    pub name: String,
    pub account_no: String,
    pub holder: String,
    pub balance: Dong,
    pub is_trusted: bool,
}

/// What one obligation asks for.
pub struct Ask<'a> {
    pub dossier_code: String,
    pub payer: &'a str,
    pub amount: Dong,
}

/// The seeded town.
pub struct Town {
    pub desks: Vec<Desk>,
    pub key: SigningKey,
}

/// An obligation to be paid: what the payer's bank needs to know.
pub struct Due {
    pub code: String,
    pub account_no: Arc<str>,
}

impl Town {
    /// Registers so many units.
    pub fn found(app: &App, units: usize) -> Result<Town> {
        let openings: Vec<Opening> = (0..units)
            .map(|index| Opening {
                code: format!("{index:05}"),
                name: format!("Phường số {index}"),
                account_no: format!("9704320{index:06}"),
                holder: format!("UBND PHUONG SO {index}"),
                balance: Dong::ZERO,
                is_trusted: true,
            })
            .collect();
        Town::open(app, &openings)
    }

    /// Registers these units. All sign with one key, which each holds as its own, under a certificate of its own tax
    /// code.
    pub fn open(app: &App, openings: &[Opening]) -> Result<Town> {
        let now = app.clock.now();
        let authority = test_authority(now)?;
        let secret = new_key()?;
        let issue = |code: &str| issue_for_key(&authority, &secret, "Phường đo tốc độ", code, now, 365);
        let actor = Actor::system();
        let mut desks = Vec::with_capacity(openings.len());
        for (opening, code) in openings.iter().zip(tax_codes()) {
            let own = (issue(&code)?, code);
            desks.push(app.write(&actor, |tx, stamp| open_desk(tx, stamp, &actor, opening, &own))?);
        }
        Ok(Town { desks, key: issue(TAX_CODE)? })
    }

    /// Raises `count` obligations in turn over the first `units` units, and gives the trail its
    /// places, so that the service starts without a backlog.
    pub fn raise(&self, app: &App, count: usize, units: usize) -> Result<Vec<Due>> {
        let actor = Actor::system();
        let mut raised = Vec::with_capacity(count);
        // A load that ran in between may have outlived the reservation of the last call.
        app.lease.renew(&app.store, &app.clock)?;
        let mut renewed_at = std::time::Instant::now();
        while raised.len() < count {
            let first = raised.len();
            let last = count.min(first + BATCH);
            raised.extend(app.write(&actor, |tx, stamp| {
                (first..last)
                    .map(|index| raise_one(tx, stamp, &actor, &self.desks[index % units], index))
                    .collect::<Result<Vec<Due>>>()
            })?);
            if renewed_at.elapsed().as_secs() >= 5 {
                app.lease.renew(&app.store, &app.clock)?;
                renewed_at = std::time::Instant::now();
            }
        }
        worker::number_committed(app)?;
        app.lease.renew(&app.store, &app.clock)?;
        Ok(raised)
    }
}

/// Tax codes whose check digit fits, from the first on: no two units have one.
fn tax_codes() -> impl Iterator<Item = String> {
    let first: u64 = TAX_CODE.parse().unwrap_or_default();
    (first..).map(|number| format!("{number:010}")).filter(|code| is_tax_code(code))
}

fn open_desk(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    opening: &Opening,
    (key, tax_code): &(SigningKey, String),
) -> Result<Desk> {
    let unit = unit::register(
        tx,
        stamp,
        actor,
        NewUnit {
            code: opening.code.clone(),
            name: opening.name.clone(),
            kind: "phường".to_owned(),
            tax_code: tax_code.clone(),
            budget_code: None,
            address: "Hà Nội".to_owned(),
            phone: None,
            valid_from: stamp.today(),
        },
    )?;
    let account = account::register(
        tx,
        stamp,
        actor,
        account::NewAccount {
            unit,
            bank_bin: BANK_BIN.to_owned(),
            account_no: opening.account_no.clone(),
            holder_name: opening.holder.clone(),
            opened_on: stamp.today(),
            opening_balance: opening.balance,
        },
    )?;
    accept(tx, stamp, actor, unit, key)?;
    if opening.is_trusted {
        trust(tx, stamp, actor, unit, account)?;
    }
    cli::key::store(tx, stamp, actor, unit, key)?;
    Ok(Desk { unit, code: opening.code.clone(), account, account_no: opening.account_no.as_str().into() })
}

/// The tax office accepts the unit, and its series opens.
fn accept(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId, key: &SigningKey) -> Result<()> {
    registration::record(
        tx,
        stamp,
        actor,
        registration::Acceptance {
            unit,
            form: filing::form::registration::FORM.to_owned(),
            notice_no: "1".to_owned(),
            accepted_on: stamp.today(),
            document_kinds: vec!["receipt".to_owned()],
            office_code: "10100".to_owned(),
            office_name: "Thuế thử".to_owned(),
            certificates: vec![filing::registration::listed(
                key.certificate(),
                registration::CertificateAction::Add,
            )],
            filing: None,
        },
    )?;
    series::open(
        tx,
        stamp,
        actor,
        series::NewSeries {
            unit,
            document_kind: "receipt".to_owned(),
            template: "01BLP0-001".to_owned(),
            series: format!("BL-{:02}E", stamp.today().year() % 100),
            year: stamp.today().year(),
            last_allowed_no: 9_999_999,
            registration: "thử".to_owned(),
        },
    )?;
    Ok(())
}

/// The bank's word is taken for money, within wide limits.
fn trust(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId, account: AccountId) -> Result<()> {
    let grant = trust::Grant {
        unit,
        account,
        channel: CHANNEL.to_owned(),
        valid_from: stamp.today(),
        valid_until: stamp.today().plus_days(TRUST_DAYS),
        agreement_no: "1".to_owned(),
        claim_limit: Dong(1_000_000_000),
        unproven_limit: Dong(1_000_000_000_000),
        age_limit_days: 9,
        maker: PersonId(1),
        checker: PersonId(2),
    };
    trust::grant(tx, stamp, actor, grant).map(|_| ())
}

fn raise_one(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, desk: &Desk, index: usize) -> Result<Due> {
    let ask =
        Ask {
            dossier_code: format!("H26.{}-{index}", desk.unit.0), payer: "Nguyễn Văn A", amount: AMOUNT
        };
    let obligation = raise(tx, stamp, actor, asked(stamp, desk, ask))?;
    Ok(Due { code: obligation.reference_code, account_no: Arc::clone(&desk.account_no) })
}

/// An obligation of one line, due today.
pub fn asked(stamp: &Stamp<'_>, desk: &Desk, ask: Ask<'_>) -> NewObligation {
    NewObligation {
        unit: desk.unit,
        dossier_code: ask.dossier_code,
        procedure_code: "1.001193".to_owned(),
        procedure_field: "Hộ tịch".to_owned(),
        intake_mode: IntakeMode::Counter,
        receiving_unit: desk.unit,
        competent_unit: desk.unit,
        submitted_at: stamp.now,
        result_due_on: None,
        due_on: stamp.today(),
        electronic_required: false,
        payer: Payer {
            name: Some(ask.payer.to_owned()),
            address: Some("Phường số 1, Hà Nội".to_owned()),
            ..Payer::default()
        },
        lines: vec![line(ask.amount)],
        waived_ground: None,
    }
}

fn line(amount: Dong) -> Line {
    Line {
        item_code: "HT1".to_owned(),
        item_name: "Lệ phí hộ tịch".to_owned(),
        kind: "le_phi".to_owned(),
        document_kind: "receipt".to_owned(),
        vat_rate: None,
        measure_unit: "lần".to_owned(),
        quantity: 1.into(),
        unit_price: amount.to_decimal(),
        gross: amount,
        reduction: Dong::ZERO,
        reduction_percent: None,
        reduction_ground: None,
        amount,
        chapter: Some("805".to_owned()),
        sub_item: Some("2771".to_owned()),
        kept_share_bp: 0,
        legal_ground: "Nghị quyết thử".to_owned(),
        explanation: String::new(),
    }
}
