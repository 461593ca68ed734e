//! Writes invoices as many issuers do, each in a style of its own, and signs them.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, date_time_ymd,
};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RsaEncoding, RsaKeyPair,
};
use roxmltree::{Document, Node};
use x509_parser::pem::Pem;

use super::mutation::Damage;
use super::oracle::repository;
use crate::receipt::sign::{DSIG, ENVELOPED, INCLUSIVE_C14N, RSA_SHA256, SHA256_DIGEST};
use crate::receipt::testing::{OTHER_SIGNER_PEM, SIGNER_PEM};
use crate::receipt::verify::TrustStore;
use crate::receipt::verify::canonical::{Form, canonical_as};

pub const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
pub const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
pub const RSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
pub const RSA_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
pub const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
pub const RSA_PSS_SHA256: &str = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
pub const RSA_PSS_SHA384: &str = "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1";
pub const RSA_PSS_SHA512: &str = "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1";
pub const SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#sha384";
pub const SHA512: &str = "http://www.w3.org/2001/04/xmlenc#sha512";
pub const RSA_1024_PEM: &str = include_str!("../../../../fixtures/receipt/test-only-rsa-1024.pem");
pub const EC_PEM: &str = include_str!("../../../../fixtures/receipt/test-only-ec.pem");

/// Where the tests' tax authority's own key comes from: any that is not the seller's.
pub const AUTHORITY: &str = OTHER_SIGNER_PEM;

/// The habits of one issuer.
#[derive(Clone, Debug)]
pub struct Style {
    /// `` or `ds:`.
    pub prefix: &'static str,
    pub c14n: &'static str,
    pub method: &'static str,
    pub digest: &'static str,
    /// Transforms of the reference to the data.
    pub transforms: Vec<&'static str>,
    /// Between the elements of the signature.
    pub space: &'static str,
    /// Between the elements of the business data.
    pub gap: &'static str,
    /// How the properties are put: `` keeps the namespace, ` xmlns=""` leaves it, or another.
    pub properties: &'static str,
    pub time: &'static str,
    /// On `HDon`.
    pub root: &'static str,
    /// On `TDiep`, or None for a bare document.
    pub message: Option<&'static str>,
    pub soap: bool,
    /// With a code and the signature of the tax authority.
    pub code: bool,
    /// None: one that fits `code`.
    pub series: Option<&'static str>,
    pub buyer: bool,
    pub name: &'static str,
    pub key_info: &'static str,
    pub head: &'static str,
    pub id: &'static str,
    /// Characters of the signature value on a line.
    pub line: usize,
    pub key: &'static str,
}

impl Default for Style {
    fn default() -> Self {
        Style {
            prefix: "",
            c14n: INCLUSIVE_C14N,
            method: RSA_SHA256,
            digest: SHA256_DIGEST,
            transforms: vec![ENVELOPED],
            space: "",
            gap: "",
            properties: " xmlns=\"\"",
            time: "2026-09-01T09:30:15",
            root: "",
            message: None,
            soap: false,
            code: false,
            series: None,
            buyer: false,
            name: "Công ty Thử Nghiệm",
            key_info: "<P:X509SubjectName>CN=x</P:X509SubjectName><P:X509Certificate>@C@</P:X509Certificate>",
            head: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            id: "Id",
            line: 0,
            key: SIGNER_PEM,
        }
    }
}

fn pick<T: Copy>(damage: &mut Damage, from: &[T]) -> T {
    from[damage.next(from.len())]
}

