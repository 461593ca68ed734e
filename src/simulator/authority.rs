//! A certification authority as it is seen from here: revocation lists, answers about single
//! certificates, and time stamps.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ring::digest::{SHA256, digest};

use super::http::{Answer, Request, Server};
use crate::clock::{Clock, Instant};
use crate::error::Result;
use crate::receipt::evidence::der::{self, Reader};
use crate::receipt::evidence::timestamp::{
    CONTENT_TYPE_OID, MESSAGE_DIGEST_OID, SIGNED_DATA_OID, TST_INFO_OID,
};
use crate::receipt::key::{TestAuthority, TestDelegate};

const BASIC_RESPONSE_OID: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
/// id-aa-signingCertificateV2 (RFC 5035).
const SIGNING_CERTIFICATE_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 0x10, 2, 0x2f];
/// A policy under the arc for examples.
const POLICY_OID: &[u8] = &[0x2a, 3, 4, 1];
const STAMPER_DAYS: u32 = 3_650;
/// Certificates of responders are short-lived.
const RESPONDER_DAYS: u32 = 30;
/// They are issued before they are used: whoever asks looked at the clock a moment before the answer.
const RESPONDER_LEAD_S: i64 = 60;
/// 1.2.840.10045.4.3.2, which has no parameters.
const ECDSA_SHA256_OID: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

/// A running authority.
pub struct Authority {
    server: Server,
    shared: Arc<Shared>,
}

struct Shared {
    authority: TestAuthority,
    stamper: TestDelegate,
    clock: Clock,
    revoked: Mutex<Vec<(Vec<u8>, Instant)>>,
    stamps: Mutex<u64>,
    is_silent: Mutex<bool>,
    behind_s: Mutex<i64>,
}

impl Authority {
    /// # Errors
    /// `Internal`.
    pub fn start(authority: TestAuthority, clock: Clock) -> Result<Authority> {
        Authority::start_on(authority, clock, SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// # Errors
    /// `port_taken`; `Internal`.
    pub fn start_on(authority: TestAuthority, clock: Clock, listen: SocketAddr) -> Result<Authority> {
        let stamper = authority.stamping(clock.now(), STAMPER_DAYS)?;
        let shared = Arc::new(Shared {
            authority,
            stamper,
            clock,
            revoked: Mutex::default(),
            stamps: Mutex::new(0),
            is_silent: Mutex::new(false),
            behind_s: Mutex::new(0),
        });
        let answering = Arc::clone(&shared);
        let server = Server::start_on(listen, move |request| {
            answering.answer(request).unwrap_or_else(|_| Answer::status(500))
        })?;
        Ok(Authority { server, shared })
    }

    pub fn crl_url(&self) -> String {
        format!("{}/ca.crl", self.server.url())
    }

    pub fn ocsp_url(&self) -> String {
        format!("{}/ocsp", self.server.url())
    }

    pub fn timestamp_url(&self) -> String {
        format!("{}/tsa", self.server.url())
    }

    /// Revokes a certificate by its serial number, big-endian.
    pub fn revoke(&self, serial: &[u8]) {
        let now = self.shared.clock.now();
        let mut revoked = self.shared.revoked.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        revoked.push((serial.to_vec(), now));
    }

    /// Says again what it said so many seconds ago: lists and answers of that time.
    pub fn fall_behind(&self, seconds: i64) {
        *self.shared.behind_s.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = seconds;
    }

    /// Answers nobody (503) until told otherwise.
    pub fn fall_silent(&self, is_silent: bool) {
        *self.shared.is_silent.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = is_silent;
    }
}

impl Shared {
    fn answer(&self, request: &Request) -> Result<Answer> {
        if *self.is_silent.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) {
            return Ok(Answer::status(503));
        }
        let revoked = self.revoked.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        Ok(match request.path.as_str() {
            "/ca.crl" => {
                let list = self.authority.revocation_list(&revoked, self.spoken_at())?;
                Answer::good("application/pkix-crl", list)
            }
            "/ocsp" => match question(&request.body) {
                Some((id, serial)) => {
                    let at = revoked.iter().find(|(known, _)| known == serial).map(|(_, at)| *at);
                    Answer::good("application/ocsp-response", self.status(id, at)?)
                }
                None => Answer::status(400),
            },
            "/tsa" => match stamp_request(&request.body) {
                Some((imprint, nonce)) => {
                    Answer::good("application/timestamp-reply", self.stamp(imprint, nonce)?)
                }
                None => Answer::status(400),
            },
            _ => Answer::status(404),
        })
    }

    fn spoken_at(&self) -> Instant {
        let behind_s = *self.behind_s.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        self.clock.now().minus_seconds(behind_s)
    }

    /// OCSPResponse (RFC 6960, 4.2.1), signed by a responder that the authority delegated to.
    fn status(&self, id: &[u8], revoked_at: Option<Instant>) -> Result<Vec<u8>> {
        let now = self.spoken_at();
        let status = match revoked_at {
            Some(at) => der::tlv(der::context(1), &der::time(at)),
            None => der::tlv(0x80, &[]),
        };
        let next = der::tlv(der::context(0), &der::time(now.plus_seconds(86_400)));
        let single = der::sequence(&[id, &status, &der::time(now), &next]);
        let responder = der::tlv(der::context(2), &der::tlv(der::OCTET_STRING, &[7; 20]));
        let data = der::sequence(&[&responder, &der::time(now), &der::sequence(&[&single])]);
        let responder = self.authority.responding(now.minus_seconds(RESPONDER_LEAD_S), RESPONDER_DAYS)?;
        let signature = der::bits(&responder.sign(&data)?);
        let algorithm = der::sequence(&[&der::tlv(der::OID, ECDSA_SHA256_OID)]);
        let certificates = der::tlv(der::context(0), &der::sequence(&[responder.certificate_der()]));
        let basic = der::sequence(&[&data, &algorithm, &signature, &certificates]);
        let bytes =
            der::sequence(&[&der::tlv(der::OID, BASIC_RESPONSE_OID), &der::tlv(der::OCTET_STRING, &basic)]);
        Ok(der::sequence(&[&der::tlv(der::ENUMERATED, &[0]), &der::tlv(der::context(0), &bytes)]))
    }

    /// TimeStampResp (RFC 3161, 2.4.2) with a token.
    fn stamp(&self, imprint: &[u8], nonce: &[u8]) -> Result<Vec<u8>> {
        let number = {
            let mut stamps = self.stamps.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            *stamps += 1;
            *stamps
        };
        let info = der::sequence(&[
            &der::unsigned(&[1]),
            &der::tlv(der::OID, POLICY_OID),
            imprint,
            &der::unsigned(&number.to_be_bytes()),
            &der::time(self.clock.now()),
            nonce,
        ]);
        let token = self.token(&info)?;
        Ok(der::sequence(&[&der::sequence(&[&der::unsigned(&[0])]), &token]))
    }

    fn token(&self, info: &[u8]) -> Result<Vec<u8>> {
        let certificate = self.stamper.certificate_der();
        let own = der::tlv(der::OCTET_STRING, digest(&SHA256, certificate).as_ref());
        let own = der::sequence(&[&der::sequence(&[&der::sequence(&[&own])])]);
        let digest = der::tlv(der::OCTET_STRING, digest(&SHA256, info).as_ref());
        let mut attributes = [
            attribute(CONTENT_TYPE_OID, &der::tlv(der::OID, TST_INFO_OID)),
            attribute(MESSAGE_DIGEST_OID, &digest),
            attribute(SIGNING_CERTIFICATE_OID, &own),
        ];
        // A SET OF is sorted in DER.
        attributes.sort();
        let attributes = attributes.concat();
        let signature = self.stamper.sign(&der::tlv(der::SET, &attributes))?;
        let (issuer, serial) = name_of(certificate).unwrap_or_default();
        let signer = der::sequence(&[
            &der::unsigned(&[1]),
            &der::sequence(&[issuer, serial]),
            &der::algorithm(der::SHA256_OID),
            &der::tlv(der::context(0), &attributes),
            &der::algorithm(der::RSA_SHA256_OID),
            &der::tlv(der::OCTET_STRING, &signature),
        ]);
        let content = der::tlv(der::context(0), &der::tlv(der::OCTET_STRING, info));
        let data = der::sequence(&[
            &der::unsigned(&[3]),
            &der::of(der::SET, &[&der::algorithm(der::SHA256_OID)]),
            &der::sequence(&[&der::tlv(der::OID, TST_INFO_OID), &content]),
            &der::tlv(der::context(0), certificate),
            &der::of(der::SET, &[&signer]),
        ]);
        Ok(der::sequence(&[&der::tlv(der::OID, SIGNED_DATA_OID), &der::tlv(der::context(0), &data)]))
    }
}

fn attribute(oid: &[u8], value: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::tlv(der::OID, oid), &der::of(der::SET, &[value])])
}

