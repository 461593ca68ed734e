//! Invoices in many spellings, signed by `xmlsec1 --sign` from templates, so that the signer is not
//! ours: what it signs is intact for us, and what is then changed is not, as it says itself.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::mutation::Damage;
use super::oracle::{judged_by, repository};
use super::others::{intact_for_xmlsec1, ours};
use super::vendor::{ECDSA_SHA256, EXCLUSIVE_C14N, RSA_SHA1, RSA_SHA384, RSA_SHA512, SHA1, SHA384, SHA512};
use super::*;
use crate::receipt::sign::{ENVELOPED, INCLUSIVE_C14N, RSA_SHA256, SHA256_DIGEST};

const WITH_COMMENTS: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments";
const EXCLUSIVE_WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
const C14N_11: &str = "http://www.w3.org/2006/12/xml-c14n11";
const C14N_11_WITH_COMMENTS: &str = "http://www.w3.org/2006/12/xml-c14n11#WithComments";
const ECDSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";

/// One spelling. A `+` behind an exclusive form asks for a list of prefixes.
#[derive(Clone, Debug)]
struct Spelling {
    c14n: &'static str,
    method: &'static str,
    key: &'static str,
    digest: &'static str,
    transforms: &'static [&'static str],
    /// Transforms of the reference to the signing time.
    time_transforms: &'static [&'static str],
    key_info: &'static str,
    /// `{S}` is the signature.
    place: &'static str,
    /// `{I}` is the invoice.
    around: &'static str,
    prefix: &'static str,
    id: &'static str,
    whole: bool,
    /// In the data.
    noise: &'static str,
    /// Between the elements of SignedInfo.
    space: &'static str,
    root: &'static str,
    properties: &'static str,
}

const DEFAULT: Spelling = Spelling {
    c14n: INCLUSIVE_C14N,
    method: RSA_SHA256,
    key: "rsa",
    digest: SHA256_DIGEST,
    transforms: &[ENVELOPED],
    time_transforms: &[],
    key_info: "<P:X509Data/>",
    place: "<DSCKS><NBan>{S}</NBan><NMua/><CCKSKhac/></DSCKS>",
    around: "{I}",
    prefix: "",
    id: "Id",
    whole: false,
    noise: "",
    space: "",
    root: "",
    properties: " xmlns=\"\"",
};

const FORMS: [&str; 8] = [
    INCLUSIVE_C14N,
    WITH_COMMENTS,
    EXCLUSIVE_C14N,
    EXCLUSIVE_WITH_COMMENTS,
    C14N_11,
    C14N_11_WITH_COMMENTS,
    "http://www.w3.org/2001/10/xml-exc-c14n#+",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments+",
];
const METHODS: [(&str, &str); 8] = [
    (RSA_SHA256, "rsa"),
    (RSA_SHA1, "rsa"),
    (RSA_SHA384, "rsa"),
    (RSA_SHA512, "rsa"),
    (ECDSA_SHA256, "p256"),
    (ECDSA_SHA384, "p256"),
    (ECDSA_SHA256, "p384"),
    (ECDSA_SHA384, "p384"),
];
const DIGESTS: [&str; 4] = [SHA256_DIGEST, SHA1, SHA384, SHA512];
const TRANSFORMS: [&[&str]; 13] = [
    &[ENVELOPED],
    &[],
    &[INCLUSIVE_C14N],
    &[EXCLUSIVE_C14N],
    &["http://www.w3.org/2001/10/xml-exc-c14n#+"],
    &[ENVELOPED, INCLUSIVE_C14N],
    &[ENVELOPED, EXCLUSIVE_C14N],
    &[ENVELOPED, WITH_COMMENTS],
    &[ENVELOPED, C14N_11],
    &[EXCLUSIVE_C14N, INCLUSIVE_C14N],
    &[INCLUSIVE_C14N, EXCLUSIVE_C14N],
    &[ENVELOPED, EXCLUSIVE_WITH_COMMENTS, INCLUSIVE_C14N],
    &[ENVELOPED, INCLUSIVE_C14N, INCLUSIVE_C14N],
];
const TIME_TRANSFORMS: [&[&str]; 4] =
    [&[], &[INCLUSIVE_C14N], &[EXCLUSIVE_C14N], &[EXCLUSIVE_C14N, INCLUSIVE_C14N]];
