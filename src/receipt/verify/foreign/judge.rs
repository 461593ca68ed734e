//! Computes one signature: its references, its value, its certificate.

use roxmltree::Node;

use super::beside::{is_loose_object, says_something};
use super::key::{Key, Signer};
use super::read::{is_dsig, local_name};
use super::signature::{self, Parts, Reference, Told};
use super::time::{self, Moment, Said};
use super::{Ground, Terms, canonical};
use crate::clock::Instant;
use crate::receipt::verify::problem::Problem;
use crate::receipt::verify::report::{Integrity, SignatureReport};
use crate::receipt::verify::trust::Trust;
use crate::receipt::verify::{CLOCK_SKEW_S, Lenient};

/// Where a signature stands: in a document, or over all documents of a message.
pub(super) struct Place<'p, 'a, 'i> {
    /// The document or the message.
    pub around: Node<'a, 'i>,
    pub body: Option<Node<'a, 'i>>,
    /// The body in inclusive form, which nearly every signature digests.
    pub canonical_body: Option<&'p str>,
    /// What is wrong with the document as a whole; no signature of it is intact then.
    pub attacked: Option<Problem>,
}

/// What an intact signature covers of its document, and who made it.
#[derive(Default)]
pub(super) struct Covered {
    pub body: bool,
    pub code: bool,
    /// What no receipt of our own format has: an Object that says something and that no reference covers, or a time
    /// told in another way.
    pub unlike_ours: Option<Problem>,
    pub signer: Option<Signer>,
}

/// What a reference digested.
#[derive(Clone, Copy)]
struct Target<'a, 'i> {
    node: Node<'a, 'i>,
    /// Cut out of it before: the signature itself, by the enveloped-signature transform.
    without: Option<Node<'a, 'i>>,
}

/// One signature, computed. What it means for a document is asked of `over`.
pub(super) struct Computed<'a, 'i> {
    report: SignatureReport,
    targets: Vec<Target<'a, 'i>>,
    signer: Option<Signer>,
    /// Every reference fits what it refers to.
    are_references_good: bool,
    is_good: bool,
    unlike_ours: Option<Problem>,
}

/// The findings of one signature while they grow.
struct Judged<'a, 'i> {
    problems: Vec<Problem>,
    covers: Vec<String>,
    targets: Vec<Target<'a, 'i>>,
    lenient: Vec<&'static str>,
    legacy: bool,
}

pub(super) fn compute<'a, 'i>(
    ground: &Ground<'a, 'i>,
    place: &Place<'_, 'a, 'i>,
    signature: Node<'a, 'i>,
    terms: &Terms<'_>,
) -> Computed<'a, 'i> {
    let mut judged = Judged::begun(Vec::new());
    let role = role(signature, place.around);
    let parts = match signature::parts(signature) {
        Ok(parts) => parts,
        Err(problem) => {
            let told = signature::told(signature);
            for reference in &told.references {
                // What is wrong with one says less than why the whole cannot be judged.
                let _ = judged.reference(ground, place, signature, reference, terms);
            }
            judged.problems.push(problem);
            return Computed {
                report: judged.unjudged(role, signature, &told),
                targets: Vec::new(),
                signer: None,
                are_references_good: false,
                is_good: false,
                unlike_ours: None,
            };
        }
    };
    for reference in &parts.references {
        if let Err(problem) = judged.reference(ground, place, signature, reference, terms) {
            judged.problems.push(problem);
        }
    }
    let are_references_good = judged.problems.is_empty();
    let (signer, unknown) = judged.signature_value(ground, &parts);
    let is_good = judged.problems.is_empty();
    let said = judged.said(signature);
    let mut report = judged.report(role, Some((said, &parts)));
    if let Some(problem) = unknown.filter(|_| is_good) {
        report.problems.push(problem);
        report.trust = Trust::Untrusted;
    }
    let objects = signature.children().filter(|child| is_dsig(*child, "Object"));
    let is_unsigned = |object: &Node<'a, 'i>| !is_within(*object, &judged.targets) && says_something(*object);
    let unsigned: Vec<Node<'a, 'i>> = objects.filter(is_unsigned).collect();
    if unsigned.iter().any(|object| is_loose_object(*object)) {
        report.problems.push(Problem::UnsignedNote);
    }
    if let Some(signer) = &signer {
        let told = said.signed().map(|moment| report.taken(moment, signer, terms.now));
        let certificates = &parts.certificates;
        judge_signer(&mut report, signer, certificates, told, judged.legacy, terms);
    }
    let unlike_ours = if unsigned.is_empty() {
        said.is_unlike_ours.then_some(Problem::SigningTimeUnreadable)
    } else {
        Some(Problem::UnsignedContent)
    };
    Computed { report, targets: judged.targets, signer, are_references_good, is_good, unlike_ours }
}

