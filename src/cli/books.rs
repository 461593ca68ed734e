//! The bookkeeping commands: importing statements, matching them, closing days. The demo does its
//! day's end through the same doors.

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::actor::{Actor, Role};
use crate::app::App;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::ClientId;
use crate::reconciliation::day_close::{self, Closing};
use crate::reconciliation::office;
use crate::reconciliation::proof::Obstacle;
use crate::statement::{Imported, Options};
use crate::store::{Stamp, Tx, rows};
use crate::unit::{BankAccount, Unit, account};
use crate::web::raise::{self, Asked};
use crate::{obligation, reconciliation, text, worker};

/// What one of the commands did, as it is printed.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub report: Value,
    /// The same in one line.
    pub summary: String,
    /// Nothing was refused or left.
    pub is_clean: bool,
}

/// Imports a bank file.
pub fn import(app: &App, actor: &Actor, bytes: &[u8]) -> Result<Imported> {
    import_with(app, actor, bytes, Options::default())
}

/// The same, told more.
pub fn import_with(app: &App, actor: &Actor, bytes: &[u8], options: Options<'_>) -> Result<Imported> {
    office::import_with(&app.store, &|| app.stamp(), actor, bytes, options)
}

/// Matches every account of the units and signs the receipts that came of it. One account's failure never blocks
/// another: it stands in its place with the error's code, and the outcome is not clean.
///
/// # Errors
/// `role_not_allowed`; `unit_not_found` for a unit out of scope, before anything is matched.
pub fn reconcile(app: &App, actor: &Actor, units: &[Unit]) -> Result<Outcome> {
    actor.require_role(&[Role::Finance, Role::System])?;
    units.iter().try_for_each(|unit| actor.scope.require(unit.id))?;
    let mut reports = Vec::new();
    let mut is_clean = true;
    for unit in units {
        for account in app.read(actor, |conn| account::of_unit(conn, unit.id))? {
            let visited = reconciliation::match_account(&app.store, &app.stamp(), actor, unit.id, account.id);
            is_clean &= visited.outcome.is_ok();
            reports.push(match visited.outcome {
                Ok(done) => json!({
                    "unit": unit.code,
                    "account": account.account_no,
                    "lines_posted": done.lines_posted,
                    "proven": done.proven,
                    "credited": done.credited,
                    "classified": done.classified,
                    "reversed": done.reversed,
                    "unknown": done.unknown,
                    "overdue_claims": done.overdue_claims,
                    "receipts": done.receipts.len(),
                }),
                Err(error) => json!({
                    "unit": unit.code,
                    "account": account.account_no,
                    "error": error.code(),
                }),
            });
        }
    }
    let sealed = worker::seal_waiting(app);
    Ok(Outcome {
        report: json!({ "accounts": reports, "receipts_signed": sealed }),
        summary: format!("{sealed} receipts signed"),
        is_clean,
    })
}

/// Closes a day, or tells what stands in the way.
pub fn close_day(
    app: &App,
    actor: &Actor,
    unit: &Unit,
    account: &BankAccount,
    day: BusinessDay,
) -> Result<Outcome> {
    let closing =
        day_close::close(&app.store, &app.keyring, &|| app.stamp(), actor, unit.id, account.id, day)?;
    Ok(match closing {
        Closing::Closed(certificate) => Outcome {
            report: json!({
                "unit": unit.code,
                "account": account.account_no,
                "date": day,
                "closed": true,
                "certificate": certificate.id,
                "document_sha256": certificate.document_sha256,
            }),
            summary: certificate.id.to_string(),
            is_clean: true,
        },
        Closing::Refused(obstacles) => refused(unit, account, day, &obstacles),
    })
}

fn refused(unit: &Unit, account: &BankAccount, day: BusinessDay, obstacles: &[Obstacle]) -> Outcome {
    let told: Vec<Value> = obstacles
        .iter()
        .map(|obstacle| json!({ "code": obstacle.code(), "vi": obstacle.vi(), "en": obstacle.en() }))
        .collect();
    let words: Vec<String> = obstacles.iter().map(Obstacle::vi).collect();
    Outcome {
        report: json!({
            "unit": unit.code,
            "account": account.account_no,
            "date": day,
            "closed": false,
            "obstacles": told,
        }),
        summary: words.join("; "),
        is_clean: false,
    }
}

/// Raises an obligation as the API would; false when the same content was loaded before. What a dossier
/// owes already is never raised again, unless the caller says that it comes on top.
pub fn raise_loaded(app: &App, actor: &Actor, request: &Value, is_additional: bool) -> Result<bool> {
    let asked: Asked = serde_path_to_error::deserialize(request).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "row".to_owned() } else { path };
        Error::invalid(field, "request_unreadable", error.into_inner().to_string())
    })?;
    let key = text::hex(digest(&SHA256, request.to_string().as_bytes()).as_ref());
    let units = app.read(actor, |conn| raise::units(conn, actor, &asked))?;
    raise::require_live(app, units.collecting.id)?;
    let tariff = app.tariff()?;
    app.write_bulk(actor, |tx, stamp| {
        if loaded_before(tx, stamp, &key)? {
            return Ok(false);
        }
        let standing = obligation::counter_query::standing_of_dossier(
            tx,
            units.collecting.id,
            &text::clean(&asked.dossier_code),
        )?;
        if let Some(standing) = standing.filter(|_| !is_additional) {
            let told = format!("the dossier owes {standing} already; --additional raises more");
            return Err(Error::conflict("dossier_owes_already", told));
        }
        raise::raise(tx, stamp, actor, &tariff, &units, &asked).map(|_| true)
    })
}

crate::table_row! {
    /// What was loaded is kept beside the API's answers, for as long (30 days).
    pub struct LoadedRow in "idempotency" {
        pub client_id: ClientId,
        pub route: &'static str,
        pub key: String,
        pub request_sha256: String,
        pub status: i32,
        pub answer: Vec<u8>,
        pub created_at: Instant,
    }
}

/// No client has this id; it stands for the command line.
const COMMAND_LINE: ClientId = ClientId(0);

fn loaded_before(tx: &mut Tx<'_>, stamp: &Stamp<'_>, key: &str) -> Result<bool> {
    let row = LoadedRow {
        client_id: COMMAND_LINE,
        route: "obligation import",
        key: key.to_owned(),
        request_sha256: key.to_owned(),
        status: 201,
        answer: Vec::new(),
        created_at: stamp.now,
    };
    Ok(rows::insert_if_absent(tx, &[row], &["client_id", "route", "key"])? == [false])
}
