//! The form that drafts 01/ĐKTĐ-CTĐT: what was typed, and what it stands for.

use crate::actor::Actor;
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::filing::form::registration::{Action, Direction, Entrusting, Registration};
use crate::filing::registration::Asked;
use crate::filing::{self, form};
use crate::id::FilingId;
use crate::store::{Conn, Stamp};
use crate::unit::Unit;
use crate::unit::imprint::Principal;
use crate::unit::registration::{self, CertificateAction, ListedCertificate};
use crate::web::pages::fields::Fields;
use crate::web::pages::finance::report_page::unit_named;

/// The fields of the form.
#[derive(Clone, Default)]
pub(super) struct Typed {
    pub office_code: String,
    pub office_name: String,
    pub contact_name: String,
    pub contact_email: String,
    pub contact_phone: String,
    pub with_value: bool,
    pub pem: String,
    pub pem_action: String,
    pub stop: String,
    pub entrust: Entrust,
}

/// One entrustment beside those that the office was told of; none while every field but the direction is empty.
#[derive(Clone, Default)]
pub(super) struct Entrust {
    pub direction: String,
    pub template: String,
    pub series: String,
    pub tax_code: String,
    pub organisation: String,
    pub purpose: String,
    pub from: String,
    pub until: String,
    pub method: String,
}

impl Entrust {
    fn of(fields: &Fields) -> Entrust {
        let field = |name: &str| fields.trimmed(&format!("entrust_{name}")).to_owned();
        Entrust {
            direction: field("direction"),
            template: field("template"),
            series: field("series"),
            tax_code: field("tax_code"),
            organisation: field("organisation"),
            purpose: field("purpose"),
            from: field("from"),
            until: field("until"),
            method: field("method"),
        }
    }

    /// For whom the unit's documents say that it collects.
    pub fn by(principal: &Principal) -> Entrust {
        Entrust {
            direction: "entrusted".to_owned(),
            tax_code: principal.tax_code.clone(),
            organisation: principal.name.clone(),
            ..Entrust::default()
        }
    }

    /// # Errors
    /// `field_missing` and `date_unreadable`, each with its field; what a text may be is the form's own rule.
    fn asked(&self) -> Result<Option<Entrusting>> {
        let texts = [
            ("template", &self.template),
            ("series", &self.series),
            ("tax_code", &self.tax_code),
            ("organisation", &self.organisation),
            ("purpose", &self.purpose),
            ("from", &self.from),
            ("until", &self.until),
            ("method", &self.method),
        ];
        if texts.iter().all(|(_, text)| text.is_empty()) {
            return Ok(None);
        }
        if let Some((name, _)) = texts.iter().find(|(_, text)| text.is_empty()) {
            return Err(Error::invalid(format!("entrust_{name}"), "field_missing", "of an entrustment"));
        }
        let day = |name: &str, text: &str| -> Result<BusinessDay> {
            text.parse().map_err(|_| Error::invalid(format!("entrust_{name}"), "date_unreadable", "a day"))
        };
        Ok(Some(Entrusting {
            direction: match self.direction.as_str() {
                "entrusting" => Direction::Entrusting,
                _ => Direction::Entrusted,
            },
            document_name: form::registration::DOCUMENT_NAME.to_owned(),
            template: self.template.clone(),
            series: self.series.clone(),
            tax_code: self.tax_code.clone(),
            organisation: self.organisation.clone(),
            purpose: self.purpose.clone(),
            valid_from: day("from", &self.from)?,
            valid_until: day("until", &self.until)?,
            payment_method: self.method.clone(),
        }))
    }
}

impl Typed {
    pub fn of(fields: &Fields) -> Typed {
        let field = |name: &str| fields.get(name).to_owned();
        Typed {
            office_code: field("office_code"),
            office_name: field("office_name"),
            contact_name: field("contact_name"),
            contact_email: field("contact_email"),
            contact_phone: field("contact_phone"),
            with_value: fields.get("with_value") == "yes",
            pem: field("certificates"),
            pem_action: field("pem_action"),
            stop: field("stop"),
            entrust: Entrust::of(fields),
        }
    }

