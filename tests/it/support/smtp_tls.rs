//! A mail server as the world has them: TLS from the first byte or by STARTTLS, and a login before it
//! takes anything.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub const USER: &str = "bienlai";
pub const PASSWORD: &str = "mat-khau-thu";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    StartTls,
    Wrapper,
}

#[derive(Default)]
pub struct Seen {
    /// What was said before the connection was encrypted.
    pub in_the_clear: Vec<String>,
    pub mails: Vec<String>,
    pub refused_logins: usize,
}

pub struct TlsMailServer {
    pub address: SocketAddr,
    /// The authority that the server's certificate comes from.
    pub authority_pem: String,
    seen: Arc<Mutex<Seen>>,
}

impl TlsMailServer {
    pub fn start(mode: Mode) -> TlsMailServer {
        let (config, authority_pem) = identity();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, shared) = (Arc::clone(&config), Arc::clone(&shared));
                std::thread::spawn(move || {
                    let _ = serve(stream, mode, config, &shared);
                });
            }
        });
        TlsMailServer { address, authority_pem, seen }
    }

    pub fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }
}

/// A certificate for 127.0.0.1 from an authority of its own.
fn identity() -> (Arc<ServerConfig>, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], secret)
        .unwrap();
    (Arc::new(config), authority.pem())
}

fn serve(
    stream: TcpStream,
    mode: Mode,
    config: Arc<ServerConfig>,
    seen: &Mutex<Seen>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    if mode == Mode::StartTls && !greet_in_the_clear(&stream, seen)? {
        return Ok(());
    }
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut tls = BufReader::new(StreamOwned::new(connection, stream));
    if mode == Mode::Wrapper {
        say(&mut tls, "220 mail.example ESMTP")?;
    }
    converse(&mut tls, seen)
}

/// True when the client asked for encryption.
fn greet_in_the_clear(stream: &TcpStream, seen: &Mutex<Seen>) -> std::io::Result<bool> {
    let mut out = stream;
    out.write_all(b"220 mail.example ESMTP\r\n")?;
    // Byte by byte, so that nothing of the handshake is swallowed.
    loop {
        let mut line = Vec::new();
        let mut byte = [0_u8];
        while !line.ends_with(b"\r\n") {
            if (&*stream).read(&mut byte)? == 0 {
                return Ok(false);
            }
            line.push(byte[0]);
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        seen.lock().unwrap().in_the_clear.push(line.clone());
        match line.get(..4) {
            Some("EHLO") => out.write_all(b"250-mail.example\r\n250 STARTTLS\r\n")?,
            Some("STAR") => {
                out.write_all(b"220 go on\r\n")?;
                return Ok(true);
            }
            _ => out.write_all(b"530 5.7.0 STARTTLS first\r\n")?,
        }
    }
}

type Tls = BufReader<StreamOwned<ServerConnection, TcpStream>>;

fn say(tls: &mut Tls, line: &str) -> std::io::Result<()> {
    tls.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
    tls.get_mut().flush()
}

fn converse(tls: &mut Tls, seen: &Mutex<Seen>) -> std::io::Result<()> {
    let mut is_known = false;
    loop {
        let mut line = String::new();
        if tls.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        match line.get(..4).unwrap_or_default() {
            "EHLO" => say(tls, "250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN")?,
            "AUTH" => {
                let given = line.strip_prefix("AUTH PLAIN ").map(|text| BASE64.decode(text));
                let wanted = format!("\0{USER}\0{PASSWORD}").into_bytes();
                is_known = matches!(given, Some(Ok(bytes)) if bytes == wanted);
                seen.lock().unwrap().refused_logins += usize::from(!is_known);
                say(tls, if is_known { "235 2.7.0 ok" } else { "535 5.7.8 bad credentials" })?;
            }
            "MAIL" | "RCPT" | "DATA" if !is_known => say(tls, "530 5.7.0 log in first")?,
            "MAIL" | "RCPT" | "RSET" | "NOOP" => say(tls, "250 2.0.0 ok")?,
            "DATA" => {
                say(tls, "354 go on")?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    if tls.read_line(&mut mail)? == 0 {
                        return Ok(());
                    }
                }
                seen.lock().unwrap().mails.push(mail);
                say(tls, "250 2.0.0 taken")?;
            }
            "QUIT" => return say(tls, "221 2.0.0 bye"),
            _ => say(tls, "502 5.5.2 unknown")?,
        }
    }
}
