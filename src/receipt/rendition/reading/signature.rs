//! Who signed and when, for the signature block. What the block says was judged before, by the
//! verifier; it judges nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use roxmltree::Node;

use super::{Signature, value};
use crate::receipt::certificate::SigningCertificate;
use crate::text;

/// The signatures in the order in which people sign: issuer, payer, tax authority, others.
pub fn read(root: Node<'_, '_>) -> Vec<Signature> {
    let is_signature = |node: &Node<'_, '_>| node.is_element() && node.tag_name().name() == "Signature";
    let mut found: Vec<(usize, Signature)> = root.descendants().filter(is_signature).map(signature).collect();
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, signature)| signature).collect()
}

fn signature(node: Node<'_, '_>) -> (usize, Signature) {
    let holder = node.parent_element().map_or("", |parent| parent.tag_name().name());
    let (order, role) = match holder {
        "TCThu" => (0, "NGƯỜI THU TIỀN"),
        "NBan" => (0, "NGƯỜI BÁN HÀNG"),
        "NThu" => (1, "NGƯỜI TRỰC TIẾP THU"),
        "NMua" => (2, "NGƯỜI MUA HÀNG"),
        "CQT" => (3, "CƠ QUAN THUẾ"),
        _ => (4, "CHỮ KÝ SỐ KHÁC"),
    };
    let certificate = certificate(node);
    let subject = match &certificate {
        Some(certificate) => certificate.subject().to_owned(),
        None => value(node, &["KeyInfo", "X509Data", "X509SubjectName"]),
    };
    let at = node.descendants().find(|inner| inner.tag_name().name() == "SigningTime");
    let signature = Signature {
        role,
        by: common_name(&subject),
        at: at.map_or_else(String::new, |node| value(node, &[])),
        is_test: certificate.is_some_and(|certificate| certificate.is_test()),
    };
    (order, signature)
}

fn certificate(node: Node<'_, '_>) -> Option<SigningCertificate> {
    let encoded = value(node, &["KeyInfo", "X509Data", "X509Certificate"]);
    let bare: String = encoded.chars().filter(|c| !c.is_whitespace()).collect();
    SigningCertificate::from_der(&BASE64.decode(bare).ok()?).ok()
}

/// The common name in a name as RFC 4514 writes it; the whole name for want of one.
fn common_name(subject: &str) -> String {
    let (mut parts, mut part, mut is_escaped) = (Vec::new(), String::new(), false);
    for c in subject.chars() {
        match c {
            '\\' if !is_escaped => is_escaped = true,
            ',' | '+' if !is_escaped => parts.push(std::mem::take(&mut part)),
            c => {
                part.push(c);
                is_escaped = false;
            }
        }
    }
    parts.push(part);
    let name = parts.iter().find_map(|part| part.trim_start().strip_prefix("CN="));
    text::clean(name.unwrap_or(subject))
}

#[cfg(test)]
mod tests {
    use super::common_name;

    #[test]
    fn the_signer_is_called_by_the_common_name() {
        assert_eq!(
            common_name("UID=MST:9900000009,CN=UBND phường A\\, thành phố B,C=VN"),
            "UBND phường A, thành phố B"
        );
        assert_eq!(common_name("C=VN, O=X, CN=Y"), "Y");
        assert_eq!(common_name("O=X"), "O=X");
        assert_eq!(common_name("CN=\\"), "");
    }
}
