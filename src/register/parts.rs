//! The audit of `chain.rs` in parts, so that a page never waits for all numbers of a unit: first the certificates,
//! each held against today's numbers; then what is gone; then number by number. What a part found goes on with it to
//! the next one, under a keyed hash: whoever carries it can neither leave a part out nor forget a fault.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

use super::broken::Broken;
use super::certificate::Stated;
use super::chain::{self, Audit};
use super::gone::{self, Place};
use super::proof::{Fault, Known, Paused, Proof, Prover};
use super::query::{self, AuditRow};
use super::told_again::{Mark, Teller};
use crate::actor::Scope;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{ReceiptId, SeriesId, UnitId};
use crate::receipt::attest::Attesters;
use crate::store::vault::Vault;
use crate::store::{Conn, Store};
use crate::unit::{CITY, Series, series};

/// Certificates read at a time.
const CERTIFICATES: i64 = 4;
/// Documents that are gone, of which no more are looked for: the audit is not whole after the first.
const GONE_LIMIT: usize = 100;
/// How long what one part found may be carried to the next.
const CARRIED_FOR_S: i64 = 3_600;

/// What is proven next.
#[derive(Serialize, Deserialize)]
enum Stage {
    Certificates,
    Gone(Place),
    Numbers,
}

/// The numbers of one series, as far as they are proven.
#[derive(Serialize, Deserialize)]
struct Numbers {
    paused: Paused,
    /// The last number that was taken; None where there are no more.
    after: Option<i64>,
    /// The last number that is looked at.
    until: i64,
}

/// An audit that is under way.
#[derive(Serialize, Deserialize)]
pub struct Course {
    unit: UnitId,
    began_at: Instant,
    stage: Stage,
    certificate_count: usize,
    /// The day and hash of the last certificate that was checked.
    last: Option<(BusinessDay, String)>,
    /// The day of the newest certificate that said whole.
    whole_on: Option<BusinessDay>,
    /// The first thing that is wrong with the certificates.
    broken: Option<Broken>,
    /// By series, the highest number that a certificate counted.
    certified: BTreeMap<SeriesId, i64>,
    marks: BTreeMap<SeriesId, Mark>,
    gone: BTreeSet<ReceiptId>,
    /// By series, the numbers of those that are gone.
    gone_numbers: BTreeMap<SeriesId, BTreeSet<i64>>,
    untraced: i64,
    numbers: BTreeMap<SeriesId, Numbers>,
    #[serde(skip)]
    tellers: BTreeMap<SeriesId, Teller>,
    #[serde(skip)]
    attesters: Attesters,
}

/// What a step came to.
pub enum Part {
    Further(Box<Course>),
    Whole(Audit),
}

impl Course {
    pub fn new(unit: UnitId, now: Instant) -> Course {
        Course {
            unit,
            began_at: now,
            stage: Stage::Certificates,
            certificate_count: 0,
            last: None,
            whole_on: None,
            broken: None,
            certified: BTreeMap::new(),
            marks: BTreeMap::new(),
            gone: BTreeSet::new(),
            gone_numbers: BTreeMap::new(),
            untraced: 0,
            numbers: BTreeMap::new(),
            tellers: BTreeMap::new(),
            attesters: Attesters::default(),
        }
    }

    /// As an address carries it: packed, and behind it the keyed hash that only the program can make.
    pub fn text(&self, vault: &Vault) -> Result<String> {
        let unpacked = serde_json::to_vec(self).map_err(|error| Error::internal(error.to_string()))?;
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
        let packed = packer.write_all(&unpacked).and_then(|()| packer.finish());
        let packed = packed.map_err(|error| Error::internal(error.to_string()))?;
        let text = URL_SAFE_NO_PAD.encode(packed);
        let tag = vault.blind(self.unit, "series_audit", &text);
        Ok(format!("{text}.{tag}"))
    }