    /// What the last form said, for the next one.
    pub fn before(form: &Registration) -> Typed {
        Typed {
            office_code: form.taxpayer.office_code.clone(),
            office_name: form.taxpayer.office_name.clone(),
            contact_name: form.contact_name.clone(),
            contact_email: form.contact_email.clone(),
            contact_phone: form.contact_phone.clone(),
            with_value: form.receipts_with_value,
            ..Typed::default()
        }
    }
}

/// Drafts the form; returns the unit's code.
pub(super) fn draft(app: &App, actor: &Actor, fields: &Fields) -> Result<String> {
    let tax = &app.config.tax;
    let typed = Typed::of(fields);
    app.write(actor, |tx, stamp| {
        let unit = unit_named(tx, actor, fields.get("unit"))?;
        let action = if fields.get("action") == "change" { Action::Change } else { Action::New };
        // A change tells everything anew: what the office was told of entrustments stays told.
        let mut entrustments = match action {
            Action::Change => filing::registration::told_before(tx, unit.id, stamp.today())?,
            Action::New => Vec::new(),
        };
        entrustments.extend(typed.entrust.asked()?);
        let asked = Asked {
            action,
            office_code: typed.office_code.trim().to_owned(),
            office_name: typed.office_name.trim().to_owned(),
            contact_name: typed.contact_name.trim().to_owned(),
            contact_email: typed.contact_email.trim().to_owned(),
            contact_phone: typed.contact_phone.trim().to_owned(),
            receipts_with_value: typed.with_value,
            certificates: certificates(tx, stamp, &unit, &typed)?,
            entrustments,
        };
        let through_transmitter = tax.sender.as_deref().is_some_and(|code| code.starts_with('V'));
        let way = (tax.place.as_str(), through_transmitter);
        let form = filing::registration::compose(tx, stamp, unit.id, asked, way)?;
        filing::registration::draft(tx, stamp, actor, unit.id, &form)?;
        Ok(unit.code)
    })
}

/// What the form names; the installed ones where it names none.
fn certificates(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: &Unit,
    typed: &Typed,
) -> Result<Vec<ListedCertificate>> {
    let mut named = Vec::new();
    if !typed.pem.trim().is_empty() {
        let renews = typed.pem_action == "renew";
        let action = if renews { CertificateAction::Renew } else { CertificateAction::Add };
        let listed = filing::registration::listed_of(conn, unit.id, &typed.pem, action);
        named.push(listed.map_err(|error| crate::web::pages::fields::of_field(error, "certificates"))?);
    }
    if !typed.stop.is_empty() {
        let known = registration::certificates(conn, unit.id)?;
        let held = registration::find_certificate(&known, None, &typed.stop)?;
        named.push(ListedCertificate { action: CertificateAction::Stop, ..held.clone() });
    }
    if named.is_empty() {
        return filing::registration::installed(conn, unit.id, stamp.now);
    }
    Ok(named)
}

/// Takes the form back before anybody approved it; returns the unit's code.
pub(super) fn withdraw(app: &App, actor: &Actor, fields: &Fields) -> Result<String> {
    let form: FilingId = fields.get("form").parse()?;
    app.write(actor, |tx, stamp| {
        let unit = unit_named(tx, actor, fields.get("unit"))?;
        filing::registration::withdraw(tx, stamp, actor, unit.id, form, fields.get("reason"))?;
        Ok(unit.code)
    })
}

/// Records the office's notice about a form whose answer was unclear or came another way; returns the
/// unit's code.
pub(super) fn accept(app: &App, actor: &Actor, fields: &Fields) -> Result<String> {
    let form: FilingId = fields.get("form").parse()?;
    let number = fields.trimmed("notice_no");
    if number.is_empty() {
        return Err(Error::invalid("notice_no", "field_missing", "the number of the notice"));
    }
    let on = fields.trimmed("on");
    let on: Option<BusinessDay> = match on {
        "" => None,
        text => Some(text.parse().map_err(|_| Error::invalid("on", "date_unreadable", "a day"))?),
    };
    app.write(actor, |tx, stamp| {
        let unit = unit_named(tx, actor, fields.get("unit"))?;
        let on = on.unwrap_or_else(|| stamp.today());
        filing::registration::accept_by_hand(tx, stamp, actor, (unit.id, form), number, on)?;
        Ok(unit.code)
    })
}