/// A signature that is not computed, for where it stands.
pub(super) fn refused<'a, 'i>(
    around: Node<'a, 'i>,
    signature: Node<'a, 'i>,
    problem: Problem,
) -> SignatureReport {
    Judged::begun(vec![problem]).unjudged(role(signature, around), signature, &signature::told(signature))
}

impl<'a, 'i> Computed<'a, 'i> {
    /// What it means for this document: it is intact when everything computed fits, the document as
    /// a whole is sound, and its data is covered.
    pub(super) fn over(
        &self,
        document: Node<'a, 'i>,
        place: &Place<'_, 'a, 'i>,
    ) -> (SignatureReport, Covered) {
        let body = place.body.is_some_and(|body| is_within(body, &self.targets));
        let code = document.children().find(|child| local_name(*child) == "MCCQT");
        let mut found: Vec<Problem> = place.attacked.into_iter().collect();
        if found.is_empty() && self.are_references_good && !body {
            found.push(Problem::BodyNotCovered);
        }
        let is_intact = self.is_good && found.is_empty();
        let mut report = self.report.clone();
        found.append(&mut report.problems);
        report.problems = found;
        report.integrity = if is_intact { Integrity::Ok } else { Integrity::Failed };
        let covered = Covered {
            body: is_intact && body,
            code: is_intact && code.is_some_and(|code| is_within(code, &self.targets)),
            unlike_ours: self.unlike_ours,
            signer: self.signer.clone().filter(|_| is_intact),
        };
        (report, covered)
    }
}

/// Whether the bytes of the element are among those that a reference digested.
fn is_within<'a, 'i>(node: Node<'a, 'i>, targets: &[Target<'a, 'i>]) -> bool {
    let is_in = |outer: Node<'a, 'i>| node.ancestors().any(|ancestor| ancestor == outer);
    targets.iter().any(|target| is_in(target.node) && !target.without.is_some_and(is_in))
}

/// The element under `DSCKS` that the signature stands in, or that of the message.
fn role(signature: Node<'_, '_>, around: Node<'_, '_>) -> String {
    let above = signature.ancestors().skip(1).take_while(|ancestor| *ancestor != around);
    let holder = above.take_while(|ancestor| local_name(*ancestor) != "DSCKS").last();
    holder.or(signature.parent()).map_or_else(String::new, |holder| local_name(holder).to_owned())
}

impl<'a, 'i> Judged<'a, 'i> {
    fn begun(problems: Vec<Problem>) -> Judged<'a, 'i> {
        Judged { problems, covers: Vec::new(), targets: Vec::new(), lenient: Vec::new(), legacy: false }
    }

    fn reference(
        &mut self,
        ground: &Ground<'a, 'i>,
        place: &Place<'_, 'a, 'i>,
        signature: Node<'a, 'i>,
        reference: &Reference<'a, 'i>,
        terms: &Terms<'_>,
    ) -> Result<(), Problem> {
        let target = target(ground, place, signature, reference.uri)?;
        aimed_well(place.around, signature, target)?;
        let mut form = reference.form.clone();
        let on_own = target.ancestors().any(|ancestor| ancestor == signature);
        if reference.enveloped && on_own && reference.is_of_nothing() {
            // The signature is cut out, with it what is referred to: rightly computed, and no byte is covered.
            self.legacy |= reference.hash.is_legacy();
            return Ok(());
        }
        let tolerated = terms.lenient.contains(&Lenient::EnvelopedOnOwnObject);
        if reference.enveloped && on_own && !tolerated {
            return Err(Problem::EnvelopedOnOwnObject);
        }
        if reference.enveloped && !on_own {
            form.without = Some(signature);
        }
        let plain = form.exclusive.is_none() && !form.keeps_ids && reference.more.is_empty();
        let digest = match place.canonical_body {
            Some(body) if plain && place.body == Some(target) && !ground.is_formless => {
                ground.spend(body.len())?;
                reference.hash.digest(body)
            }
            _ => reference.hash.digest(&ground.canonical(target, &form, &reference.more)?),
        };
        if digest.as_ref() != reference.digest {
            return Err(if canonical::joins_bases(target, &form) {
                Problem::CanonicalizationUnsupported
            } else if place.body == Some(target) {
                Problem::BodyDigestMismatch
            } else if on_own {
                Problem::ObjectDigestMismatch
            } else {
                Problem::ReferenceDigestMismatch
            });
        }
        if reference.enveloped && on_own {
            self.lenient.push(Lenient::EnvelopedOnOwnObject.name());
        }
        self.legacy |= reference.hash.is_legacy();
        self.covers.push(if target.is_root() { "/".to_owned() } else { local_name(target).to_owned() });
        self.targets.push(Target { node: target, without: form.without });
        Ok(())
    }