    /// What an earlier part of the same unit's audit found.
    ///
    /// # Errors
    /// `cursor_unreadable` for what the program did not write, of another unit, or more than an hour after the
    /// audit began.
    pub fn read(text: &str, unit: UnitId, vault: &Vault, now: Instant) -> Result<Course> {
        let detail = "expected what an earlier part found, within an hour";
        let unreadable = || Error::invalid("form.at", "cursor_unreadable", detail);
        let (text, tag) = text.rsplit_once('.').ok_or_else(unreadable)?;
        if vault.blind(unit, "series_audit", text) != tag {
            return Err(unreadable());
        }
        let packed = URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable())?;
        let mut unpacked = Vec::new();
        ZlibDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).map_err(|_| unreadable())?;
        let course: Course = serde_json::from_slice(&unpacked).map_err(|_| unreadable())?;
        let is_fresh = now.seconds_since(course.began_at) <= CARRIED_FOR_S;
        if course.unit == unit && is_fresh { Ok(course) } else { Err(unreadable()) }
    }

    /// What was found until here: of the certificates, and by series and number.
    pub fn faults(&self) -> (Option<&Broken>, Vec<(SeriesId, i64, Fault)>) {
        let of = |(id, one): (&SeriesId, &Numbers)| {
            let id = *id;
            one.paused.faults.iter().map(move |(number, fault)| (id, *number, *fault)).collect::<Vec<_>>()
        };
        (self.broken.as_ref(), self.numbers.iter().flat_map(of).collect())
    }

    /// How many numbers were proven.
    pub fn done(&self) -> i64 {
        self.numbers.values().map(|one| one.after.unwrap_or(one.until)).sum()
    }

    /// The series whose numbers are being proven; None before.
    pub fn series(&self) -> Option<SeriesId> {
        let open = self.numbers.iter().find(|(_, one)| one.after.is_some());
        open.or_else(|| self.numbers.last_key_value()).map(|(id, _)| *id)
    }
}

/// Goes on with an audit by one step: a few certificates, a page of what may be gone, or `limit` numbers.
///
/// # Errors
/// `unit_not_found` out of scope; those of the store.
pub fn prove(store: &Store, scope: &Scope, mut course: Course, limit: i64) -> Result<Part> {
    scope.require(course.unit)?;
    let register = store.read(scope, |conn| series::of_unit(conn, course.unit))?;
    match course.stage {
        Stage::Certificates => store.read(&scope.and(CITY), |conn| course.certificates(conn))?,
        Stage::Gone(place) => course.look_for_gone(store, scope, place, &register)?,
        Stage::Numbers => {
            let next = register.iter().find(|one| course.is_open(one.id));
            let Some(next) = next else { return Ok(Part::Whole(course.finish(register))) };
            course.take(store, scope, next, limit)?;
        }
    }
    Ok(Part::Further(Box::new(course)))
}

impl Course {
    /// Checks the next certificates and holds them against the numbers of today.
    fn certificates(&mut self, conn: &mut Conn) -> Result<()> {
        let after = self.last.as_ref().map(|(day, _)| *day);
        let rows = query::audits_after(conn, self.unit, after, CERTIFICATES)?;
        if rows.is_empty() {
            self.end_certificates();
            return Ok(());
        }
        // Read behind them: what a certificate of this moment counts was given then.
        let register = series::of_unit(conn, self.unit)?;
        for row in &rows {
            let previous = self.last.as_ref().map_or("", |(_, sha256)| sha256.as_str());
            let stated = match chain::check_one(conn, row, previous, &mut self.attesters)? {
                Ok(stated) => stated,
                Err(fault) => {
                    // Nothing that any of them says is believed.
                    (self.broken, self.whole_on) = (Some(fault), None);
                    self.certified.clear();
                    self.end_certificates();
                    return Ok(());
                }
            };
            let is_held = self.hold(conn, &stated, &register)?;
            for one in &register {
                if let Some(teller) = self.tellers.get(&one.id) {
                    self.marks.insert(one.id, teller.mark(one.next_no - 1));
                }
            }
            if !is_held {
                return Ok(());
            }
            self.pass(row, &stated);
        }
        Ok(())
    }

