//! What a waiting decision is about, in words: what somebody must know before they say yes or no.

use super::finance::about::named;
use super::finance::part_paid;
use super::finance::remittances::source;
use super::finance::steps::resolution_key;
use super::finance::tax::registration;
use super::wording::Lang;
use super::{detail, marks};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::correction::{self, Correction};
use crate::duty::Kind;
use crate::duty::decision::{Matter, Open};
use crate::error::Result;
use crate::exception::{self, work_query};
use crate::filing::form::usage::UsageReport;
use crate::filing::{self, form::notice::Notice};
use crate::id::*;
use crate::obligation;
use crate::party::Payer;
use crate::payment::book::Method;
use crate::payment::reduce::REDUCE;
use crate::payment::refund::PayeeNamed;
use crate::payment::{combine, payment_query, refund, resolve, told};
use crate::receipt;
use crate::receipt::profile::Certainty;
use crate::reconciliation::{reopening, rulebook};
use crate::remittance::document::Tariffs;
use crate::statement::version;
use crate::store::Conn;
use crate::store::vault::Vault;
use crate::unit::{certificate, certificate_stop};
use crate::{identity, remittance, shift, unit};

/// Differences of a corrected statement that are listed; the file itself may have thousands.
const SHOWN_DIFFERENCES: usize = 20;

/// What there is to say, and the page where more stands.
#[derive(Default)]
pub struct Facts {
    /// Name and value.
    pub rows: Vec<(&'static str, String)>,
    pub link: Option<String>,
    /// Where the paper opens on which a correction stands, when it was attached.
    pub paper: Option<String>,
    /// It is part of a combination, which is decided as a whole on the page behind the link.
    pub is_part: bool,
    /// What is missing before it can be approved, in words.
    pub missing: Option<&'static str>,
}

impl Facts {
    fn add(&mut self, name: &'static str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.rows.push((name, value));
        }
    }
}

pub fn day(day: BusinessDay) -> String {
    day.0.format("%d/%m/%Y").to_string()
}

/// In Hà Nội's time.
pub fn moment(at: Instant) -> String {
    at.in_hanoi().format("%d/%m/%Y %H:%M").to_string()
}

/// What an open decision is about. `tariffs` are those that the page has read so far.
pub fn facts(
    conn: &mut Conn,
    vault: &Vault,
    lang: Lang,
    open: &Open,
    tariffs: &mut Tariffs,
) -> Result<Facts> {
    let (unit, id) = (open.unit, open.id);
    let mut facts = Facts::default();
    match open.matter {
        Matter::Kind(Kind::Exception) => of_exception(conn, lang, (unit, ExceptionId(id)), &mut facts)?,
        Matter::Kind(Kind::Refund) => of_refund(conn, (lang, vault), (unit, RefundId(id)), &mut facts)?,
        Matter::Kind(Kind::Correction) | Matter::Withdrawal => {
            of_correction(conn, (lang, vault), (unit, CorrectionId(id)), open.matter, &mut facts)?;
        }
        Matter::Kind(Kind::Remittance) => {
            of_order(conn, (lang, tariffs), (unit, RemittanceId(id)), &mut facts)?;
        }
        Matter::Kind(Kind::Reopening) => of_reopening(conn, lang, (unit, ReopeningId(id)), &mut facts)?,
        Matter::Kind(Kind::Version) => of_version(conn, lang, (unit, VersionId(id)), &mut facts)?,
        Matter::Kind(Kind::Rule) => of_rule(conn, lang, (unit, ClassRuleId(id)), &mut facts)?,
        Matter::Kind(Kind::Notice) => of_notice(conn, lang, (unit, FilingId(id)), &mut facts)?,
        Matter::Drawer => of_drawer(conn, lang, (unit, ShiftId(id)), &mut facts)?,
        Matter::Report => of_report(conn, lang, (unit, FilingId(id)), &mut facts)?,
        Matter::Registration => of_registration(conn, lang, (unit, FilingId(id)), &mut facts)?,
        Matter::Undo => of_undo(conn, lang, (unit, ExceptionId(id)), &mut facts)?,
        Matter::KeyStop => of_key_stop(conn, lang, (unit, EventId(id)), &mut facts)?,
        Matter::Slip | Matter::Tariff | Matter::Proposal | Matter::DataAct | Matter::SetAside => {
            facts.link = open.matter.own_page().map(str::to_owned);
        }
    }
    let makers: Result<Vec<String>> =
        open.makers.iter().map(|person| identity::called(conn, *person)).collect();
    facts.add(lang.t("matter_makers"), makers?.join(", "));
    Ok(facts)
}

