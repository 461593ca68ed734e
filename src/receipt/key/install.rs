//! A signing certificate as a unit keeps it.

use secrecy::SecretString;

use crate::id::UnitId;
use crate::receipt::certificate::SigningCertificate;
use crate::unit::certificate::NewCertificate;

/// What is stored of a certificate that was read: its chain, and the secret by which it signs.
pub fn installed<'a>(
    unit: UnitId,
    held: &SigningCertificate,
    chain_pem: String,
    secret: &'a SecretString,
) -> NewCertificate<'a> {
    NewCertificate {
        unit,
        subject: held.subject().to_owned(),
        issuer: held.issuer().to_owned(),
        serial: held.serial().to_owned(),
        certificate_pem: first_block(&chain_pem),
        chain_pem,
        key_pem: secret,
        not_before: held.valid_from(),
        not_after: held.valid_until(),
        is_test: held.is_test(),
    }
}

/// The certificate itself, which stands before its chain.
fn first_block(chain_pem: &str) -> String {
    const END: &str = "-----END CERTIFICATE-----\n";
    chain_pem.split_inclusive(END).next().unwrap_or_default().to_owned()
}