    /// Checks the signature value with the certificate that it fits, the first of several. A bare
    /// key, or that of a certificate that does not read, shows at least that nothing was changed;
    /// then why nobody can say who signed.
    fn signature_value(
        &mut self,
        ground: &Ground<'a, 'i>,
        parts: &Parts<'a, 'i>,
    ) -> (Option<Signer>, Option<Problem>) {
        let message = match ground.canonical(parts.signed_info, &parts.form, &[]) {
            Ok(message) => message,
            Err(problem) => {
                self.problems.push(problem);
                return (None, None);
            }
        };
        let is_beyond = canonical::joins_bases(parts.signed_info, &parts.form);
        let check = |key: &Key| match key.check(parts.scheme, message.as_bytes(), &parts.value) {
            Err(Problem::SignatureWrong) if is_beyond => Err(Problem::CanonicalizationUnsupported),
            outcome => outcome,
        };
        self.legacy |= parts.scheme.is_legacy();
        let (mut unfit, mut first, mut faulty) = (None, None, None);
        let mut fits = false;
        for der in &parts.certificates {
            match Signer::read(der) {
                Err(Problem::CertificateUnreadable) => match Key::of_faulty(der) {
                    Some(key) if check(&key).is_ok() => faulty = Some(key),
                    Some(_) => {}
                    // Nobody can say what a broken certificate claimed: it is not passed over.
                    None => self.problems.push(Problem::CertificateUnreadable),
                },
                Err(problem) => unfit = unfit.or(Some(problem)),
                Ok(_) if fits => {}
                Ok(signer) => {
                    let outcome = check(&signer.key);
                    fits = outcome.is_ok();
                    unfit = unfit.or(outcome.err());
                    if fits || first.is_none() {
                        first = Some(signer);
                    }
                }
            }
        }
        if let Some(key) = faulty.filter(|_| !fits) {
            self.legacy |= key.is_legacy();
            return (None, Some(Problem::CertificateUnreadable));
        }
        self.problems.extend(unfit.filter(|_| !fits));
        match (&first, &parts.key_value) {
            (Some(signer), Some(key)) if signer.key != *key => self.problems.push(Problem::KeyValueMismatch),
            (None, Some(key)) if parts.certificates.is_empty() => {
                self.legacy |= key.is_legacy();
                self.problems.extend(check(key).err());
                return (None, Some(Problem::CertificateMissing));
            }
            (None, None) if parts.certificates.is_empty() => {
                self.problems.push(Problem::CertificateMissing);
            }
            _ => {}
        }
        self.legacy |= first.as_ref().is_some_and(|signer| signer.key.is_legacy());
        if first.is_none() && self.problems.is_empty() {
            self.problems.push(Problem::CertificateUnreadable);
        }
        (first, None)
    }

    fn report(&self, role: String, read: Option<(Said, &Parts<'a, 'i>)>) -> SignatureReport {
        let mut problems = self.problems.clone();
        problems.extend(read.and_then(|(said, _)| said.problem));
        if self.legacy {
            problems.push(Problem::LegacyAlgorithm);
        }
        if !self.lenient.is_empty() {
            problems.push(Problem::LenientRuleUsed);
        }
        SignatureReport {
            by: None,
            tax_code: None,
            certificate: None,
            role,
            integrity: Integrity::Failed,
            trust: Trust::NotChecked,
            covers: self.covers.clone(),
            algorithm: read.map(|(_, parts)| parts.scheme.name()),
            signing_time: read.and_then(|(said, _)| said.moment).map(|moment| moment.at),
            lenient: self.lenient.clone(),
            problems,
        }
    }