fn of_exception(
    conn: &mut Conn,
    lang: Lang,
    (unit, id): (UnitId, ExceptionId),
    facts: &mut Facts,
) -> Result<()> {
    let item = exception::find(conn, unit, id)?;
    facts.link = Some(format!("/finance/exceptions/{id}"));
    facts.add(lang.t("matter_case"), lang.pick(item.title_vi(), item.title_en()));
    facts.add(lang.t("exceptions_more"), named(conn, lang, unit, &detail::words(lang, &item.detail))?);
    if let Some(proposal) = work_query::last_proposal(conn, unit, id)? {
        let target = proposal.target.map(|id| resolve::target_text(&item, &proposal.resolution, id));
        let how = lang.t(resolution_key(&proposal.resolution));
        let target = match proposal.resolution.as_str() {
            REDUCE => part_paid::reduced(conn, lang, &item, proposal.target)?,
            _ => named(conn, lang, unit, target.as_deref().unwrap_or_default())?,
        };
        facts.add(lang.t("exceptions_proposed"), [how, &target].join(" "));
        if let Some(decision) = &proposal.decision {
            facts.add(lang.t("duties_decision"), format!("{} ({})", decision.number, day(decision.on)));
        }
        facts.add(lang.t("reason"), proposal.reason);
        let together = combine::of(conn, &item)?.len();
        facts.is_part = together > 0;
        if facts.is_part {
            facts.add(lang.t("combine_title"), lang.with("combine_part", together));
        }
        if told::is_word(&item) {
            facts.add(lang.t("payer"), lang.t("payer_reads"));
        }
    }
    Ok(())
}

/// What changes when somebody changes what waits: the revision, where it has one, else when it was asked for.
pub fn edition(conn: &mut Conn, open: &Open) -> Result<i64> {
    Ok(match open.matter {
        Matter::Kind(Kind::Exception) => exception::find(conn, open.unit, ExceptionId(open.id))?.revision,
        Matter::Kind(Kind::Refund) => refund::find(conn, open.unit, RefundId(open.id))?.revision,
        // Another agreement in place of the one that was read is a change.
        Matter::Kind(Kind::Correction) | Matter::Withdrawal => {
            correction::find(conn, open.unit, CorrectionId(open.id))?.revision
        }
        _ => open.asked_at.0,
    })
}

/// Whom it is paid to stands on its own page, because looking there leaves a trace; whether it goes back to where
/// the money came from stands here, because nobody approves without knowing that.
fn of_refund(
    conn: &mut Conn,
    (lang, vault): (Lang, &Vault),
    (unit, id): (UnitId, RefundId),
    facts: &mut Facts,
) -> Result<()> {
    let item = refund::find(conn, unit, id)?;
    facts.link = Some(format!("/finance/refunds/{id}"));
    facts.add(lang.t("own_code"), item.reference_code.clone());
    let payment = payment_query::payments(conn, &[(unit, item.payment)])?.pop();
    let is_card = payment.as_ref().is_some_and(|payment| payment.method == Method::Card);
    let unproven = payment.as_ref().map_or(Some("refund_money_unproven"), refund::rules::unproven);
    let named = refund::payee_named(conn, vault, unit, id)?;
    // In the order in which an approval would be refused; the page behind the link has the form for the account.
    let has_payee = match named {
        PayeeNamed::Known(_) => true,
        PayeeNamed::Nobody => is_card,
        PayeeNamed::Erased => false,
    };
    let missing = if has_payee { unproven } else { Some("refund_payee_missing") };
    facts.missing = missing.map(|code| lang.of_code(code));
    if let Some(obligation) = payment.and_then(|payment| payment.obligation) {
        facts.add(lang.t("dossier"), obligation::find(conn, unit, obligation)?.dossier_code);
        for document in receipt::query::of_obligation(conn, unit, obligation)? {
            facts.add(lang.t("document"), format!("{} ({})", document.name(), day(document.issued_on)));
        }
    }
    match named {
        PayeeNamed::Known(payee) => {
            let is_sender = refund::sender::is_sender(conn, vault, &item, &payee)?;
            facts.add(
                lang.t("refund_sender"),
                lang.t(match is_sender {
                    Some(true) => "refund_same_account",
                    Some(false) => "refund_other_account",
                    None => "refund_unknown_account",
                }),
            );
        }
        // What was paid by card goes back to the card.
        PayeeNamed::Nobody if is_card => facts.add(lang.t("account"), lang.t("refund_to_card")),
        PayeeNamed::Nobody => facts.add(lang.t("account"), lang.t("refund_no_account")),
        PayeeNamed::Erased => facts.add(lang.t("account"), lang.t("refund_account_erased")),
    }
    facts.add(lang.t("reason"), item.reason);
    Ok(())
}

