//! The demo as a client of the service: what the city's dossier system would send.

use std::time::Duration;

use serde_json::Value;

use crate::error::{Error, Result};

const PATIENCE: Duration = Duration::from_secs(30);

/// Calls the API with one token. Lives on an actix thread.
pub struct Api {
    service_url: String,
    token: String,
    client: awc::Client,
}

impl Api {
    pub fn new(service_url: &str, token: &str) -> Api {
        let client = awc::Client::builder().timeout(PATIENCE).finish();
        Api { service_url: service_url.to_owned(), token: token.to_owned(), client }
    }

    /// Sends a JSON body; the answer's JSON when the service accepted it.
    pub async fn post(&self, path: &str, idempotency_key: &str, body: &Value) -> Result<Value> {
        let request = self
            .client
            .post(format!("{}{path}", self.service_url))
            .insert_header(("authorization", format!("Bearer {}", self.token)))
            .insert_header(("idempotency-key", idempotency_key))
            .insert_header(("content-type", "application/json"));
        let unreachable =
            |error: &dyn std::fmt::Display| Error::busy("service_unreachable", 1, error.to_string());
        let mut answer = request.send_body(body.to_string()).await.map_err(|error| unreachable(&error))?;
        let bytes = answer.body().await.map_err(|error| unreachable(&error))?;
        if !answer.status().is_success() {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Err(Error::internal(format!("POST {path}: {} {text}", answer.status())));
        }
        serde_json::from_slice(&bytes).map_err(|error| Error::internal(format!("POST {path}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_service_that_is_not_there_is_named_as_such() {
        let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let api = Api::new(&format!("http://{nowhere}"), "token");
        let refused = api.post("/api/v1/obligations", "1", &Value::Null).await.unwrap_err();
        assert!(refused.is_busy() && refused.code() == "service_unreachable", "{refused:?}");
    }
}