const KEY_INFOS: [&str; 6] = [
    "<P:X509Data/>",
    "<P:X509Data><P:X509SubjectName/><P:X509Certificate/></P:X509Data>",
    "<P:X509Data><P:X509IssuerSerial/><P:X509Certificate/><P:X509SKI/></P:X509Data>",
    "<P:KeyValue/>",
    "<P:KeyValue/><P:X509Data/>",
    "<P:KeyName/><P:X509Data/>",
];
const PLACES: [&str; 6] = [
    "<DSCKS><NBan>{S}</NBan><NMua/><CCKSKhac/></DSCKS>",
    "<DSCKS><NMua/><NBan>\n{S}\n</NBan></DSCKS>",
    "<DSCKS>{S}</DSCKS>",
    "{S}",
    "<MCCQT/><DLQRCode>0001</DLQRCode><DSCKS><CCKSKhac><KSo>{S}</KSo></CCKSKhac></DSCKS>",
    "<DSCKS>\r\n<NBan>{S}</NBan></DSCKS><!-- c --><?p i?>",
];
const AROUND: [&str; 7] = [
    "{I}",
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<?xml-stylesheet type=\"text/xsl\" href=\"x.xsl\"?><!-- c -->{I}\n<!-- d -->\n",
    "<TDiep><TTChung><MLTDiep>203</MLTDiep></TTChung><DLieu>{I}</DLieu></TDiep>",
    "<TDiep xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><DLieu>\n  {I}\n</DLieu></TDiep>",
    "<DSHDon xmlns=\"urn:list\" xml:lang=\"vi\" xml:id=\"all\">{I}</DSHDon>",
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{I}</s:Body></s:Envelope>",
    "<?xml version='1.0'?><x><![CDATA[<a>]]>{I}</x>",
];
const NOISE: [&str; 7] = [
    "",
    "<GChu><![CDATA[<&>]]> &amp; &#xD;&#10;\r\n\t&quot;&apos;&gt;</GChu>",
    "<GChu a='&#9;&#xA;&#xD;&lt;&quot;&apos;>' b=\"x\ty\r\nz\"/>",
    "<!-- một --><?pi  hai ba ?><?bốn?>",
    "\n   \t\r\n",
    "<HTGDLHĐĐT xmlns:q=\"urn:q\" q:z=\"1\" xmlns=\"\" y=\"2\"/>",
    "<p:x xmlns:p=\"urn:p\" xmlns:n=\"urn:n\" n:b=\"1\" p:a=\"2\" c=\"3\"><y xmlns=\"urn:y\"><z xmlns=\"\"/></y></p:x>",
];
const SPACES: [&str; 5] = ["", "\n  ", "\r\n", "<!-- c -->", "\n<?p i?>\n"];
const ROOTS: [&str; 5] = [
    "",
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:noNamespaceSchemaLocation=\"x.xsd\"",
    " xml:space=\"preserve\" xml:lang=\"vi\"",
    " xmlns=\"http://kekhaithue.gdt.gov.vn/TKhaiThue\"",
    " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:inc=\"urn:inc\"",
];
const PROPERTIES: [&str; 4] =
    ["", " xmlns=\"\"", " xmlns=\"http://example.org/#signatureProperties\"", " xmlns:o=\"urn:o\" o:a=\"1\""];