    /// A signature that is not judged, with what it says of itself: who claims to have signed, how, when.
    fn unjudged(&self, role: String, signature: Node<'a, 'i>, told: &Told<'a, 'i>) -> SignatureReport {
        let mut report = self.report(role, None);
        report.algorithm.clone_from(&told.algorithm);
        report.signing_time = self.said(signature).moment.map(|moment| moment.at);
        if let Some(signer) = told.certificates.iter().find_map(|der| Signer::read(der).ok()) {
            report.claimed_by(&signer);
        }
        report
    }

    fn said(&self, signature: Node<'a, 'i>) -> Said {
        time::said_by(signature, |time| is_within(time, &self.targets))
    }
}

/// The element with the Id, or the whole file for an empty URI.
fn target<'a, 'i>(
    ground: &Ground<'a, 'i>,
    place: &Place<'_, 'a, 'i>,
    signature: Node<'a, 'i>,
    uri: &str,
) -> Result<Node<'a, 'i>, Problem> {
    if uri.is_empty() {
        return Ok(ground.root);
    }
    let id = uri.strip_prefix('#').ok_or(Problem::ReferenceExternal)?;
    if id.contains('(') {
        return Err(Problem::ReferenceXpointer);
    }
    ground.ids.named(id, place.around, signature)
}

/// A signature may cover its own document or message, what is in it, or what it is in: never another
/// document of the file, nor a copy of the data in another place.
fn aimed_well<'a, 'i>(
    own: Node<'a, 'i>,
    signature: Node<'a, 'i>,
    target: Node<'a, 'i>,
) -> Result<(), Problem> {
    let within = target.ancestors().any(|ancestor| ancestor == own || ancestor == signature);
    let around = own.ancestors().any(|ancestor| ancestor == target);
    if within || around { Ok(()) } else { Err(Problem::ReferenceTargetWrong) }
}

impl SignatureReport {
    /// Whose certificate it names.
    fn claimed_by(&mut self, signer: &Signer) {
        self.by = Some(signer.subject.clone());
        self.tax_code = signer.tax_code().map(str::to_owned);
        self.certificate = Some(signer.report.clone());
    }

    /// A signed time as it is meant. What its `Z` makes impossible, and Hà Nội's time does not, was written by
    /// somebody who puts that letter behind local time.
    fn taken(&mut self, moment: Moment, signer: &Signer, now: Instant) -> Instant {
        let latest = signer.valid_until.min(now.plus_seconds(CLOCK_SKEW_S));
        let is_possible = |at: &Instant| (signer.valid_from..=latest).contains(at);
        match moment.as_local.filter(is_possible) {
            Some(local) if !is_possible(&moment.at) => {
                self.signing_time = Some(local);
                self.problems.push(Problem::SigningTimeTakenAsLocal);
                local
            }
            _ => moment.at,
        }
    }
}

/// Trust, at the time of signing if one is told that is signed, and whether the signer could sign then.
fn judge_signer(
    report: &mut SignatureReport,
    signer: &Signer,
    certificates: &[Vec<u8>],
    told: Option<Instant>,
    legacy: bool,
    terms: &Terms<'_>,
) {
    report.claimed_by(signer);
    let at = told.unwrap_or(terms.now);
    let others: Vec<Vec<u8>> = certificates.iter().filter(|der| **der != signer.der).cloned().collect();
    let (trust, problem) = terms.trust.judge_der(&signer.der, &others, at);
    report.problems.extend(problem);
    report.trust = match trust {
        Trust::Untrusted => Trust::Untrusted,
        _ if legacy => Trust::Legacy,
        trust => trust,
    };
    if at > terms.now.plus_seconds(CLOCK_SKEW_S) {
        report.problems.push(Problem::SigningTimeInFuture);
    }
    // Who does not say when he signed may have done so before his certificate expired.
    let latest = if told.is_some() { signer.valid_until } else { at.max(signer.valid_until) };
    if !(signer.valid_from..=latest).contains(&at) {
        report.problems.push(Problem::CertificateNotValidAtSigning);
    } else if signer.valid_until < terms.now {
        report.problems.extend([Problem::CertificateExpiredSince, Problem::SigningTimeUnproven]);
    }
    if signer.is_test {
        report.problems.push(Problem::TestCertificate);
    }
}