fn of_correction(
    conn: &mut Conn,
    (lang, vault): (Lang, &Vault),
    (unit, id): (UnitId, CorrectionId),
    matter: Matter,
    facts: &mut Facts,
) -> Result<()> {
    let item: Correction = correction::find(conn, unit, id)?;
    if let Some(document) = receipt::query::by_id(conn, unit, item.receipt)? {
        facts.link = Some(format!("/r/{}", document.lookup_code));
        facts.add(lang.t("document"), format!("{} ({})", document.name(), day(document.issued_on)));
    }
    facts.add(
        lang.t("correct_kind"),
        lang.t(match item.kind {
            correction::Kind::Replace => "correct_replace",
            correction::Kind::Adjust => "correct_adjust",
            correction::Kind::Cancel => "correct_cancel",
        }),
    );
    facts.add(lang.t("matter_amounts"), format!("{} → {}", item.old_amount, item.new_amount));
    for line in correction::removed(conn, &item)? {
        facts.add(lang.t("matter_removed"), format!("{}: {}", line.item_name, line.amount));
    }
    for (old, new) in correction::changes(conn, &item)? {
        let before = old.map_or_else(|| "–".to_owned(), |line| line.amount.to_string());
        facts.add(lang.t("matter_line_change"), format!("{}: {before} → {}", new.item_name, new.amount));
    }
    if let Some((old, new)) = correction::payer_change(conn, vault, &item)? {
        facts.add(lang.t("payer"), lang.t("matter_payer_changes"));
        for change in payer_changes(&old, &new) {
            facts.add(lang.t("matter_payer_old"), change);
        }
    }
    let agreed = &item.agreement;
    facts.paper = agreed_paper(&item);
    let is_attached =
        lang.t(if item.agreement_sha256.is_some() { "matter_attached" } else { "matter_on_paper" });
    facts.add(
        lang.t("correct_agreement"),
        format!("{} ({}): {} – {is_attached}", agreed.number, day(agreed.on), agreed.about),
    );
    facts.add(lang.t("reason"), item.reason.clone());
    let rule = format!("{} [{}]", item.profile, item.certainty);
    facts.add(
        lang.t("matter_rule"),
        match Certainty::of_mark(&item.certainty) {
            Certainty::Verified => rule,
            known => {
                let (vi, en) = known.words();
                format!("{rule} – {}: {}", lang.pick(vi, en), lang.t("matter_uncertain"))
            }
        },
    );
    if matter == Matter::Withdrawal {
        let events = correction::told(conn, item)?.events;
        let asked = events.into_iter().rev().find(|(kind, ..)| kind == "withdrawal_requested");
        facts.add(
            lang.t("matter_withdrawal"),
            asked.and_then(|(_, _, _, reason, _)| reason).unwrap_or_default(),
        );
    }
    Ok(())
}

fn agreed_paper(item: &Correction) -> Option<String> {
    item.agreement_sha256.as_ref().map(|_| format!("/duties/corrections/{}/agreement", item.id))
}

/// What of the payer becomes what; of a number of a person only its end.
fn payer_changes(old: &Payer, new: &Payer) -> Vec<String> {
    let ending = |number: &Option<String>| {
        let number = number.as_deref()?;
        let kept: Vec<char> = number.chars().rev().take(4).collect();
        Some(format!("…{}", kept.into_iter().rev().collect::<String>()))
    };
    let fields = [
        (old.name.clone(), new.name.clone(), old.name == new.name),
        (old.address.clone(), new.address.clone(), old.address == new.address),
        (old.tax_code.clone(), new.tax_code.clone(), old.tax_code == new.tax_code),
        (ending(&old.personal_id), ending(&new.personal_id), old.personal_id == new.personal_id),
        (ending(&old.passport), ending(&new.passport), old.passport == new.passport),
    ];
    let dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let changed = fields.into_iter().filter(|(.., is_same)| !is_same);
    changed.map(|(old, new, _)| format!("{} → {}", dash(old), dash(new))).collect()
}

