//! Why a document is not valid: one stable code per cause.

use serde::{Serialize, Serializer};

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        /// A cause for refusing a document, or a remark on one that is accepted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Problem { $($(#[$doc])* $name),+ }

        impl Problem {
            /// The stable code, as in `errors.toml`.
            pub fn code(self) -> &'static str {
                match self { $(Problem::$name => $code),+ }
            }

            /// Every problem there is, for the catalogue of codes.
            pub const ALL: &'static [Problem] = &[$(Problem::$name),+];
        }
    };
}

problems! {
    // The bytes cannot be read as a receipt at all.
    DocumentTooLarge = "document_too_large",
    EncodingNotUtf8 = "encoding_not_utf8",
    ByteOrderMark = "byte_order_mark",
    DeclarationUnexpected = "declaration_unexpected",
    /// Declared as XML 1.1 or later: the canonical form is defined on XML 1.0 alone.
    XmlVersionUnsupported = "xml_version_unsupported",
    DoctypeForbidden = "doctype_forbidden",
    DepthExceeded = "depth_exceeded",
    TagTooLong = "tag_too_long",
    ElementsExceeded = "elements_exceeded",
    AttributesExceeded = "attributes_exceeded",
    NamespacesExceeded = "namespaces_exceeded",
    /// More documents in one file than any message of the tax formats holds.
    DocumentsExceeded = "documents_exceeded",
    NotXml = "not_xml",
    /// Well-formed, but its root is not that of a receipt.
    DocumentUnknown = "document_unknown",

    // What a receipt never contains anywhere.
    CommentPresent = "comment_present",
    CdataPresent = "cdata_present",
    InstructionPresent = "instruction_present",
    PrefixForbidden = "prefix_forbidden",
    NamespaceUnexpected = "namespace_unexpected",
    AttributeUnexpected = "attribute_unexpected",
    TextBetweenElements = "text_between_elements",
    DuplicateId = "duplicate_id",
    /// `ID`, `id`, `xml:id` or an Id in another namespace.
    IdDisguised = "id_disguised",

    // The body stands elsewhere than in its one place.
    BodyMissing = "body_missing",
    BodyRepeated = "body_repeated",
    BodyMisplaced = "body_misplaced",
    BodyNested = "body_nested",
    BodyInSignature = "body_in_signature",
    BodyInObject = "body_in_object",
    UnsignedContent = "unsigned_content",

    // So does the signature.
    SignatureMissing = "signature_missing",
    SignatureRepeated = "signature_repeated",
    SignatureMisplaced = "signature_misplaced",
    SignatureInBody = "signature_in_body",
    /// In the place of another signer, such as the tax authority.
    SignatureRoleUnexpected = "signature_role_unexpected",
    SignatureNamespaceWrong = "signature_namespace_wrong",
    SignatureShape = "signature_shape",
    SignedInfoMissing = "signed_info_missing",
    SignedInfoRepeated = "signed_info_repeated",
    ObjectMissing = "object_missing",
    ObjectRepeated = "object_repeated",
    ObjectContentUnexpected = "object_content_unexpected",
    ObjectTargetWrong = "object_target_wrong",

    // Algorithms outside the one we issue.
    CanonicalizationForbidden = "canonicalization_forbidden",
    AlgorithmSha1 = "algorithm_sha1",
    AlgorithmMd5 = "algorithm_md5",
    AlgorithmHmac = "algorithm_hmac",
    AlgorithmForbidden = "algorithm_forbidden",
    TransformMissing = "transform_missing",
    TransformXpath = "transform_xpath",
    TransformXslt = "transform_xslt",
    TransformForbidden = "transform_forbidden",

    // References to anything but the body and the Object.
    ReferenceSetEmpty = "reference_set_empty",
    ReferenceMissing = "reference_missing",
    ReferenceExtra = "reference_extra",
    ReferenceWholeDocument = "reference_whole_document",
    ReferenceExternal = "reference_external",
    ReferenceXpointer = "reference_xpointer",
    ReferenceTargetUnknown = "reference_target_unknown",
    ReferenceTargetWrong = "reference_target_wrong",

    // The key.
    KeyInfoMissing = "key_info_missing",
    KeyInfoUnexpected = "key_info_unexpected",
    KeyValueSupplied = "key_value_supplied",
    CertificateMissing = "certificate_missing",
    CertificateRepeated = "certificate_repeated",
    CertificateUnreadable = "certificate_unreadable",
    CertificateKeyNotRsa = "certificate_key_not_rsa",
    CertificateKeyTooShort = "certificate_key_too_short",
    SubjectNameMismatch = "subject_name_mismatch",

    // The cryptography.
    DigestValueMalformed = "digest_value_malformed",
    SignatureValueMalformed = "signature_value_malformed",
    BodyDigestMismatch = "body_digest_mismatch",
    ObjectDigestMismatch = "object_digest_mismatch",
    SignatureWrong = "signature_wrong",
    /// The digests fit, but the document spells the signed part in another way than it was issued.
    NotCanonical = "not_canonical",

    // Who signed, and when.
    SigningTimeUnreadable = "signing_time_unreadable",
    SigningTimeInFuture = "signing_time_in_future",
    CertificateNotValidAtSigning = "certificate_not_valid_at_signing",
    CertificateUntrusted = "certificate_untrusted",
    /// The certificate does not allow signing documents.
    CertificatePurposeWrong = "certificate_purpose_wrong",
    SignerTaxCodeMissing = "signer_tax_code_missing",
    SignerNotCollector = "signer_not_collector",

    // What was signed.
    ContentUnreadable = "content_unreadable",
    /// The totals are not the sums of the lines, or the words are not the figures.
    ContentInconsistent = "content_inconsistent",

    // Only in documents of others.
    /// A document outside `TDiep/DLieu`.
    DocumentMisplaced = "document_misplaced",
    /// A comment within a value, so that two readers may read two values.
    CommentInValue = "comment_in_value",
    InstructionInValue = "instruction_in_value",
    /// Together the references would take too long to compute.
    WorkExceeded = "work_exceeded",
    AlgorithmKeyMismatch = "algorithm_key_mismatch",
    /// Not computed here: whether anything was changed cannot be said.
    AlgorithmUnsupported = "algorithm_unsupported",
    /// The same for `xml:base` above what is signed, in Canonical XML 1.1.
    CanonicalizationUnsupported = "canonicalization_unsupported",
    CertificateKeyUnsupported = "certificate_key_unsupported",
    KeyValueMismatch = "key_value_mismatch",
    /// The digest of something other than the data or the Object does not fit.
    ReferenceDigestMismatch = "reference_digest_mismatch",
    /// A namespace named by a relative URI: the data has no canonical form.
    NamespaceRelative = "namespace_relative",
    /// By the letter of the standard nothing is left to digest, and the digest is of something; see the lenient rule of
    /// this name.
    EnvelopedOnOwnObject = "enveloped_on_own_object",
    /// Whatever the signature covers, it is not the data of this document.
    BodyNotCovered = "body_not_covered",
    /// The tax authority's signature does not cover the code it gave.
    CodeNotCovered = "code_not_covered",
    SellerSignatureMissing = "seller_signature_missing",
    /// Whoever signed, nobody did in the issuer's place.
    IssuerSignatureMissing = "issuer_signature_missing",
    AuthoritySignatureMissing = "authority_signature_missing",
    SignerNotSeller = "signer_not_seller",
    /// In the place of the tax authority signs the issuer, or somebody other than the one that was
    /// named as the tax authority.
    SignerNotAuthority = "signer_not_authority",

    // Remarks that do not make a document invalid.
    TrustNotChecked = "trust_not_checked",
    TestCertificate = "test_certificate",
    CertificateExpiredSince = "certificate_expired_since",
    /// Beside it: whoever kept the key may write any signing time, and nothing proves this one. Evidence settles it.
    SigningTimeUnproven = "signing_time_unproven",
    /// SHA-1 or an RSA key below 2048 bits.
    LegacyAlgorithm = "legacy_algorithm",
    /// Accepted by a lenient rule that was asked for.
    LenientRuleUsed = "lenient_rule_used",
    SigningTimeMissing = "signing_time_missing",
    /// No reference covers the signing time: anybody may have written it.
    SigningTimeUnsigned = "signing_time_unsigned",
    /// Several, or one that is written so that it has no or more than one meaning.
    SigningTimeUnclear = "signing_time_unclear",
    /// Said to be UTC, in which it could not be true, and taken for Hà Nội's time.
    SigningTimeTakenAsLocal = "signing_time_taken_as_local",
    /// The certificate names no tax code or personal number: whose signature it is rests on its name.
    SignerUnidentified = "signer_unidentified",
    /// Something beside the data that no signature of the kind covers, such as a note.
    UnsignedNote = "unsigned_note",
    /// The data names no issuer by a tax code: whoever signed, nothing says that it was theirs to sign.
    IssuerUnknown = "issuer_unknown",
    /// Signed by the organisation that the document says the seller entrusted; that the seller did is
    /// known to the tax authority only.
    SignerEntrusted = "signer_entrusted",
    /// Signed in the buyer's place under another identity than the buyer's, such as a director's own: the
    /// seller's and the tax authority's word stand without it.
    SignerNotBuyer = "signer_not_buyer",
    /// Signed in the place of the tax authority, by somebody whom nobody named as it.
    AuthorityUnidentified = "authority_unidentified",
    /// The series is of invoices with a code of the tax authority, and there is none.
    CodeMissing = "code_missing",
    /// A code that no signature covers, on a series whose codes the tax authority signs.
    CodeUnproven = "code_unproven",
}

