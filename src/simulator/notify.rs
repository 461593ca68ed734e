//! The bank's callbacks over HTTP, in the form and with the proof of each channel.

use std::cell::RefCell;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::bank::Booking;
use super::scenario::Report;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::payment::Direction;
use crate::payment::channel::{bank, sepay, token};

/// What the partners share with the service.
pub struct Partners {
    pub bank_channel: String,
    pub bank_secret: SecretString,
    pub sepay_channel: String,
    pub sepay_secret: SecretString,
    pub vietqr_channel: String,
    pub vietqr_user: String,
    pub vietqr_password: SecretString,
}

/// Sends callbacks to a running service. Lives on an actix thread.
pub struct Notifier {
    /// Without a slash at the end.
    service_url: String,
    partners: Partners,
    clock: Clock,
    client: awc::Client,
    /// VietQR.vn keeps the token it fetched until it is refused.
    token: RefCell<Option<String>>,
}

/// A partner waits so long for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

impl Notifier {
    pub fn new(service_url: &str, partners: Partners, clock: Clock) -> Notifier {
        let client = awc::Client::builder().timeout(PATIENCE).finish();
        Notifier { service_url: service_url.to_owned(), partners, clock, client, token: RefCell::new(None) }
    }

    /// Reports a booking; returns the HTTP status.
    pub async fn report(&self, booking: &Booking, report: Report) -> Result<u16> {
        match report {
            Report::Bank => self.as_bank(booking).await,
            Report::Sepay => self.as_sepay(booking).await,
            Report::Vietqr => self.as_vietqr(booking).await,
        }
    }

    async fn as_bank(&self, booking: &Booking) -> Result<u16> {
        let body = bank_body(booking).to_string();
        let secrets = std::slice::from_ref(&self.partners.bank_secret);
        let headers = bank::sign(secrets, self.clock.now(), body.as_bytes());
        let path = format!("/callback/{}", self.partners.bank_channel);
        self.post(&path, &headers, body).await.map(|(status, _)| status)
    }

    async fn as_sepay(&self, booking: &Booking) -> Result<u16> {
        let body = sepay_body(booking).to_string();
        let headers = sepay::sign(&self.partners.sepay_secret, self.clock.now(), body.as_bytes());
        let path = format!("/callback/{}", self.partners.sepay_channel);
        self.post(&path, &headers, body).await.map(|(status, _)| status)
    }

    async fn as_vietqr(&self, booking: &Booking) -> Result<u16> {
        let path = format!("/callback/{}/bank/api/transaction-sync", self.partners.vietqr_channel);
        let body = vietqr_body(booking).to_string();
        let remembered = self.token.borrow().clone();
        let first = match remembered {
            Some(token) => token,
            None => self.fetch_token().await?,
        };
        let (status, _) = self.post(&path, &token::present_token(&first), body.clone()).await?;
        if status != 401 {
            return Ok(status);
        }
        let second = self.fetch_token().await?;
        self.post(&path, &token::present_token(&second), body).await.map(|(status, _)| status)
    }

    async fn fetch_token(&self) -> Result<String> {
        let headers = token::present_password(&self.partners.vietqr_user, &self.partners.vietqr_password);
        let path = format!("/callback/{}/api/token_generate", self.partners.vietqr_channel);
        let (status, answer) = self.post(&path, &headers, String::new()).await?;
        let token = serde_json::from_slice::<Value>(&answer)
            .ok()
            .and_then(|answer| answer["access_token"].as_str().map(str::to_owned))
            .ok_or_else(|| Error::internal(format!("no token from the service: {status}")))?;
        *self.token.borrow_mut() = Some(token.clone());
        Ok(token)
    }

