//! A service on a free port over a fresh SQLite file, with one unit, one channel and its people.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::http::Method;
use awc::ClientResponse;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::app::{App, Running};
use crate::clock::Clock;
use crate::config::Config;
use crate::id::{PersonId, UnitId};
use crate::identity::{self, NewClient};
use crate::receipt::key::alarm::{self, Alarm, Kind};
use crate::receipt::testing;
use crate::tariff::edition;
use crate::unit::account::NewAccount;
use crate::unit::certificate::{self, NewCertificate};
use crate::unit::series::{self, NewSeries};
use crate::unit::trust::{self, Grant};
use crate::unit::{self, CITY, NewUnit};
use crate::web::serve_until;

pub const SECRET: &str = "bienlai-test-secret-of-32-bytes!";
pub const ACCOUNT_NO: &str = "0123456789";

pub struct Service {
    pub app: Arc<App>,
    address: SocketAddr,
    pub dossier: String,
    pub cashier: String,
    pub finance: String,
    pub approver: String,
    pub stranger: String,
    /// Another dossier system of the same unit.
    pub neighbour: String,
    pub unit_reader: String,
}

/// What came back.
pub struct Reply {
    pub status: u16,
    pub headers: awc::http::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Runs a story against the real server and stops it in good order.
pub fn with_service<F: Future<Output = ()>>(name: &str, story: impl FnOnce(Arc<Service>) -> F) {
    with_service_as(name, "", story);
}

/// The same with more of its configuration.
pub fn with_service_as<F: Future<Output = ()>>(
    name: &str,
    sections: &str,
    story: impl FnOnce(Arc<Service>) -> F,
) {
    let app = open_as(name, sections);
    let running = Arc::new(Running::start(Arc::clone(&app)).unwrap());
    let served = Arc::clone(&running);
    actix_web::rt::System::new().block_on(async move {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (announce, announced) = tokio::sync::oneshot::channel();
        let server = actix_web::rt::spawn(serve_until(served, |at| announce.send(at).unwrap(), async {
            let _ = stopped.await;
        }));
        let address = announced.await.unwrap();
        story(Arc::new(furnish(app, address))).await;
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    });
    let running = Arc::try_unwrap(running).unwrap_or_else(|_| panic!("the server still holds the app"));
    running.stop();
}

pub fn open(name: &str) -> Arc<App> {
    open_as(name, "")
}

fn open_as(name: &str, sections: &str) -> Arc<App> {
    let folder = std::env::temp_dir().join(format!("bienlai-web-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let text = format!(
        "[database]\nurl = \"sqlite://{}/test.db\"\n[web]\nlisten = \"127.0.0.1:0\"\nlookups_per_minute = 12\n\
         public_url = \"https://bienlai.example\"\n[vault]\nmaster_key = \"{}\"\n\
         [onboarding]\nrequired = false\n\
         [[channels.bank]]\nname = \"vpbank\"\nbank_bin = \"970432\"\nsecrets = [\"{SECRET}\"]\n\
         [[channels.vietqr]]\nname = \"vqr\"\nuser = \"vietqr\"\npasswords = [\"password-of-vietqr\"]\n\
         token_keys = [\"newest-token-key-of-thirty-two-bytes\"]\n{sections}",
        folder.display(),
        "07".repeat(32)
    );
    App::open(Config::parse(&text).unwrap(), Clock::fixed(testing::now())).unwrap()
}

fn furnish(app: Arc<App>, address: SocketAddr) -> Service {
    let system = Actor::system();
    let unit = register(&app, &system);
    let person = |name: &str| {
        app.write(&system, |tx, stamp| identity::create_person(tx, stamp, &system, unit, name)).unwrap()
    };
    let (maker, checker) = (person("Lê Thị Mẫu"), person("Phạm Văn Mẫu"));
    trust(&app, &system, unit, maker, checker);
    let client = |role, person, scope: Scope| token(&app, role, person, scope);
    let own = Scope::unit(unit);
    Service {
        dossier: client(Role::DossierSystem, None, own.clone()),
        cashier: client(Role::Cashier, Some(maker), own.clone()),
        finance: client(Role::Finance, Some(maker), own.clone()),
        approver: client(Role::Approver, Some(checker), own),
        stranger: client(Role::DossierSystem, None, Scope::unit(CITY)),
        neighbour: token_of(&app, "another system", Role::DossierSystem, None, Scope::unit(unit)),
        unit_reader: client(Role::UnitReader, None, Scope::unit(unit)),
        app,
        address,
    }
}

impl Service {
    /// The token of an administrator of the city.
    pub fn administrator(&self) -> String {
        token(&self.app, Role::Administrator, None, Scope::All)
    }

    /// Nobody says whether the unit's certificate is revoked.
    pub fn alarm_of_the_certificate(&self) {
        let stored = self.app.store.read(&Scope::All, certificate::all).unwrap().remove(0);
        let alarm = Alarm::of_certificate(stored.unit, stored.id, Kind::StatusStale, "remote_unreachable");
        assert_eq!(alarm::raise(&self.app.store, &self.app.stamp(), &[alarm]).unwrap(), 1);
    }
}

fn token(app: &App, role: Role, person: Option<PersonId>, scope: Scope) -> String {
    token_of(app, role.as_str(), role, person, scope)
}

fn token_of(app: &App, name: &str, role: Role, person: Option<PersonId>, scope: Scope) -> String {
    let system = Actor::system();
    let new = NewClient { unit: CITY, name: name.to_owned(), person, role, scope };
    let made = app.write(&system, |tx, stamp| identity::create_client(tx, stamp, &system, new.clone()));
    made.unwrap().1.expose_secret().to_owned()
}

fn register(app: &App, system: &Actor) -> UnitId {
    let on = "2025-07-01".parse().unwrap();
    app.write(system, |tx, stamp| {
        let unit = unit::register(
            tx,
            stamp,
            system,
            NewUnit {
                code: "00070".into(),
                name: "Ủy ban nhân dân phường Mẫu".into(),
                kind: "phường".into(),
                tax_code: testing::TAX_CODE.into(),
                budget_code: None,
                address: "Số 1, đường Mẫu".into(),
                phone: None,
                valid_from: on,
            },
        )?;
        unit::account::register(
            tx,
            stamp,
            system,
            NewAccount {
                unit,
                bank_bin: "970432".into(),
                account_no: ACCOUNT_NO.into(),
                holder_name: "UBND PHUONG MAU".into(),
                opened_on: on,
                opening_balance: Dong::ZERO,
            },
        )?;
        unit::registration::record(
            tx,
            stamp,
            system,
            unit::registration::Acceptance {
                unit,
                form: "01/ĐKTĐ-CTĐT".into(),
                notice_no: "TB-01".into(),
                accepted_on: stamp.today(),
                document_kinds: vec!["receipt".into(), "invoice".into()],
                office_code: "10100".into(),
                office_name: "Thuế thử".into(),
                certificates: vec![unit::registration::ListedCertificate {
                    issuer: "thử".into(),
                    serial: "1".into(),
                    valid_from: stamp.now,
                    valid_until: stamp.now.plus_seconds(86_400),
                    action: unit::registration::CertificateAction::Add,
                }],
                filing: None,
            },
        )?;
        series::open(
            tx,
            stamp,
            system,
            NewSeries {
                unit,
                document_kind: "receipt".into(),
                template: "01BLP0-001".into(),
                series: "BL-26E".into(),
                year: 2026,
                last_allowed_no: 1_000,
                registration: "TB-01".into(),
            },
        )?;
        series::open(
            tx,
            stamp,
            system,
            NewSeries {
                unit,
                document_kind: "invoice_vat".into(),
                template: "1".into(),
                series: "K26TAA".into(),
                year: 2026,
                last_allowed_no: 1_000,
                registration: "TB-02".into(),
            },
        )?;
        let key_pem = SecretString::from(testing::SIGNER_PEM);
        certificate::store(
            tx,
            stamp,
            system,
            NewCertificate {
                unit,
                subject: "test".into(),
                issuer: "thử".into(),
                serial: "1".into(),
                certificate_pem: testing::SIGNER_PEM.into(),
                chain_pem: testing::SIGNER_PEM.into(),
                key_pem: &key_pem,
                not_before: stamp.now.minus_seconds(86_400),
                not_after: stamp.now.plus_seconds(86_400),
                is_test: true,
            },
        )?;
        let loaded =
            edition::store_first(tx, stamp, system, include_str!("../../../fixtures/tariff/hanoi.toml"))?;
        assert!(loaded.is_ok(), "the tariff of the fixtures loads");
        Ok(unit)
    })
    .unwrap()
}

fn trust(app: &App, system: &Actor, unit: UnitId, maker: PersonId, checker: PersonId) {
    app.write(system, |tx, stamp| {
        let account = unit::account::receiving(tx, unit)?.id;
        trust::grant(
            tx,
            stamp,
            system,
            Grant {
                unit,
                account,
                channel: "vpbank".into(),
                valid_from: "2026-01-01".parse()?,
                valid_until: "2026-12-31".parse()?,
                agreement_no: "HD-01".into(),
                claim_limit: Dong(50_000_000),
                unproven_limit: Dong(500_000_000),
                age_limit_days: 5,
                maker,
                checker,
            },
        )
    })
    .unwrap();
}

/// Three pages, twice: 2 × (2 × 2.000 + 1.000) = 10.000 đồng.
pub fn copies(dossier_code: &str) -> Value {
    json!({
        "unit": "00070",
        "dossier_code": dossier_code,
        "procedure_code": "2.000815",
        "procedure_field": "Chứng thực",
        "intake_mode": "counter",
        "submitted_at": "2026-09-02T07:30:00+07:00",
        "due_on": "2026-09-09",
        "electronic_payment_required": false,
        "payer": { "name": "Trần Thị Mẫu", "personal_id": "001199000000" },
        "lines": [{ "item": "chung_thuc_ban_sao", "pages": 3, "copies": 2 }],
    })
}

impl Service {
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        let mut request = awc::Client::default().request(method, format!("http://{}{path}", self.address));
        for header in headers {
            request = request.append_header(*header);
        }
        let mut response: ClientResponse<_> = request.send_body(body).await.unwrap();
        Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body().limit(8 << 20).await.unwrap().to_vec(),
        }
    }