impl Problem {
    /// A remark: the document may be valid all the same.
    pub fn is_remark(self) -> bool {
        matches!(
            self,
            Problem::TrustNotChecked
                | Problem::TestCertificate
                | Problem::CertificateExpiredSince
                | Problem::LegacyAlgorithm
                | Problem::LenientRuleUsed
                | Problem::SigningTimeMissing
                | Problem::SigningTimeUnsigned
                | Problem::SigningTimeUnclear
                | Problem::SigningTimeTakenAsLocal
                | Problem::UnsignedNote
        ) || self.leaves_open()
    }

    /// A remark with which an intact document is never called valid: it leaves open whose it is, whether it
    /// counts, or whether its signer could still sign.
    pub fn leaves_open(self) -> bool {
        matches!(
            self,
            Problem::SignerUnidentified
                | Problem::IssuerUnknown
                | Problem::SignerEntrusted
                | Problem::SignerNotBuyer
                | Problem::AuthorityUnidentified
                | Problem::CodeMissing
                | Problem::CodeUnproven
                | Problem::SigningTimeUnproven
        )
    }

    /// The bytes are no receipt that could be judged.
    pub fn is_unreadable(self) -> bool {
        matches!(
            self,
            Problem::DocumentTooLarge
                | Problem::EncodingNotUtf8
                | Problem::ByteOrderMark
                | Problem::DeclarationUnexpected
                | Problem::XmlVersionUnsupported
                | Problem::DoctypeForbidden
                | Problem::DepthExceeded
                | Problem::TagTooLong
                | Problem::ElementsExceeded
                | Problem::AttributesExceeded
                | Problem::NamespacesExceeded
                | Problem::DocumentsExceeded
                | Problem::NotXml
                | Problem::DocumentUnknown
        )
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_problems_share_a_code() {
        let codes: HashSet<&str> = Problem::ALL.iter().map(|problem| problem.code()).collect();
        assert_eq!(codes.len(), Problem::ALL.len());
    }
}