fn of_order(
    conn: &mut Conn,
    (lang, tariffs): (Lang, &mut Tariffs),
    (unit, id): (UnitId, RemittanceId),
    facts: &mut Facts,
) -> Result<()> {
    let order = remittance::find(conn, unit, id)?;
    facts.link = Some(format!("/finance/remittances/{id}"));
    let (vi, en) = order.kind.title();
    facts.add(lang.t("matter_case"), lang.pick(vi, en));
    facts.add(lang.t("matter_number"), format!("{}/{}", order.order_no, order.year));
    facts.add(lang.t("matter_covered"), day(order.covered_until));
    let tariff = tariffs.of(conn, &order)?;
    for line in remittance::query::lines(conn, unit, id)? {
        let source = source(lang, &line.source, tariff);
        facts.add(lang.t("matter_line"), format!("{source}: {}", line.amount));
    }
    // A kept share goes to the unit itself.
    if order.kind != remittance::Kind::Kept {
        facts.add(lang.t("matter_treasury"), order.treasury_account.unwrap_or_default());
    }
    Ok(())
}

fn of_reopening(
    conn: &mut Conn,
    lang: Lang,
    (unit, id): (UnitId, ReopeningId),
    facts: &mut Facts,
) -> Result<()> {
    let asked = reopening::find(conn, unit, id)?;
    let account = unit::account::find(conn, unit, asked.account)?;
    facts.link = Some(format!("/finance/days/{}", asked.account));
    facts.add(lang.t("account"), account.account_no);
    facts.add(lang.t("day"), lang.with("matter_and_later", day(asked.date)));
    facts.add(lang.t("reason"), asked.reason);
    Ok(())
}

fn of_version(conn: &mut Conn, lang: Lang, (unit, id): (UnitId, VersionId), facts: &mut Facts) -> Result<()> {
    let held = version::find(conn, unit, id)?;
    let account = unit::account::find(conn, unit, held.account)?;
    facts.link = Some(format!("/finance/versions/{id}"));
    facts.add(lang.t("account"), account.account_no);
    facts.add(lang.t("matter_number"), held.number.clone().unwrap_or_default());
    facts.add(lang.t("day"), day(held.closing_on));
    let counts = [("matter_added", held.added), ("matter_gone", held.gone), ("matter_changed", held.changed)];
    for (key, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        facts.add(lang.t(key), count.to_string());
    }
    let side = |side: &Option<version::Side>| match side {
        Some(side) => format!("{} {}", day(side.booking_date), side.amount),
        None => "–".to_owned(),
    };
    for one in version::differences(conn, unit, id)?.iter().take(SHOWN_DIFFERENCES) {
        let words = if one.is_of_words() { format!(" ({})", lang.t("version_words")) } else { String::new() };
        facts.add(lang.t("matter_difference"), format!("{} → {}{words}", side(&one.old), side(&one.new)));
    }
    if let Some((decision, _, reason)) = version::proposal(conn, unit, id)? {
        let is_accept = decision == "accept";
        facts.add(
            lang.t("exceptions_proposed"),
            lang.t(if is_accept { "matter_accept" } else { "matter_dismiss" }),
        );
        facts.add(lang.t("reason"), reason);
    }
    Ok(())
}

fn of_rule(conn: &mut Conn, lang: Lang, (unit, id): (UnitId, ClassRuleId), facts: &mut Facts) -> Result<()> {
    let Some(version) = rulebook::query::find(conn, unit, id)? else { return Ok(()) };
    // A rule is short; whoever approves it reads all of it.
    let body = toml::to_string(&version.rule).unwrap_or_default();
    facts.add(lang.t("matter_rule_text"), body.trim().replace('\n', "; "));
    facts.add(lang.t("matter_rank"), version.rank.to_string());
    facts.add(lang.t("reason"), version.reason);
    Ok(())
}

fn of_notice(conn: &mut Conn, lang: Lang, (unit, id): (UnitId, FilingId), facts: &mut Facts) -> Result<()> {
    let form = filing::find(conn, unit, id)?;
    facts.add(lang.t("matter_form"), form.form.clone());
    if let Some(earlier) = form.earlier {
        let made_on = filing::find(conn, unit, earlier)?.created_at.business_day();
        let faults = filing::notice::faults(conn, unit, earlier)?.into_iter();
        let why: Vec<String> = faults.map(|one| format!("{} {}", one.code, one.text)).collect();
        facts.add(lang.t("matter_corrects_notice"), format!("{} {}", day(made_on), why.join("; ")));
    }
    let notice: Notice = form.data()?;
    for item in notice.items.iter().take(SHOWN_DIFFERENCES) {
        let document = format!("{} {} {} ({})", item.template, item.series, item.number, day(item.issued_on));
        facts.add(lang.t("document"), format!("{document}: {}", item.reason));
    }
    facts.add(lang.t("notice_reason"), lang.t("payer_reads"));
    add_marks(lang, &form, facts)
}

