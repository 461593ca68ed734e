//! The algorithms by the names that XML signatures give them.

use ring::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};

use crate::receipt::sign::{ENVELOPED, INCLUSIVE_C14N, RSA_SHA256, SHA256_DIGEST};
use crate::receipt::verify::problem::Problem;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Rsa(Hash),
    RsaPss(Hash),
    Ecdsa(Hash),
}

/// What may stand in `Transform` or `CanonicalizationMethod`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Enveloped,
    Inclusive,
    Exclusive,
}

impl Hash {
    pub(super) fn named(name: &str) -> Result<Hash, Problem> {
        Ok(match name {
            "http://www.w3.org/2000/09/xmldsig#sha1" => Hash::Sha1,
            SHA256_DIGEST => Hash::Sha256,
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Hash::Sha384,
            "http://www.w3.org/2001/04/xmlenc#sha512" => Hash::Sha512,
            other => return Err(forbidden(other)),
        })
    }

    pub(super) fn digest(self, text: &str) -> digest::Digest {
        let algorithm = match self {
            Hash::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => &SHA256,
            Hash::Sha384 => &SHA384,
            Hash::Sha512 => &SHA512,
        };
        digest::digest(algorithm, text.as_bytes())
    }

    pub(super) fn is_legacy(self) -> bool {
        self == Hash::Sha1
    }

    fn name(self) -> &'static str {
        match self {
            Hash::Sha1 => "sha1",
            Hash::Sha256 => "sha256",
            Hash::Sha384 => "sha384",
            Hash::Sha512 => "sha512",
        }
    }
}

impl Scheme {
    pub(super) fn named(name: &str) -> Result<Scheme, Problem> {
        Ok(match name {
            RSA_SHA256 => Scheme::Rsa(Hash::Sha256),
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1" => Scheme::Rsa(Hash::Sha1),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Scheme::Rsa(Hash::Sha384),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Scheme::Rsa(Hash::Sha512),
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" => Scheme::RsaPss(Hash::Sha256),
            "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1" => Scheme::RsaPss(Hash::Sha384),
            "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1" => Scheme::RsaPss(Hash::Sha512),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => Scheme::Ecdsa(Hash::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => Scheme::Ecdsa(Hash::Sha384),
            other => return Err(forbidden(other)),
        })
    }

    /// The short name of any algorithm, of those too that are not taken: `hmac-sha256`.
    pub(super) fn told(name: &str) -> Option<String> {
        if let Ok(scheme) = Scheme::named(name) {
            return Some(scheme.name());
        }
        let last = name.rsplit(['#', '/']).next().unwrap_or_default();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (!last.is_empty() && last.len() <= 40 && last.chars().all(is_name)).then(|| last.to_owned())
    }

    pub(super) fn is_legacy(self) -> bool {
        matches!(self, Scheme::Rsa(Hash::Sha1))
    }

    /// The short name for reports: `rsa-sha256`.
    pub(super) fn name(self) -> String {
        match self {
            Scheme::Rsa(hash) => format!("rsa-{}", hash.name()),
            Scheme::RsaPss(hash) => format!("rsa-pss-{}", hash.name()),
            Scheme::Ecdsa(hash) => format!("ecdsa-{}", hash.name()),
        }
    }
}

impl Step {
    /// With or without comments is the same step.
    pub(super) fn named(name: &str) -> Option<Step> {
        Some(match name {
            ENVELOPED => Step::Enveloped,
            INCLUSIVE_C14N
            | "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
            | "http://www.w3.org/2006/12/xml-c14n11"
            | "http://www.w3.org/2006/12/xml-c14n11#WithComments" => Step::Inclusive,
            "http://www.w3.org/2001/10/xml-exc-c14n#"
            | "http://www.w3.org/2001/10/xml-exc-c14n#WithComments" => Step::Exclusive,
            _ => return None,
        })
    }
}

/// Good enough, or of yesterday, but nothing here computes them: what was signed with them may be as it was.
const UNSUPPORTED: [&str; 10] = [
    "http://www.w3.org/2001/04/xmldsig-more#sha224",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha224",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
    "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
    "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
    "http://www.w3.org/2007/05/xmldsig-more#sha224-rsa-MGF1",
    "http://www.w3.org/2007/05/xmldsig-more#sha3-256",
    "http://www.w3.org/2007/05/xmldsig-more#sha3-512",
];

/// Which kind of downgrade an unknown algorithm is, if it is one.
fn forbidden(algorithm: &str) -> Problem {
    let name = algorithm.to_ascii_lowercase();
    if name.contains("hmac") {
        Problem::AlgorithmHmac
    } else if name.contains("md5") {
        Problem::AlgorithmMd5
    } else if UNSUPPORTED.contains(&algorithm) {
        Problem::AlgorithmUnsupported
    } else {
        Problem::AlgorithmForbidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_computed_here_is_told_from_what_is_forbidden() {
        for name in UNSUPPORTED {
            assert_eq!(Scheme::named(name), Err(Problem::AlgorithmUnsupported), "{name}");
            assert_eq!(Hash::named(name), Err(Problem::AlgorithmUnsupported), "{name}");
        }
        for name in ["", "urn:x", "http://www.w3.org/2000/09/xmldsig#dsa-sha1"] {
            assert_eq!(Scheme::named(name), Err(Problem::AlgorithmForbidden), "{name}");
        }
    }

    #[test]
    fn what_is_not_taken_is_told_by_its_last_name_and_nothing_else() {
        let told = |name: &str| Scheme::told(name);
        assert_eq!(told(RSA_SHA256).as_deref(), Some("rsa-sha256"));
        assert_eq!(told("http://www.w3.org/2001/04/xmldsig-more#rsa-sha224").as_deref(), Some("rsa-sha224"));
        for nothing in ["", "urn:x#", "urn:x#a<b>", &format!("urn:x#{}", "a".repeat(41))] {
            assert_eq!(told(nothing), None, "{nothing}");
        }
    }
}