/// Every value of every property at least once, beside the usual rest; then mixtures.
fn spellings() -> Vec<Spelling> {
    let mut all = vec![DEFAULT];
    all.extend(FORMS.map(|c14n| Spelling { c14n, ..DEFAULT }));
    all.extend(FORMS.map(|c14n| Spelling { c14n, space: SPACES[3], root: ROOTS[4], ..DEFAULT }));
    all.extend(METHODS.map(|(method, key)| Spelling { method, key, ..DEFAULT }));
    all.extend(DIGESTS.map(|digest| Spelling { digest, ..DEFAULT }));
    all.extend(TRANSFORMS.map(|transforms| Spelling { transforms, ..DEFAULT }));
    let noisy = |transforms| Spelling { transforms, noise: NOISE[6], root: ROOTS[1], ..DEFAULT };
    all.extend(TRANSFORMS.map(noisy));
    all.extend(TIME_TRANSFORMS.map(|time_transforms| Spelling { time_transforms, ..DEFAULT }));
    all.extend(KEY_INFOS.map(|key_info| Spelling { key_info, ..DEFAULT }));
    all.extend(PLACES.map(|place| Spelling { place, ..DEFAULT }));
    all.extend(AROUND.map(|around| Spelling { around, ..DEFAULT }));
    all.extend(AROUND.map(|around| Spelling { around, c14n: C14N_11, transforms: &[C14N_11], ..DEFAULT }));
    all.extend(NOISE.map(|noise| Spelling { noise, ..DEFAULT }));
    all.extend(SPACES.map(|space| Spelling { space, ..DEFAULT }));
    all.extend(ROOTS.map(|root| Spelling { root, ..DEFAULT }));
    all.extend(PROPERTIES.map(|properties| Spelling { properties, ..DEFAULT }));
    all.extend(["ds:", "dsig:"].map(|prefix| Spelling { prefix, ..DEFAULT }));
    all.extend(["ID", "id"].map(|id| Spelling { id, ..DEFAULT }));
    all.push(Spelling { whole: true, ..DEFAULT });
    all.push(Spelling { whole: true, transforms: &[ENVELOPED, WITH_COMMENTS], around: AROUND[1], ..DEFAULT });
    let mut damage = Damage(0x3A7B_1C0D_0000_0001);
    all.extend((0..70).map(|_| any(&mut damage)));
    all
}

fn any(damage: &mut Damage) -> Spelling {
    fn pick<T: Copy>(damage: &mut Damage, from: &[T]) -> T {
        from[damage.next(from.len())]
    }
    let (method, key) = pick(damage, &METHODS);
    // This xmlsec1 writes no bare keys of curves.
    let key_infos = if key == "rsa" { &KEY_INFOS[..] } else { &KEY_INFOS[..3] };
    Spelling {
        c14n: pick(damage, &FORMS),
        method,
        key,
        digest: pick(damage, &DIGESTS),
        transforms: pick(damage, &TRANSFORMS),
        time_transforms: pick(damage, &TIME_TRANSFORMS),
        key_info: pick(damage, key_infos),
        place: pick(damage, &PLACES),
        around: pick(damage, &AROUND),
        prefix: pick(damage, &["", "ds:", "dsig:"]),
        id: pick(damage, &["Id", "ID", "id"]),
        whole: damage.next(5) == 0,
        noise: pick(damage, &NOISE),
        space: pick(damage, &SPACES),
        root: pick(damage, &ROOTS),
        properties: pick(damage, &PROPERTIES),
    }
}

impl Spelling {
    fn template(&self) -> String {
        let (id, noise) = (self.id, self.noise);
        let body = format!(
            "<DLHDon {id}=\"data\"><TTChung><PBan>2.1.0</PBan>{noise}<KHHDon>C26TAA</KHHDon><SHDon>7</SHDon>\
             <NLap>2026-09-01</NLap></TTChung><NDHDon><NBan><Ten>Công ty Thử Nghiệm</Ten><MST>9900000009</MST>\
             </NBan><TToan><TgTTTBSo>3750000.00</TgTTTBSo></TToan></NDHDon></DLHDon>"
        );
        let invoice = format!("<HDon{}>{body}{}</HDon>", self.root, self.place);
        self.around.replace("{I}", &invoice).replace("{S}", &self.signature())
    }