fn of_report(conn: &mut Conn, lang: Lang, (unit, id): (UnitId, FilingId), facts: &mut Facts) -> Result<()> {
    let form = filing::find(conn, unit, id)?;
    facts.add(lang.t("matter_form"), form.form.clone());
    facts.add(lang.t("matter_quarter"), form.period.clone().unwrap_or_default());
    let report: UsageReport = form.data()?;
    for line in report.lines.iter().take(SHOWN_DIFFERENCES) {
        let counts = format!("{} ({})", line.used, line.amount);
        facts.add(lang.t("document"), format!("{} {}: {counts}", line.template, line.series));
    }
    add_marks(lang, &form, facts)
}

/// What stands in the form; it goes to the tax office as it is.
fn of_registration(
    conn: &mut Conn,
    lang: Lang,
    (unit, id): (UnitId, FilingId),
    facts: &mut Facts,
) -> Result<()> {
    let form = filing::find(conn, unit, id)?;
    let code = unit::find(conn, unit)?.code;
    facts.link = Some(format!("/tax/registration?unit={code}"));
    facts.add(lang.t("matter_form"), form.form.clone());
    for (name, value) in registration::says(lang, &form.data()?) {
        facts.add(name, value);
    }
    add_marks(lang, &form, facts)
}

/// The rules by which the form was made, each with its mark: who approves it approves by them.
fn add_marks(lang: Lang, form: &filing::Filing, facts: &mut Facts) -> Result<()> {
    for rule in marks::of_form(lang, form)? {
        facts.add(lang.t("matter_rule"), rule);
    }
    Ok(())
}

/// Which certificate, and what it means: receipts wait for their signature until another one signs.
fn of_key_stop(conn: &mut Conn, lang: Lang, (unit, id): (UnitId, EventId), facts: &mut Facts) -> Result<()> {
    let asked = certificate_stop::find(conn, unit, id)?;
    let all = certificate::of_unit(conn, unit)?;
    if let Some(known) = all.iter().find(|one| one.id == asked.certificate) {
        facts.add(lang.t("certificate_subject"), known.subject.clone());
        facts.add(lang.t("certificate_serial"), known.serial.clone());
        facts.add(lang.t("certificate_ends"), day(known.not_after.business_day()));
    }
    facts.link = Some(format!("/admin/units/{}", unit::find(conn, unit)?.code));
    facts.add(lang.t("reason"), asked.reason);
    facts.add(lang.t("matter_effect"), lang.t("key_stop_effect"));
    Ok(())
}

/// What was settled, and why it should be open again; what that does to money stands on the item's page.
fn of_undo(conn: &mut Conn, lang: Lang, (unit, id): (UnitId, ExceptionId), facts: &mut Facts) -> Result<()> {
    let item = exception::find(conn, unit, id)?;
    facts.link = Some(format!("/finance/exceptions/{id}"));
    facts.add(lang.t("matter_case"), lang.pick(item.title_vi(), item.title_en()));
    facts.add(lang.t("exceptions_more"), detail::words(lang, &item.detail));
    if let Some((_, reason)) = exception::reopening_asked(conn, unit, id)? {
        facts.add(lang.t("reason"), reason);
    }
    Ok(())
}

fn of_drawer(conn: &mut Conn, lang: Lang, (unit, id): (UnitId, ShiftId), facts: &mut Facts) -> Result<()> {
    let shift = shift::find(conn, unit, id)?;
    facts.add(lang.t("role_cashier"), identity::called(conn, shift.person)?);
    facts.add(lang.t("day"), day(shift.opened_on));
    if let Some(counted) = shift::query::last_closing(conn, unit, id)? {
        facts.add(lang.t("matter_expected"), counted.expected.to_string());
        facts.add(lang.t("matter_counted"), counted.total.to_string());
        let short = counted.total < counted.expected;
        let apart = counted.total.checked_sub(counted.expected)?;
        let words = lang.t(if short { "matter_short" } else { "matter_over" });
        facts.add(lang.t("matter_apart"), format!("{words} {}", Dong(apart.0.saturating_abs())));
    }
    Ok(())
}
