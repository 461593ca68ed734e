//! An identity provider of the kind that cities run: discovery, keys, codes for tokens, signed with RSA. It
//! lies where a story tells it to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use bienlai::clock::Clock;
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey;
use rsa::rand_core::OsRng;
use serde_json::{Value, json};

pub const CLIENT: &str = "bienlai";
pub const SECRET: &str = "bí mật của bienlai";

/// How the next token is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signing {
    #[default]
    Honest,
    None,
    /// HS256, with the published key as the secret.
    PublicKeyAsSecret,
    /// Another's key under the published name.
    Forged,
}

/// What the next token says otherwise.
type Twist = Box<dyn FnOnce(&mut Value) + Send>;

struct Key {
    id: String,
    pair: RsaKeyPair,
}

impl Key {
    fn new(id: &str) -> Key {
        let key = RsaPrivateKey::new(&mut OsRng, 2_048).unwrap().to_pkcs8_der().unwrap();
        Key { id: id.to_owned(), pair: RsaKeyPair::from_pkcs8(key.as_bytes()).unwrap() }
    }

    fn jwk(&self) -> Value {
        let public: RsaPublicKeyComponents<Vec<u8>> = self.pair.public().into();
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id,
            "n": B64.encode(public.n), "e": B64.encode(public.e),
        })
    }

    fn sign(&self, signed: &str) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        signature
    }
}

struct Granted {
    nonce: String,
    challenge: String,
    redirect_url: String,
    subject: String,
}

#[derive(Default)]
struct Inner {
    keys: Vec<Key>,
    codes: BTreeMap<String, Granted>,
    drawn: u32,
    signing: Signing,
    twist: Option<Twist>,
    /// Paths that were asked, in order.
    asked: Vec<String>,
}

pub struct Oidc {
    pub address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

impl Oidc {
    pub fn start() -> Oidc {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Mutex::new(Inner { keys: vec![Key::new("one")], ..Inner::default() }));
        let shared = Arc::clone(&inner);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = serve(stream, address, &shared);
            }
        });
        Oidc { address, inner }
    }

    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The service's `[sso]` table, with more of it.
    pub fn section(&self, folder: &std::path::Path, more: &str) -> String {
        let file = folder.join("sso-secret");
        std::fs::write(&file, SECRET).unwrap();
        format!(
            "[sso]\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\nclient_secret_file = \"{}\"\n\
             display_name = \"cổng cán bộ\"\n{more}\n",
            self.issuer(),
            file.display()
        )
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub fn sign_next(&self, signing: Signing) {
        self.inner().signing = signing;
    }

    pub fn twist_next(&self, twist: impl FnOnce(&mut Value) + Send + 'static) {
        self.inner().twist = Some(Box::new(twist));
    }

    /// A new key signs from now on, and the one before is gone.
    pub fn rotate(&self, id: &str) {
        self.inner().keys = vec![Key::new(id)];
    }

    pub fn asked(&self, path: &str) -> usize {
        self.inner().asked.iter().filter(|one| one.as_str() == path).count()
    }

    /// Somebody signs in at the provider: from the address the service gave to the path it comes back by.
    pub fn authorize(&self, address: &str, subject: &str) -> String {
        let (endpoint, query) = address.split_once('?').expect("a question");
        assert_eq!(endpoint, format!("{}/authorize", self.issuer()));
        let asked = fields(query);
        let of = |name: &str| asked.get(name).cloned().unwrap_or_else(|| panic!("no {name} in {address}"));
        assert_eq!((of("response_type"), of("client_id")), ("code".into(), CLIENT.into()));
        assert_eq!((of("scope"), of("code_challenge_method")), ("openid".into(), "S256".into()));
        let mut inner = self.inner();
        inner.drawn += 1;
        let code = format!("code-{}", inner.drawn);
        let redirect_url = of("redirect_uri");
        let path = redirect_url.splitn(4, '/').nth(3).expect("a path").to_owned();
        let granted = Granted {
            nonce: of("nonce"),
            challenge: of("code_challenge"),
            redirect_url,
            subject: subject.to_owned(),
        };
        inner.codes.insert(code.clone(), granted);
        format!("/{path}?code={code}&state={}", of("state"))
    }
}

fn fields(text: &str) -> BTreeMap<String, String> {
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (plain(k), plain(v))).collect()
}

fn plain(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn serve(stream: TcpStream, address: SocketAddr, inner: &Mutex<Inner>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => authorization = value.trim().to_owned(),
            _ => (),
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = first.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let mut inner = inner.lock().unwrap();
    inner.asked.push(path.clone());
    let answer = match path.as_str() {
        "/.well-known/openid-configuration" => Some(discovery(address)),
        "/jwks" => Some(json!({ "keys": inner.keys.iter().map(Key::jwk).collect::<Vec<_>>() })),
        "/token" => token(&mut inner, address, &authorization, &String::from_utf8_lossy(&body)),
        _ => None,
    };
    let (status, text) = match answer {
        Some(answer) => ("200 OK", answer.to_string()),
        None => ("400 Bad Request", json!({ "error": "invalid_grant" }).to_string()),
    };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    )
}

fn discovery(address: SocketAddr) -> Value {
    let base = format!("http://{address}");
    json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    })
}

/// A code is good once, for its client and for whoever knows the verifier.
fn token(inner: &mut Inner, address: SocketAddr, authorization: &str, body: &str) -> Option<Value> {
    let pair = String::from_utf8(STANDARD.decode(authorization.strip_prefix("Basic ")?).ok()?).ok()?;
    let (client, secret) = pair.split_once(':')?;
    if (plain(client), plain(secret)) != (CLIENT.to_owned(), SECRET.to_owned()) {
        return None;
    }
    let sent = fields(body);
    let granted = inner.codes.remove(sent.get("code")?)?;
    let challenge = B64.encode(digest(&SHA256, sent.get("code_verifier")?.as_bytes()));
    if challenge != granted.challenge || sent.get("redirect_uri") != Some(&granted.redirect_url) {
        return None;
    }
    let now = Clock::System.now().seconds();
    let access_token = "một mã truy cập";
    let mut claims = json!({
        "iss": format!("http://{address}"), "sub": granted.subject, "aud": CLIENT, "nonce": granted.nonce,
        "iat": now, "exp": now + 300, "auth_time": now - 1,
        "at_hash": B64.encode(&digest(&SHA256, access_token.as_bytes()).as_ref()[..16]),
    });
    if let Some(twist) = inner.twist.take() {
        twist(&mut claims);
    }
    let id_token = signed(std::mem::take(&mut inner.signing), inner.keys.last()?, &claims);
    Some(json!({ "access_token": access_token, "token_type": "Bearer", "id_token": id_token }))
}

fn signed(signing: Signing, key: &Key, claims: &Value) -> String {
    let alg = match signing {
        Signing::Honest | Signing::Forged => "RS256",
        Signing::None => "none",
        Signing::PublicKeyAsSecret => "HS256",
    };
    let header = json!({ "alg": alg, "kid": key.id, "typ": "JWT" });
    let text = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    let signature = match signing {
        Signing::Honest => key.sign(&text),
        Signing::Forged => Key::new("another").sign(&text),
        Signing::None => Vec::new(),
        Signing::PublicKeyAsSecret => {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, key.jwk().to_string().as_bytes());
            hmac::sign(&secret, text.as_bytes()).as_ref().to_vec()
        }
    };
    format!("{text}.{}", B64.encode(signature))
}