    fn signature(&self) -> String {
        let declared = format!(
            "xmlns{}=\"http://www.w3.org/2000/09/xmldsig#\"",
            match self.prefix {
                "" => String::new(),
                prefix => format!(":{}", prefix.trim_end_matches(':')),
            }
        );
        let uri = if self.whole { "" } else { "#data" };
        let enveloped: &[&str] = &[ENVELOPED];
        // A whole document has its own signature in it, which only this transform can leave out.
        let needs_it = self.whole && !self.transforms.contains(&ENVELOPED);
        let transforms = [if needs_it { enveloped } else { &[] }, self.transforms].concat();
        let p = if self.properties.starts_with(" xmlns=") { "" } else { self.prefix };
        format!(
            "<P:Signature {declared} {id}=\"S\">@<P:SignedInfo>@{}@<P:SignatureMethod Algorithm=\"{}\"/>@{}@{}@</P:SignedInfo>@\
             <P:SignatureValue/>@<P:KeyInfo>{}</P:KeyInfo>@<P:Object {id}=\"time\"><{p}SignatureProperties{}>\
             <{p}SignatureProperty Target=\"#S\"><{p}SigningTime>2026-09-01T09:30:15</{p}SigningTime></{p}SignatureProperty>\
             </{p}SignatureProperties></P:Object></P:Signature>",
            form("CanonicalizationMethod", self.c14n),
            self.method,
            self.reference(uri, &transforms),
            self.reference("#time", self.time_transforms),
            self.key_info,
            self.properties,
            id = self.id,
        )
        .replace("P:", self.prefix)
        .replace('@', self.space)
    }

    fn reference(&self, uri: &str, transforms: &[&str]) -> String {
        let each: String = transforms.iter().map(|name| form("Transform", name)).collect();
        let transforms =
            if each.is_empty() { each } else { format!("<P:Transforms>@{each}@</P:Transforms>@") };
        format!(
            "<P:Reference URI=\"{uri}\">@{transforms}<P:DigestMethod Algorithm=\"{}\"/>@<P:DigestValue/>@</P:Reference>",
            self.digest
        )
    }

    fn signed(&self) -> Result<String, String> {
        let key = keys().join(format!("{}.pem", self.key)).display().to_string();
        let key = format!("{key},{key}");
        let mut arguments = vec!["--sign".to_owned(), "--privkey-pem".to_owned(), key];
        arguments.extend(super::others::id_attributes());
        arguments.push("/dev/stdin".to_owned());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = judged_by("xmlsec1", "xmlsec1", &arguments, self.template().as_bytes());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            String::from_utf8(output.stdout).map_err(|e| e.to_string())
        } else {
            Err(told)
        }
    }
}

fn form(element: &str, algorithm: &str) -> String {
    match algorithm.strip_suffix('+') {
        Some(algorithm) => format!(
            "<P:{element} Algorithm=\"{algorithm}\"><InclusiveNamespaces \
             xmlns=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"xsi inc #default\"/></P:{element}>"
        ),
        None => format!("<P:{element} Algorithm=\"{algorithm}\"/>"),
    }
}

/// Keys with their certificates: one of the repository, and curves made for this run.
fn keys() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("bienlai-matrix-keys-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(repository("fixtures/receipt/test-only-signer.pem"), folder.join("rsa.pem")).unwrap();
        for (name, curve) in [("p256", "P-256"), ("p384", "P-384")] {
            let file = folder.join(format!("{name}.pem"));
            let made = Command::new("openssl")
                .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "3650", "-pkeyopt"])
                .arg(format!("ec_paramgen_curve:{curve}"))
                .args(["-subj", "/CN=curve/UID=MST:9900000009", "-keyout"])
                .arg(&file)
                .output()
                .expect("install the Debian package openssl");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            let mut pem = std::fs::read(&file).unwrap();
            pem.extend(made.stdout);
            std::fs::write(&file, pem).unwrap();
        }
        folder
    })
}