impl Style {
    /// One of many combinations, the same for the same number.
    pub fn any(damage: &mut Damage) -> Style {
        let transforms: [&[&'static str]; 6] = [
            &[ENVELOPED],
            &[],
            &[ENVELOPED, INCLUSIVE_C14N],
            &[ENVELOPED, EXCLUSIVE_C14N],
            &[EXCLUSIVE_C14N],
            &[INCLUSIVE_C14N],
        ];
        let names = [
            "Công ty Thử Nghiệm",
            "A &amp; B &lt;&gt; &quot;C&quot; &apos;D&apos;",
            "<![CDATA[A & B <C>]]>",
            "Thử\u{0323} e\u{0302}\u{0301} 𠀀😀",
            "x&#13;&#10;y&#9;z &#7879; &#x1F600;",
            "  trước và\tsau \r\n dòng  ",
            "A<!---->",
            "",
        ];
        let name = match pick(damage, &names) {
            // A comment beside a value is refused, and tested elsewhere.
            "A<!---->" => "A]]&gt;",
            name => name,
        };
        let messages = [
            None,
            None,
            Some(""),
            Some(" xmlns:xsi=\"urn:i\" xmlns:xsd=\"urn:d\""),
            Some(" xml:lang=\"vi\" xml:space=\"preserve\""),
        ];
        let key_infos = [
            Style::default().key_info,
            "<P:X509Certificate>@C@</P:X509Certificate>",
            "<P:X509IssuerSerial><P:X509IssuerName>CN=x</P:X509IssuerName><P:X509SerialNumber>1</P:X509SerialNumber></P:X509IssuerSerial><P:X509Certificate>\r\n@C@\r\n</P:X509Certificate>",
        ];
        Style {
            prefix: pick(damage, &["", "ds:"]),
            c14n: pick(
                damage,
                &[
                    INCLUSIVE_C14N,
                    INCLUSIVE_C14N,
                    EXCLUSIVE_C14N,
                    EXCLUSIVE_C14N,
                    "http://www.w3.org/2006/12/xml-c14n11",
                ],
            ),
            method: pick(damage, &[RSA_SHA256, RSA_SHA256, RSA_SHA384, RSA_SHA512]),
            digest: pick(damage, &[SHA256_DIGEST, SHA256_DIGEST, SHA1, SHA384, SHA512]),
            transforms: pick(damage, &transforms).to_vec(),
            space: pick(damage, &["", "\n", "\r\n  ", "<!-- x -->"]),
            gap: pick(damage, &["", "\n  ", "\r\n\t", "<!-- y --> ", "<?z  w ?>"]),
            properties: pick(damage, &["", " xmlns=\"\"", " xmlns=\"urn:own\" xmlns:o=\"urn:o\" o:a=\"1\""]),
            time: pick(
                damage,
                &[
                    "2026-09-01T09:30:15",
                    "2026-09-01T02:30:15Z",
                    "2026-09-01T09:30:15.123+07:00",
                    "2026-09-01",
                    "hôm qua",
                ],
            ),
            root: pick(
                damage,
                &[
                    "",
                    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:noNamespaceSchemaLocation=\"a.xsd\"",
                    " xmlns:b=\"urn:b\" xmlns:a=\"urn:a\" a:z='1' b:y='2' x='3'",
                    " xml:space=\"preserve\"",
                ],
            ),
            message: pick(damage, &messages),
            soap: damage.next(4) == 0,
            code: damage.next(2) == 0,
            series: None,
            buyer: damage.next(4) == 0,
            name,
            key_info: pick(damage, &key_infos),
            head: pick(
                damage,
                &[
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
                    "",
                    "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<?xml-stylesheet type=\"text/xsl\" href=\"a.xsl\"?>\n<!-- c -->",
                    "<?xml version=\"1.0\"?>\n",
                ],
            ),
            id: pick(damage, &["Id", "Id", "ID", "id"]),
            line: pick(damage, &[0, 64, 76]),
            key: SIGNER_PEM,
        }
    }

    pub fn body(&self) -> String {
        let (id, g, name) = (self.id, self.gap, self.name);
        let series = self.series.unwrap_or(if self.code { "C26TAA" } else { "K26TAA" });
        format!(
            "<DLHDon {id}=\"data\">{g}<TTChung>{g}<PBan>2.1.0</PBan><THDon>Hóa đơn GTGT</THDon>{g}<KHMSHDon>1</KHMSHDon>\
             <KHHDon>{series}</KHHDon><SHDon>7</SHDon><NLap>2026-09-01</NLap><DVTTe>VND</DVTTe></TTChung>{g}\
             <NDHDon><NBan><Ten>{name}</Ten><MST>9900000009</MST><DChi a=\"x&#9;y&amp;&quot;\tz\"/></NBan><NMua/>{g}\
             <TToan><TgTTTBSo>3750000.000000</TgTTTBSo></TToan></NDHDon></DLHDon>"
        )
    }

    /// A signature of the elements with these Ids and of its own Object.
    pub fn signature(&self, id: &str, of: &[&str]) -> String {
        let object = format!("Obj-{id}");
        let mut references = String::new();
        for (at, target) in of.iter().chain([&object.as_str()]).enumerate() {
            let transforms: String = if at == 0 && !self.transforms.is_empty() {
                let each: String =
                    self.transforms.iter().map(|t| format!("<P:Transform Algorithm=\"{t}\"/>")).collect();
                format!("<P:Transforms>{each}</P:Transforms>@S@")
            } else {
                String::new()
            };
            let uri = if target.is_empty() { String::new() } else { format!("#{target}") };
            references.push_str(&format!(
                "<P:Reference URI=\"{uri}\">@S@{transforms}<P:DigestMethod Algorithm=\"{}\"/>@S@<P:DigestValue>@D@</P:DigestValue></P:Reference>@S@",
                self.digest
            ));
        }
        let key_info = if self.key_info.is_empty() {
            String::new()
        } else if self.key_info.contains("KeyValue") {
            format!("<P:KeyInfo>{}</P:KeyInfo>@S@", self.key_info)
        } else {
            format!("<P:KeyInfo><P:X509Data>{}</P:X509Data></P:KeyInfo>@S@", self.key_info)
        };
        let declared = if self.prefix.is_empty() { "xmlns" } else { "xmlns:ds" };
        // Without a prefix of its own, a property is where its parent's declaration puts it.
        let p = if self.properties.is_empty() { self.prefix } else { "" };
        format!(
            "<P:Signature Id=\"{id}\" {declared}=\"{DSIG}\">@S@<P:SignedInfo>@S@<P:CanonicalizationMethod Algorithm=\"{}\"/>@S@\
             <P:SignatureMethod Algorithm=\"{}\"/>@S@{references}</P:SignedInfo>@S@<P:SignatureValue>@V@</P:SignatureValue>@S@\
             {key_info}<P:Object {}=\"{object}\"><{p}SignatureProperties{}>@S@<{p}SignatureProperty Target=\"#{id}\">\
             <{p}SigningTime>{}</{p}SigningTime></{p}SignatureProperty></{p}SignatureProperties></P:Object>@S@</P:Signature>",
            self.c14n, self.method, self.id, self.properties, self.time
        )
        .replace("P:", self.prefix)
        .replace("@S@", self.space)
    }

    pub fn invoice(&self) -> String {
        let seller = format!("<NBan>{}</NBan>", self.signature("NBan-1", &["data"]));
        let buyer = if self.buyer {
            format!("<NMua>{}</NMua>", self.signature("NMua-1", &["data"]))
        } else {
            "<NMua/>".to_owned()
        };
        let (code, authority) = if self.code {
            let code = format!("<MCCQT {}=\"code\">00AB0000000000000000000000000000CD</MCCQT>", self.id);
            (code, format!("<CQT>{}</CQT>", self.signature("CQT-1", &["data", "code"])))
        } else {
            Default::default()
        };
        format!(
            "<HDon{}>{}{code}<DLQRCode>0001</DLQRCode><DSCKS>{}{seller}{buyer}{authority}</DSCKS></HDon>",
            self.root,
            self.body(),
            self.gap
        )
    }

    /// The invoice as unsigned text, in its envelopes.
    pub fn document(&self) -> String {
        let mut text = self.invoice();
        if let Some(declared) = self.message {
            text = format!(
                "<TDiep{declared}><TTChung><MLTDiep>203</MLTDiep></TTChung><DLieu>{text}</DLieu></TDiep>"
            );
        }
        if self.soap {
            text = format!(
                "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:u=\"urn:u\"><s:Body>{text}</s:Body></s:Envelope>"
            );
        }
        format!("{}{text}", self.head)
    }

    pub fn signed(&self) -> String {
        self.sign(self.document())
    }

    /// Fills in digests, values and certificates, signature after signature.
    pub fn sign(&self, text: String) -> String {
        let mut text = text;
        for at in 0..text.matches("Signature>").count() {
            let role = with_signature(&text, at, |signature| {
                signature.parent_element().map_or("", |parent| parent.tag_name().name()).to_owned()
            });
            let Some(role) = role else { break };
            let key = if role == "CQT" { AUTHORITY } else { self.key };
            text = sign_one(text, at, key, self.line);
        }
        text
    }
}

fn with_signature<T>(text: &str, at: usize, read: impl FnOnce(Node<'_, '_>) -> T) -> Option<T> {
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    document.descendants().filter(|node| node.has_tag_name((DSIG, "Signature"))).nth(at).map(read)
}

fn sign_one(mut text: String, at: usize, key: &str, line: usize) -> String {
    let certificate = BASE64.encode(pem_block(key, "CERTIFICATE"));
    text = filled(&text, at, "X509Certificate", "@C@", &certificate);
    let count = with_signature(&text, at, |s| {
        s.descendants().filter(|n| n.has_tag_name((DSIG, "Reference"))).count()
    });
    for reference in 0..count.unwrap_or(0) {
        let digest = with_signature(&text, at, |signature| digest_of(signature, reference)).unwrap();
        text = filled(&text, at, "DigestValue", "@D@", &digest);
    }
    let (message, method) = with_signature(&text, at, |signature| {
        let info = signature.descendants().find(|n| n.has_tag_name((DSIG, "SignedInfo"))).unwrap();
        let algorithm = |name: &str| {
            info.descendants()
                .find(|n| n.has_tag_name((DSIG, name)))
                .and_then(|n| n.attribute("Algorithm"))
                .unwrap()
        };
        let form = form_of(&[algorithm("CanonicalizationMethod")]);
        (canonical_as(info, &form), algorithm("SignatureMethod").to_owned())
    })
    .unwrap();
    let mut value = BASE64.encode(signature_value(key, &method, message.as_bytes()));
    if line > 0 {
        let lines: Vec<String> =
            value.as_bytes().chunks(line).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
        value = lines.join("&#13;\r\n");
    }
    filled(&text, at, "SignatureValue", "@V@", &value)
}

/// Puts a value in place of the first mark in the signature's elements of a name.
fn filled(text: &str, at: usize, name: &str, mark: &str, value: &str) -> String {
    let range = with_signature(text, at, |signature| {
        signature
            .descendants()
            .find(|n| n.has_tag_name((DSIG, name)) && n.text().unwrap_or_default().trim() == mark)
            .map(|n| n.range())
    })
    .flatten();
    match range {
        Some(range) => format!(
            "{}{}{}",
            &text[..range.start],
            text[range.clone()].replacen(mark, value, 1),
            &text[range.end..]
        ),
        None => text.to_owned(),
    }
}

fn form_of<'a, 'i>(algorithms: &[&str]) -> Form<'a, 'i> {
    let exclusive = algorithms.iter().any(|name| name.contains("xml-exc-c14n"));
    Form { exclusive: exclusive.then(Default::default), ..Form::default() }
}

fn digest_of(signature: Node<'_, '_>, at: usize) -> String {
    let reference = signature.descendants().filter(|n| n.has_tag_name((DSIG, "Reference"))).nth(at).unwrap();
    let uri = reference.attribute("URI").unwrap();
    let transforms: Vec<&str> = reference
        .descendants()
        .filter(|n| n.has_tag_name((DSIG, "Transform")))
        .filter_map(|n| n.attribute("Algorithm"))
        .collect();
    let root = signature.document().root();
    let target = match uri.strip_prefix('#') {
        Some(id) => root
            .descendants()
            .find(|n| n.attributes().any(|a| a.name().eq_ignore_ascii_case("id") && a.value() == id))
            .unwrap_or_else(|| panic!("no {id}")),
        None => root,
    };
    let mut form = form_of(&transforms);
    let inside = target.ancestors().any(|ancestor| ancestor == signature);
    form.without = (transforms.contains(&ENVELOPED) && !inside).then_some(signature);
    let method = reference.descendants().find(|n| n.has_tag_name((DSIG, "DigestMethod"))).unwrap();
    let algorithm = match method.attribute("Algorithm").unwrap() {
        SHA1 => &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
        SHA384 => &ring::digest::SHA384,
        SHA512 => &ring::digest::SHA512,
        _ => &ring::digest::SHA256,
    };
    BASE64.encode(ring::digest::digest(algorithm, canonical_as(target, &form).as_bytes()))
}

/// A key with a certificate whose subject names no tax code.
pub static UNNAMED: OnceLock<String> = OnceLock::new();

pub fn unnamed() -> String {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Công ty Thử Nghiệm");
    certified(name)
}

/// A key whose certificate spells the names of its subject as older authorities do.
pub fn spelled_in_two_bytes() -> String {
    let spelled = |text: &str| DnValue::BmpString(text.try_into().unwrap());
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, spelled("Công ty Thử Nghiệm"));
    name.push(DnType::CustomDnType(vec![0, 9, 2342, 19_200_300, 100, 1, 1]), spelled("MST:9900000009"));
    certified(name)
}