    pub async fn get(&self, token: &str, path: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        let headers: &[(&str, &str)] = if token.is_empty() { &[] } else { &[("authorization", &bearer)] };
        self.send(Method::GET, path, headers, Vec::new()).await
    }

    pub async fn post(&self, token: &str, path: &str, key: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str())];
        if !key.is_empty() {
            headers.push(("idempotency-key", key));
        }
        self.send(Method::POST, path, &headers, body.to_string().into_bytes()).await
    }

    /// Raises 10.000 đồng for a dossier.
    pub async fn raise(&self, dossier_code: &str) -> Value {
        let reply =
            self.post(&self.dossier, "/api/v1/obligations", dossier_code, &copies(dossier_code)).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()
    }

    /// The bank says that so much came in under this memo.
    pub async fn bank_says(&self, id: &str, memo: &str, amount: i64) -> Reply {
        let body = json!({
            "notification_id": id, "account_no": ACCOUNT_NO, "direction": "credit", "amount": amount,
            "currency": "VND", "memo": memo, "booked_at": "2026-09-02T08:00:00+07:00",
        })
        .to_string()
        .into_bytes();
        let at = self.app.clock.now().seconds().to_string();
        let proof = proof(&at, &body);
        let headers = [("x-bienlai-timestamp", at.as_str()), ("x-bienlai-signature", proof.as_str())];
        self.send(Method::POST, "/callback/vpbank", &headers, body).await
    }

    /// Signs what waits, as the worker does soon after.
    pub async fn seal(&self) {
        let app = Arc::clone(&self.app);
        actix_web::web::block(move || crate::worker::seal_waiting(&app)).await.unwrap();
    }
}

/// `v1=` and the HMAC over `timestamp.body`, as the bank's specification says.
fn proof(timestamp: &str, body: &[u8]) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    let message = [timestamp.as_bytes(), b".", body].concat();
    format!("v1={}", crate::text::hex(ring::hmac::sign(&key, &message).as_ref()))
}