/// The CertID of the first request, and its serial number.
fn question(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut request = Reader::new(bytes).inside(der::SEQUENCE)?.inside(der::SEQUENCE)?;
    let id = request.inside(der::SEQUENCE)?.inside(der::SEQUENCE)?.one(der::SEQUENCE)?;
    let mut inside = Reader::new(id.content);
    inside.one(der::SEQUENCE)?;
    inside.one(der::OCTET_STRING)?;
    inside.one(der::OCTET_STRING)?;
    Some((id.whole, inside.one(der::INTEGER)?.content))
}

/// The message imprint and the nonce of a TimeStampReq.
fn stamp_request(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut request = Reader::new(bytes).inside(der::SEQUENCE)?;
    request.one(der::INTEGER)?;
    let imprint = request.one(der::SEQUENCE)?.whole;
    Some((imprint, request.one(der::INTEGER).map_or(&[][..], |nonce| nonce.whole)))
}

/// Issuer and serial number of a certificate, as they stand in it.
fn name_of(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut inside = Reader::new(certificate).inside(der::SEQUENCE)?.inside(der::SEQUENCE)?;
    inside.one(der::context(0));
    let serial = inside.one(der::INTEGER)?.whole;
    inside.one(der::SEQUENCE)?;
    Some((inside.one(der::SEQUENCE)?.whole, serial))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::evidence::revocation;
    use crate::receipt::key::{certificates_in, issue_test_certificate, test_authority};

    #[test]
    fn an_answer_is_believed_by_who_looked_at_the_clock_a_moment_before_it() {
        let answered_at = Clock::System.now();
        let issuer = test_authority(answered_at).unwrap();
        let key = issue_test_certificate(&issuer, "Thử Nghiệm", "9900000009", answered_at, 400).unwrap();
        let chain = certificates_in(&key.chain_pem()).unwrap();
        let asked = revocation::question(&chain[0], &chain[1]).unwrap();
        let (id, _) = question(&asked).unwrap();
        let authority = Authority::start(issuer, Clock::fixed(answered_at)).unwrap();
        let answer = authority.shared.status(id, None).unwrap();
        let asked_at = answered_at.minus_seconds(1);
        let standing = revocation::by_answer(&answer, &chain[0], &chain[1], asked_at).unwrap();
        assert_eq!(standing.revoked_at, None);
    }
}
