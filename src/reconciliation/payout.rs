//! Lines that pay out many payments at once: an acquirer's card batch, a gateway's lump sum with its
//! settlement report or without.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::classification::words;
use super::evidence::{Evidence, values};
use super::lump::{self, Answer};
use super::matching::{Line, Movement, Outcome};
use crate::amount::Dong;
use crate::error::Result;
use crate::exception::{Hint, Kind};
use crate::id::*;
use crate::payment::gateway::line::LumpSum;
use crate::payment::gateway::{self, Settlement, Terms};
use crate::payment::pos;
use crate::payment::prove::{Case, LineWork};
use crate::store::Conn;
use crate::text;
use crate::working_days::WorkingDays;

const REPORT: &str = "settlement_report";
const BATCH: &str = "pos_batch";
const SEARCH: &str = "lump_sum";
/// Rounds in which a lump sum may make another the only choice.
const ROUNDS_LIMIT: usize = 8;

/// What is awaited on an account.
#[derive(Default)]
pub struct Payouts {
    batches: Vec<pos::Batch>,
    settlements: Vec<Settlement>,
    /// Items that a claim waits for, and what the others amount to.
    parts: HashMap<SettlementId, Parts>,
    terms: Vec<Terms>,
    channels: HashMap<MovementId, Vec<String>>,
}

/// And what payers got back.
type Parts = (Vec<(MovementId, Dong)>, Vec<Dong>, Vec<(Option<MovementId>, Dong)>);

/// What a run has looked at.
pub struct Seen<'a> {
    pub lines: &'a [Line],
    pub movements: &'a [Movement],
    pub outcome: &'a Outcome,
    pub calendar: &'a WorkingDays,
}

type Works = BTreeMap<LineId, LineWork>;

impl Payouts {
    pub fn read(
        conn: &mut Conn,
        unit: UnitId,
        account: AccountId,
        channels: HashMap<MovementId, Vec<String>>,
    ) -> Result<Payouts> {
        let batches = pos::query::awaited(conn, unit, account)?;
        let settlements = gateway::query::awaited(conn, unit, account)?;
        let terms = gateway::query::terms(conn, unit, account)?;
        let mut parts = HashMap::new();
        for settlement in &settlements {
            let items = gateway::query::items(conn, unit, settlement.id)?;
            let standings = gateway::query::standings(conn, settlement, &items)?;
            parts.insert(settlement.id, gateway::line::sorted(&items, standings));
        }
        Ok(Payouts { batches, settlements, parts, terms, channels })
    }

    /// Gives lines that nothing else explains the payout they show.
    pub fn show(&self, seen: &Seen<'_>, works: &mut Works) {
        self.show_batches(seen.lines, works);
        self.show_settlements(seen, works);
        self.search(seen, works);
    }

    /// Exactly the batch's net amount, with its reference in the text. Two lines that could are left
    /// to a person.
    fn show_batches(&self, lines: &[Line], works: &mut Works) {
        let is_open = |line: &&Line| works.get(&line.id).is_some_and(is_unknown);
        for (batch, line) in self.shown_batches(lines.iter().filter(is_open)) {
            if let Some(work) = works.get_mut(&line) {
                work.case = Case::PosBatch(batch);
                work.rule = BATCH;
            }
        }
    }