fn certified(name: DistinguishedName) -> String {
    let key = pem_block(SIGNER_PEM, "PRIVATE KEY");
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key.as_slice().into(), &PKCS_RSA_SHA256).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2030, 1, 1));
    let (authority, authority_key) = unnamed_authority();
    let certificate = params.signed_by(&pair, &Issuer::from_params(&authority, authority_key)).unwrap();
    format!("{}{}", pair.serialize_pem(), certificate.pem())
}

fn unnamed_authority() -> (CertificateParams, KeyPair) {
    let key = pem_block(OTHER_SIGNER_PEM, "PRIVATE KEY");
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key.as_slice().into(), &PKCS_RSA_SHA256).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "CA không tên");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2034, 1, 1));
    (params, pair)
}

pub fn unnamed_trust() -> TrustStore {
    let (authority, key) = unnamed_authority();
    TrustStore::from_pem(&authority.self_signed(&key).unwrap().pem()).unwrap()
}

pub fn pem_block(pem: &str, label: &str) -> Vec<u8> {
    Pem::iter_from_buffer(pem.as_bytes())
        .map(Result::unwrap)
        .find(|block| block.label == label)
        .unwrap()
        .contents
}

fn signature_value(key: &str, method: &str, message: &[u8]) -> Vec<u8> {
    let der = pem_block(key, "PRIVATE KEY");
    let rsa = |encoding: &'static dyn RsaEncoding| {
        let pair = RsaKeyPair::from_pkcs8(&der).unwrap();
        let mut value = vec![0; pair.public().modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut value).unwrap();
        value
    };
    match method {
        RSA_SHA256 if key != RSA_1024_PEM => rsa(&RSA_PKCS1_SHA256),
        RSA_SHA384 if key != RSA_1024_PEM => rsa(&RSA_PKCS1_SHA384),
        RSA_SHA512 => rsa(&RSA_PKCS1_SHA512),
        RSA_PSS_SHA256 => rsa(&ring::signature::RSA_PSS_SHA256),
        RSA_PSS_SHA384 => rsa(&ring::signature::RSA_PSS_SHA384),
        RSA_PSS_SHA512 => rsa(&ring::signature::RSA_PSS_SHA512),
        ECDSA_SHA256 => {
            let random = SystemRandom::new();
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random).unwrap();
            pair.sign(&random, message).unwrap().as_ref().to_vec()
        }
        RSA_SHA1 => openssl("-sha1", key, message),
        RSA_SHA256 => openssl("-sha256", key, message),
        RSA_SHA384 => openssl("-sha384", key, message),
        other => panic!("{other}"),
    }
}

/// For what our own library does not sign any more.
fn openssl(hash: &str, key: &str, message: &[u8]) -> Vec<u8> {
    let file = if key == RSA_1024_PEM { "test-only-rsa-1024.pem" } else { "test-only-signer.pem" };
    let mut child = Command::new("openssl")
        .args(["dgst", hash, "-sign"])
        .arg(repository("fixtures/receipt").join(file))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("install the Debian package openssl");
    child.stdin.take().unwrap().write_all(message).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}