    async fn post(&self, path: &str, headers: &[(String, String)], body: String) -> Result<(u16, Vec<u8>)> {
        let mut request = self.client.post(format!("{}{path}", self.service_url));
        request = request.insert_header(("content-type", "application/json"));
        for (name, value) in headers {
            request = request.insert_header((name.as_str(), value.as_str()));
        }
        let failed = |error: &dyn std::fmt::Display| Error::busy("service_unreachable", 1, error.to_string());
        let mut answer = request.send_body(body).await.map_err(|error| failed(&error))?;
        let bytes = answer.body().await.map_err(|error| failed(&error))?;
        Ok((answer.status().as_u16(), bytes.to_vec()))
    }
}

fn bank_body(booking: &Booking) -> Value {
    json!({
        "notification_id": format!("VPB-{}", booking.bank_reference),
        "account_no": booking.account_no,
        "direction": booking.direction.as_str(),
        "amount": booking.amount,
        "currency": "VND",
        "memo": booking.memo,
        "booked_at": booking.booked_at,
        "bank_reference": booking.bank_reference,
        "trace": booking.trace,
        "sender_account": booking.sender_account,
        "sender_name": booking.sender_name,
    })
}

fn sepay_body(booking: &Booking) -> Value {
    let kind = if booking.direction == Direction::Credit { "in" } else { "out" };
    json!({
        "id": 92_000 + booking.no,
        "gateway": "VPBank",
        "transactionDate": booking.booked_at.in_hanoi().format("%Y-%m-%d %H:%M:%S").to_string(),
        "accountNumber": booking.account_no,
        "subAccount": null,
        "code": null,
        "content": booking.memo,
        "transferType": kind,
        "description": format!("BankAPINotify {}", booking.memo),
        "transferAmount": booking.amount,
        "referenceCode": booking.bank_reference,
        "accumulated": 0,
    })
}

fn vietqr_body(booking: &Booking) -> Value {
    let kind = if booking.direction == Direction::Credit { "C" } else { "D" };
    json!({
        "bankaccount": booking.account_no,
        "amount": booking.amount,
        "transType": kind,
        "content": booking.memo,
        "transactionid": format!("sim-{}", booking.bank_reference),
        "transactiontime": booking.booked_at.ms(),
        "referencenumber": booking.bank_reference,
        "orderId": "",
        "terminalCode": "",
        "sign": "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::channel::bank::{Bank, BankConfig};
    use crate::payment::channel::sepay::{Sepay, SepayConfig};
    use crate::payment::channel::{Channel, Incoming, Notice};
    use crate::simulator::bank::tests::busy_bank;

    #[test]
    fn what_the_simulator_sends_is_what_the_channels_read() {
        let (simulated, _) = busy_bank();
        let booking = &simulated.ledger()[0];
        let secret = SecretString::from("a-shared-secret-of-32-bytes-or-so");
        let bank = Bank::new(&BankConfig {
            name: "vpbank".into(),
            bank_bin: Some("970432".into()),
            secrets: vec![secret.clone()],
        })
        .unwrap();
        let sepay = Sepay::new(&SepayConfig {
            name: "sepay".into(),
            signing_secrets: vec![secret.clone()],
            api_keys: Vec::new(),
        })
        .unwrap();
        let now = booking.booked_at;
        let (bank_text, sepay_text) = (bank_body(booking).to_string(), sepay_body(booking).to_string());
        let bank_headers = bank::sign(std::slice::from_ref(&secret), now, bank_text.as_bytes());
        let sepay_headers = sepay::sign(&secret, now, sepay_text.as_bytes());
        let read = |channel: &dyn Channel, headers: &[(String, String)], body: &str| match channel
            .read(&Incoming { headers, body: body.as_bytes(), now })
        {
            Ok(Notice::Claim(claim)) => claim,
            other => panic!("{other:?}"),
        };
        for claim in [read(&bank, &bank_headers, &bank_text), read(&sepay, &sepay_headers, &sepay_text)] {
            assert_eq!(claim.amount, booking.amount);
            assert_eq!(claim.bank_reference.as_deref(), Some(booking.bank_reference.as_str()));
            assert_eq!(claim.memo, booking.memo);
            assert_eq!(claim.occurred_at.unwrap().seconds(), now.seconds());
        }
    }
}