    /// The batches that exactly one of the lines shows.
    fn shown_batches<'l>(&self, lines: impl Iterator<Item = &'l Line>) -> Vec<(BatchId, LineId)> {
        let mut shown: BTreeMap<BatchId, Vec<LineId>> = BTreeMap::new();
        // Most accounts await nothing, and the lines of a month are looked at.
        for line in lines.take_while(|_| !self.batches.is_empty()) {
            let text =
                format!("{} {}", line.memo_folded, line.customer_reference.as_deref().unwrap_or_default());
            if let Some(batch) = pos::rules::shown(&self.batches, line.amount, &text) {
                shown.entry(batch.id).or_default().push(line.id);
            }
        }
        let only = |(batch, lines): (BatchId, Vec<LineId>)| match lines.as_slice() {
            [line] => Some((batch, *line)),
            _ => None,
        };
        shown.into_iter().filter_map(only).collect()
    }

    /// The same for reports of gateways.
    fn show_settlements(&self, seen: &Seen<'_>, works: &mut Works) {
        if self.settlements.is_empty() {
            return;
        }
        let taken = taken(seen.outcome);
        let is_free = |settlement: &Settlement| {
            let parts = self.parts.get(&settlement.id);
            parts.is_some_and(|(known, ..)| known.iter().all(|(movement, _)| !taken.contains(movement)))
        };
        let free: Vec<Settlement> = self.settlements.iter().filter(|one| is_free(one)).cloned().collect();
        let open = seen.lines.iter().filter(|line| works.get(&line.id).is_some_and(is_unknown));
        let mut reserved = HashSet::new();
        for (settlement, line) in only_lines(&free, open) {
            let Some(work) = works.get_mut(&line) else { continue };
            let Some((case, evidence)) = self.report_case(settlement, &mut reserved) else { continue };
            work.case = case;
            work.rule = REPORT;
            work.evidence = stored(&evidence);
        }
    }

    /// A transaction that an earlier report of the run has taken (`reserved`) is unknown to this one: its
    /// sum is somebody else's, and a person says whose.
    fn report_case(
        &self,
        settlement: &Settlement,
        reserved: &mut HashSet<MovementId>,
    ) -> Option<(Case, Vec<Evidence>)> {
        let (awaited, unknown, returned) = self.parts.get(&settlement.id)?;
        let (parts, twice): (Vec<(MovementId, Dong)>, Vec<(MovementId, Dong)>) =
            awaited.iter().copied().partition(|(id, _)| reserved.insert(*id));
        let unknown = unknown.iter().copied().chain(twice.into_iter().map(|(_, amount)| amount));
        let lump = LumpSum {
            channel: settlement.channel.clone(),
            settlement: Some(settlement.id),
            parts: parts.clone(),
            unknown: unknown.collect(),
            returned: returned.clone(),
            fee: settlement.fee,
        };
        let evidence = vec![
            Evidence::SettlementReport { reference: settlement.reference.clone() },
            Evidence::GroupTotalExact(count(parts.len())),
            Evidence::ChargeWithheld { amount: settlement.fee },
        ];
        Some((Case::LumpSum(lump), evidence))
    }

    /// Batches and reports that came after their line, which nobody has explained meanwhile: the posted
    /// lines they may be shown by, as `work` makes work of them.
    pub fn late(&self, lines: &[Line], work: impl Fn(LineId) -> Option<LineWork>) -> Vec<LineWork> {
        let posted = || lines.iter().filter(|line| line.open.is_zero() && line.codes.is_empty());
        let mut reserved = HashSet::new();
        let mut found: Vec<LineWork> = only_lines(&self.settlements, posted())
            .into_iter()
            .filter_map(|(settlement, line)| {
                let (case, evidence) = self.report_case(settlement, &mut reserved)?;
                let plain = work(line)?;
                Some(LineWork { case, rule: REPORT, evidence: stored(&evidence), ..plain })
            })
            .collect();
        let batches = self.shown_batches(posted()).into_iter().filter_map(|(batch, line)| {
            Some(LineWork { case: Case::PosBatch(batch), rule: BATCH, ..work(line)? })
        });
        found.extend(batches);
        found
    }

    /// Without a report: the claims that a gateway's terms make add up, when there is one choice only.
    pub fn search(&self, seen: &Seen<'_>, works: &mut Works) {
        let marked = self.marked(seen.lines, works);
        if marked.is_empty() {
            return;
        }
        let mut taken = taken(seen.outcome);
        taken.extend(self.reported());
        for _ in 0..ROUNDS_LIMIT {
            let open: Vec<_> =
                marked.iter().filter(|(line, _)| works.get(&line.id).is_some_and(is_unplaced)).collect();
            let found: Vec<(LineId, Found)> = open
                .iter()
                .filter_map(|(line, terms)| Some((line.id, self.take_apart(seen, line, terms, &taken)?)))
                .collect();
            let mut wanted: HashMap<MovementId, u32> = HashMap::new();
            for id in found.iter().flat_map(|(_, found)| found.chosen()) {
                *wanted.entry(id).or_default() += 1;
            }
            let mut is_over = true;
            for (line, found) in found {
                let Some(work) = works.get_mut(&line) else { continue };
                work.evidence = stored(&found.evidence);
                work.hint = Some(Hint::Searched { evidence: values(&found.evidence) });
                work.rule = SEARCH;
                let is_alone = found.chosen().all(|id| wanted.get(&id) == Some(&1));
                match found.lump {
                    Some(lump) if is_alone => {
                        taken.extend(lump.parts.iter().map(|(id, _)| *id));
                        work.case = Case::LumpSum(lump);
                        is_over = false;
                    }
                    Some(_) => {
                        // Another line would take the same claims.
                        let evidence = [Evidence::SeveralChoices { of: found.of }];
                        work.evidence = stored(&evidence);
                        work.hint = Some(Hint::Searched { evidence: values(&evidence) });
                        work.case = Case::UnknownCredit(Kind::BulkSettlement);
                    }
                    None => work.case = Case::UnknownCredit(Kind::BulkSettlement),
                }
            }
            if is_over {
                return;
            }
        }
    }

    /// Open credits that carry the marker of exactly one gateway's terms in force.
    fn marked<'a>(&'a self, lines: &'a [Line], works: &Works) -> Vec<(&'a Line, &'a Terms)> {
        let mut marked = Vec::new();
        if self.terms.is_empty() {
            return marked;
        }
        for line in lines.iter().filter(|line| works.get(&line.id).is_some_and(is_unplaced)) {
            let memo = words(&line.memo_folded);
            let mut fitting = self.terms.iter().filter(|terms| {
                terms.valid_from <= line.booking_date
                    && line.booking_date <= terms.valid_until
                    && memo.contains(words(&terms.marker).as_str())
            });
            if let Some(terms) = fitting.next().filter(|_| fitting.next().is_none()) {
                marked.push((line, terms));
            }
        }
        marked.sort_by_key(|(line, _)| (line.booking_date, line.id));
        marked
    }

    /// Whether one of the lines does.
    pub fn has_marked(&self, lines: &[Line], works: &Works) -> bool {
        !self.marked(lines, works).is_empty()
    }

    /// The claims that reports name which wait for their lines.
    pub fn reported(&self) -> impl Iterator<Item = MovementId> + '_ {
        self.parts.values().flat_map(|(known, ..)| known.iter().map(|(id, _)| *id))
    }

    /// A channel that told of all these claims, the first by name; None where not one did.
    pub fn common_channel(&self, parts: &[(MovementId, Dong)]) -> Option<&str> {
        let (first, others) = parts.split_first()?;
        let mut known: Vec<&str> = self.channels.get(&first.0)?.iter().map(String::as_str).collect();
        known.sort_unstable();
        known.into_iter().find(|channel| others.iter().all(|(id, _)| self.is_of(*id, channel)))
    }

    fn take_apart(
        &self,
        seen: &Seen<'_>,
        line: &Line,
        terms: &Terms,
        taken: &HashSet<MovementId>,
    ) -> Option<Found> {
        let window = u32::try_from(terms.window_days).unwrap_or_default();
        let mut claims: Vec<&Movement> = seen
            .movements
            .iter()
            .filter(|movement| {
                movement.inflow
                    && movement.open == movement.amount
                    && !movement.has_line
                    && !taken.contains(&movement.id)
                    && movement.first_seen <= line.booking_date
                    && seen.calendar.distance(movement.first_seen, line.booking_date) <= window
                    && self.is_of(movement.id, &terms.channel)
            })
            .collect();
        claims.sort_by_key(|movement| (movement.first_seen, movement.id));
        let fees: Vec<Dong> =
            claims.iter().map(|claim| terms.fee(claim.amount)).collect::<Result<_>>().ok()?;
        let nets: Vec<Dong> =
            claims.iter().zip(&fees).map(|(claim, fee)| Dong(claim.amount.0 - fee.0)).collect();
        let of = count(claims.len());
        let undecided = |evidence| Found { lump: None, evidence: vec![evidence], of };
        Some(match lump::search(&nets, line.amount, lump::STEPS_LIMIT) {
            Answer::None => undecided(Evidence::NoChoice { of }),
            Answer::Ambiguous => undecided(Evidence::SeveralChoices { of }),
            Answer::Undecided => undecided(Evidence::SearchNotFinished { of }),
            Answer::Unique(places) => {
                let chosen = |place: &usize| claims.get(*place).map(|claim| (claim.id, claim.amount));
                let parts: Vec<(MovementId, Dong)> = places.iter().filter_map(chosen).collect();
                let fee = Dong::sum(places.iter().filter_map(|place| fees.get(*place)).copied()).ok()?;
                let evidence = vec![
                    Evidence::OnlyChoice { taken: count(parts.len()), of },
                    Evidence::ChargeWithheld { amount: fee },
                ];
                let lump = LumpSum {
                    channel: terms.channel.clone(),
                    settlement: None,
                    parts,
                    unknown: Vec::new(),
                    returned: Vec::new(),
                    fee,
                };
                // One claim out of several is no more than an amount that is equal.
                let is_certain = places.len() > 1 || places.len() == claims.len();
                Found { lump: Some(lump).filter(|_| is_certain), evidence, of }
            }
        })
    }

    fn is_of(&self, movement: MovementId, channel: &str) -> bool {
        self.channels.get(&movement).is_some_and(|known| known.iter().any(|one| one == channel))
    }
}

