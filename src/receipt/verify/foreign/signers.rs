//! Who must have signed a document, and who may have signed in which place of it, by the identity in
//! the certificate against the signed data.

use roxmltree::Node;

use super::find::Found;
use super::judge::Covered;
use super::key::Signer;
use super::read::{elements, local_name};
use super::summary::Content;
use crate::receipt::verify::problem::Problem;
use crate::receipt::verify::report::{Integrity, SignatureReport};
use crate::receipt::verify::trust::TrustStore;

/// For whom a place is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Every place that is not known to be another's, so that an unknown one opens nothing.
    Issuer,
    Authority,
    Buyer,
    /// Further signers, of whom the data says nothing: `CCKSKhac`, and the officer who collects
    /// (`NThu`).
    Further,
}

fn part(role: &str, kind: &str) -> Part {
    match role {
        "CQT" | "TTCQT" => Part::Authority,
        "NMua" | "NNop" => Part::Buyer,
        // In a certificate of deduction the taxpayer is who receives it; elsewhere who declares.
        "NNT" if kind == "certificate" => Part::Buyer,
        "CCKSKhac" | "NThu" => Part::Further,
        _ => Part::Issuer,
    }
}

pub(super) fn judge(
    kind: &str,
    signatures: &mut [SignatureReport],
    covered: &[Covered],
    content: &Content,
    trust: &TrustStore,
) {
    for (signature, covered) in signatures.iter_mut().zip(covered) {
        let Some(signer) = &covered.signer else { continue };
        let problem = match part(&signature.role, kind) {
            Part::Issuer => of_issuer(signer, content, trust),
            Part::Authority => of_authority(signer, content, trust),
            Part::Buyer => match &content.summary.buyer_tax_code {
                Some(code) if !signer.is(code) => Some(Problem::SignerNotBuyer),
                _ => None,
            },
            Part::Further => None,
        };
        signature.problems.extend(problem);
    }
}

fn of_issuer(signer: &Signer, content: &Content, trust: &TrustStore) -> Option<Problem> {
    let entrusted = content.summary.entrusted_tax_code.as_ref();
    if content.issuers.iter().any(|code| signer.is(code)) {
        None
    } else if entrusted.is_some_and(|code| signer.is(code)) {
        // That the seller entrusted it is known to the tax authority, and to who was told so.
        let is_known = entrusted.is_some_and(|code| trust.is_entrusted(code));
        (!is_known).then_some(Problem::SignerEntrusted)
    } else if content.issuers.is_empty() && entrusted.is_none() {
        Some(Problem::IssuerUnknown)
    } else if signer.identities.is_empty() {
        Some(Problem::SignerUnidentified)
    } else {
        Some(Problem::SignerNotSeller)
    }
}

fn of_authority(signer: &Signer, content: &Content, trust: &TrustStore) -> Option<Problem> {
    let mut parties = content.issuers.iter().chain(&content.summary.entrusted_tax_code);
    if parties.any(|code| signer.is(code)) {
        return Some(Problem::SignerNotAuthority);
    }
    let is = |identity: &str| {
        signer.is(identity)
            || signer.subject == identity
            || signer.report.fingerprint.eq_ignore_ascii_case(&identity.replace(':', ""))
    };
    match trust.is_tax_authority(is) {
        // A name gives no purpose. Where authorities are trusted, that was asked of every signer already.
        Some(true) if trust.is_empty() && !signer.is_for_documents => Some(Problem::CertificatePurposeWrong),
        Some(true) => None,
        Some(false) => Some(Problem::SignerNotAuthority),
        None => Some(Problem::AuthorityUnidentified),
    }
}

/// The signatures of a document with what they cover, and its signed data.
pub(super) struct Signed<'s, 'a, 'i> {
    pub found: &'s Found<'a, 'i>,
    pub signatures: &'s [SignatureReport],
    pub covered: &'s [Covered],
    pub content: Option<&'s Content>,
}