/// Where an engine for every kind of XML signs what we take for no invoice.
fn refused_by_name() -> Vec<(&'static str, Spelling, Problem)> {
    let method = |method, key| Spelling { method, key, ..DEFAULT };
    let digest = |digest| Spelling { digest, ..DEFAULT };
    vec![
        (
            "ECDSA with SHA-1",
            method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1", "p256"),
            Problem::AlgorithmUnsupported,
        ),
        (
            "ECDSA with SHA-512",
            method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", "p384"),
            Problem::AlgorithmUnsupported,
        ),
        (
            "RSA with SHA-224",
            method("http://www.w3.org/2001/04/xmldsig-more#rsa-sha224", "rsa"),
            Problem::AlgorithmUnsupported,
        ),
        (
            "RSA with MD5",
            method("http://www.w3.org/2001/04/xmldsig-more#rsa-md5", "rsa"),
            Problem::AlgorithmMd5,
        ),
        ("MD5", digest("http://www.w3.org/2001/04/xmldsig-more#md5"), Problem::AlgorithmMd5),
        ("RIPEMD-160", digest("http://www.w3.org/2001/04/xmlenc#ripemd160"), Problem::AlgorithmForbidden),
        ("SHA-224", digest("http://www.w3.org/2001/04/xmldsig-more#sha224"), Problem::AlgorithmUnsupported),
        (
            "a base that Canonical XML 1.1 joins",
            Spelling {
                around: "<x xml:base=\"http://example.org/a/\">{I}</x>",
                root: " xml:base=\"b/\"",
                transforms: &[ENVELOPED, C14N_11],
                ..DEFAULT
            },
            Problem::CanonicalizationUnsupported,
        ),
        (
            "a base above what says how it is signed",
            Spelling {
                around: "<x xml:base=\"http://example.org/a/\">{I}</x>",
                root: " xml:base=\"b/\"",
                c14n: C14N_11,
                ..DEFAULT
            },
            Problem::CanonicalizationUnsupported,
        ),
        (
            "a signature in a place of no signer",
            Spelling { place: "<TTKhac>{S}</TTKhac>", ..DEFAULT },
            Problem::SignatureMisplaced,
        ),
    ]
}

#[test]
fn what_xmlsec1_signs_is_intact_and_what_is_changed_then_is_not() {
    let mut faults = Vec::new();
    let all = spellings();
    let mut damage = Damage(0x0D15_EA5E_0000_0001);
    for (number, spelling) in all.iter().enumerate() {
        let document = match spelling.signed() {
            Ok(document) => document,
            Err(told) => {
                faults.push(format!("{number}: xmlsec1 does not sign it: {told}\n{spelling:?}"));
                continue;
            }
        };
        assert!(intact_for_xmlsec1(document.as_bytes(), 1), "{number} {spelling:?}");
        if ours(document.as_bytes()) != [Integrity::Ok] {
            let report = verify(document.as_bytes(), &TrustStore::empty(), now());
            faults.push(format!("{number}: {:?}\n{spelling:?}\n{document}", report.problems()));
        }
        let (from, to) =
            [("3750000", "3750001"), ("C26TAA", "C26TAB"), ("09:30:15", "09:30:16")][damage.next(3)];
        let changed = document.replacen(from, to, 1);
        assert!(!intact_for_xmlsec1(changed.as_bytes(), 1), "{number}: {from}");
        if ours(changed.as_bytes()) != [Integrity::Failed] {
            faults.push(format!("{number}: {from} changed and not noticed\n{spelling:?}"));
        }
    }
    assert!(all.len() > 150, "{}", all.len());
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), all.len(), faults.join("\n"));
}

#[test]
fn what_is_refused_beyond_xmlsec1_is_refused_by_its_name() {
    for (name, spelling, problem) in refused_by_name() {
        let document = spelling.signed().unwrap_or_else(|told| panic!("{name}: {told}"));
        let report = verify(document.as_bytes(), &TrustStore::empty(), now());
        assert_eq!(report.verdict, Verdict::Invalid, "{name}");
        assert!(report.problems().contains(&problem), "{name}: {:?}", report.problems());
    }
}