/// What taking a line apart found.
struct Found {
    lump: Option<LumpSum>,
    evidence: Vec<Evidence>,
    /// Claims looked at.
    of: u32,
}

impl Found {
    fn chosen(&self) -> impl Iterator<Item = MovementId> + '_ {
        self.lump.iter().flat_map(|lump| lump.parts.iter().map(|(id, _)| *id))
    }
}

/// The settlements that exactly one of the lines shows, by reference and net amount.
fn only_lines<'a, 'l>(
    settlements: &'a [Settlement],
    lines: impl Iterator<Item = &'l Line>,
) -> Vec<(&'a Settlement, LineId)> {
    let mut shown: BTreeMap<SettlementId, (&Settlement, Vec<LineId>)> = BTreeMap::new();
    for line in lines.take_while(|_| !settlements.is_empty()) {
        let references = [&line.customer_reference, &line.bank_reference];
        let references: String = references.into_iter().flatten().map(|one| format!(" {one}")).collect();
        let text = text::squash(&format!("{}{references}", line.memo_folded));
        if let Some(settlement) = gateway::rules::shown(settlements, line.amount, &text) {
            shown.entry(settlement.id).or_insert((settlement, Vec::new())).1.push(line.id);
        }
    }
    let only = |(settlement, lines): (&'a Settlement, Vec<LineId>)| match lines.as_slice() {
        [line] => Some((settlement, *line)),
        _ => None,
    };
    shown.into_values().filter_map(only).collect()
}

/// A credit or a debit that nothing explains.
fn is_unknown(work: &LineWork) -> bool {
    matches!(work.case, Case::UnknownCredit(_) | Case::UnknownDebit(_)) && work.code.is_empty()
}

/// Of those, a credit.
fn is_unplaced(work: &LineWork) -> bool {
    matches!(work.case, Case::UnknownCredit(_)) && work.code.is_empty() && work.amount.is_positive()
}

/// Movements that this run proves already.
fn taken(outcome: &Outcome) -> HashSet<MovementId> {
    let proven = outcome.proofs.iter().flat_map(|proof| proof.parts.iter().map(|(id, _)| *id));
    let same: BTreeSet<MovementId> = outcome.same_money.iter().flat_map(|same| same.movements).collect();
    proven.chain(same).collect()
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

pub(super) fn stored(evidence: &[Evidence]) -> String {
    serde_json::to_string(evidence).unwrap_or_default()
}