impl Signed<'_, '_, '_> {
    /// The signatures and codes that must be there and are not.
    pub(super) fn missing(&self) -> Vec<Problem> {
        if self.signatures.is_empty() {
            return vec![Problem::SignatureMissing];
        }
        let is_invoice = self.found.kind == "invoice";
        let mut problems = Vec::new();
        if !self.is_issued() {
            let missing =
                if is_invoice { Problem::SellerSignatureMissing } else { Problem::IssuerSignatureMissing };
            problems.push(missing);
        }
        if is_invoice {
            problems.extend(self.problem_of_code());
        }
        problems
    }

    /// Signed in the issuer's place, or by the tax authority where that is enough.
    fn is_issued(&self) -> bool {
        let signed_as = |wanted: Part| self.in_place_of(wanted).next().is_some();
        if signed_as(Part::Issuer) {
            return true;
        }
        match self.found.kind {
            "notice" => signed_as(Part::Authority),
            // An invoice of a cash register needs no signature of its seller; the tax authority's, if
            // it is known to be that, vouches for it as well.
            "invoice" => self.is_of_cash_register() && self.is_vouched_for(),
            // The tax authority's own receipts and certificates name no other issuer.
            _ => signed_as(Part::Authority) && self.content.is_some_and(|content| content.issuers.is_empty()),
        }
    }

    fn in_place_of(&self, wanted: Part) -> impl Iterator<Item = (&SignatureReport, &Covered)> {
        let all = self.signatures.iter().zip(self.covered);
        all.filter(move |(signature, _)| part(&signature.role, self.found.kind) == wanted)
    }

    fn is_vouched_for(&self) -> bool {
        let doubts = [Problem::AuthorityUnidentified, Problem::SignerNotAuthority];
        self.in_place_of(Part::Authority).any(|(signature, covered)| {
            covered.body && !signature.problems.iter().any(|problem| doubts.contains(problem))
        })
    }

    /// The letters of a series mean something since Decree 123.
    fn series(&self) -> &str {
        if self.found.body_name != "DLHDon" {
            return "";
        }
        self.content.and_then(|content| content.summary.series.as_deref()).unwrap_or_default()
    }

    /// `M` as the fourth character of the series (Circular 32/2025/TT-BTC, article 5).
    fn is_of_cash_register(&self) -> bool {
        self.series().chars().nth(3) == Some('M')
    }

    /// The code that the tax authority gives to invoices of series with `C`: it signs each, but for
    /// those of cash registers, which take theirs from a range given to the seller.
    fn problem_of_code(&self) -> Option<Problem> {
        let mut codes = elements(self.found.node).filter(|child| local_name(*child) == "MCCQT");
        let code = codes.next().map(text_of).unwrap_or_default();
        if codes.next().is_some() {
            return Some(Problem::CodeNotCovered);
        }
        if code.is_empty() {
            return self.series().starts_with('C').then_some(Problem::CodeMissing);
        }
        let mut by_authority = self.in_place_of(Part::Authority).peekable();
        let is_signed = by_authority.peek().is_some();
        let is_covered =
            by_authority.any(|(signature, covered)| covered.code || signature.integrity == Integrity::Failed);
        match (code.starts_with('M'), is_signed, is_covered) {
            (_, true, true) => None,
            (true, ..) if self.is_of_cash_register() && is_code_of_cash_register(&code) => None,
            (true, ..) => Some(Problem::CodeUnproven),
            (false, true, false) => Some(Problem::CodeNotCovered),
            (false, false, _) => Some(Problem::AuthoritySignatureMissing),
        }
    }
}

fn text_of(code: Node<'_, '_>) -> String {
    code.text().unwrap_or_default().trim().to_owned()
}

/// `M{kind}-{year}-{five characters of the tax office}-{eleven digits}` (Decision 1271/QĐ-CT).
fn is_code_of_cash_register(code: &str) -> bool {
    let parts: Vec<&str> = code.split('-').collect();
    let [kind, year, office, number] = parts.as_slice() else { return false };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    kind.len() == 2
        && kind.get(1..).is_some_and(are_digits)
        && (year.len(), office.len(), number.len()) == (2, 5, 11)
        && are_digits(year)
        && are_digits(number)
        && office.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_a_cash_register_has_its_one_form() {
        assert!(is_code_of_cash_register("M2-26-A1B2C-00001234567"));
        for other in ["", "M", "M2-26-A1B2C-0000123456", "M2-26-A1B2C-0000123456x", "MX-26-A1B2C-00001234567"]
        {
            assert!(!is_code_of_cash_register(other), "{other}");
        }
    }

    #[test]
    fn a_place_that_nobody_knows_is_the_issuers() {
        assert_eq!(part("NBan", "invoice"), Part::Issuer);
        assert_eq!(part("KhachLa", "invoice"), Part::Issuer);
        assert_eq!((part("NNT", "declaration"), part("NNT", "certificate")), (Part::Issuer, Part::Buyer));
        assert_eq!((part("TTCQT", "notice"), part("NThu", "receipt")), (Part::Authority, Part::Further));
    }
}