    /// A certificate that was checked and held is behind the audit.
    fn pass(&mut self, row: &AuditRow, stated: &Stated) {
        self.certificate_count += 1;
        self.last = Some((row.date, row.document_sha256.clone()));
        if stated.verdict == "whole" {
            self.whole_on = Some(row.date);
        }
        for one in &stated.series {
            if let Ok(id) = one.id.parse::<SeriesId>() {
                let highest = self.certified.entry(id).or_default();
                *highest = one.count.max(*highest);
            }
        }
    }

    fn end_certificates(&mut self) {
        self.marks.clear();
        self.tellers.clear();
        self.stage = Stage::Gone(Place::since(self.whole_on));
    }

    /// Holds a certificate against today's numbers. False where more of them must be read before that is known.
    fn hold(&mut self, conn: &mut Conn, stated: &Stated, register: &[Series]) -> Result<bool> {
        for one in &stated.series {
            // The first fault of the certificates is told, as in one go.
            if self.broken.is_some() {
                return Ok(true);
            }
            let Some(series) = register.iter().find(|series| series.id.to_string() == one.id) else {
                self.broken = Some(chain::series_gone(one));
                continue;
            };
            if series.next_no - 1 < one.count {
                self.broken = Some(chain::fell_short(&stated.date, one, series.next_no - 1));
                continue;
            }
            let of = (self.unit, series.id);
            let marks = &mut self.marks;
            let teller = self.tellers.entry(series.id).or_insert_with(|| match marks.remove(&series.id) {
                Some(mark) => Teller::resume(of, mark),
                None => Teller::new(of),
            });
            match teller.root_after(conn, one.count)? {
                None => return Ok(false),
                Some(root) if root != one.root => self.broken = Some(chain::not_certified(&stated.date, one)),
                Some(_) => (),
            }
        }
        Ok(true)
    }

    /// Looks for documents whose rows are gone, and behind the last page for the numbers they had.
    fn look_for_gone(
        &mut self,
        store: &Store,
        scope: &Scope,
        place: Place,
        register: &[Series],
    ) -> Result<()> {
        let (gone, next) = gone::look(store, scope, self.unit, place)?;
        self.gone.extend(gone.into_iter().take(GONE_LIMIT));
        if let Some(next) = next.filter(|_| self.gone.len() < GONE_LIMIT) {
            self.stage = Stage::Gone(next);
            return Ok(());
        }
        let receipts = std::mem::take(&mut self.gone);
        let found = gone::placed(store, scope, self.unit, &receipts, register)?;
        (self.gone_numbers, self.untraced) = (found.numbers, found.untraced);
        self.stage = Stage::Numbers;
        Ok(())
    }

    fn is_open(&self, id: SeriesId) -> bool {
        self.numbers.get(&id).is_none_or(|one| one.after.is_some())
    }

    /// Proves the next numbers of a series, from the first on or behind those that were taken.
    fn take(&mut self, store: &Store, scope: &Scope, series: &Series, limit: i64) -> Result<()> {
        let (mut prover, after, until) = match self.numbers.remove(&series.id) {
            Some(Numbers { paused, after, until }) => {
                (Prover::resume(series.clone(), paused), after.unwrap_or(until), until)
            }
            None => {
                let (series, told_phase, until) = chain::begin(store, scope, self.unit, series.id)?;
                let known = Known {
                    certified: self.certified.get(&series.id).copied().unwrap_or(0),
                    gone: self.gone_numbers.remove(&series.id).unwrap_or_default(),
                };
                let mut prover = Prover::of_numbers(series, known);
                prover.hold_phase(told_phase.as_deref());
                (prover, 0, until)
            }
        };
        let after = chain::take_page(store, scope, &mut prover, (after, until), limit)?;
        self.numbers.insert(series.id, Numbers { paused: prover.pause(), after, until });
        Ok(())
    }

    /// What all parts found.
    fn finish(mut self, register: Vec<Series>) -> Audit {
        let mut proofs: Vec<Proof> = register
            .into_iter()
            .filter_map(|series| {
                let numbers = self.numbers.remove(&series.id)?;
                Some(Prover::resume(series, numbers.paused).finish())
            })
            .collect();
        chain::note_untraced(&mut proofs, self.untraced);
        Audit { proofs, certificate_count: self.certificate_count, broken: self.broken }
    }
}
