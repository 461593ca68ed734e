//! The payment code of an obligation: always for what is still owed.

use serde::Serialize;

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::obligation::Obligation;
use crate::obligation::bank_bin;
use crate::obligation::reference::ReferenceCode;
use crate::obligation::vietqr::{Payload, memo_for};
use crate::obligation::virtual_account;
use crate::store::Conn;
use crate::unit::account;

/// Printed after the code in the memo, for people who read their statements.
const MEMO_WORDS: &str = "NOP PHI";

/// What a banking app needs, whether it scans or somebody types.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Drawn {
    /// The text of the QR code.
    #[serde(rename = "payload")]
    pub text: String,
    pub amount: Dong,
    pub memo: String,
    pub bank_bin: String,
    pub bank: String,
    pub account_no: String,
    pub account_holder: String,
}

/// The payload for the outstanding amount, to the obligation's virtual account where its bank gives such
/// numbers today. `obligation_closed` when nothing is owed.
pub fn payload(conn: &mut Conn, obligation: &Obligation, today: BusinessDay) -> Result<Drawn> {
    let amount = obligation.outstanding();
    if !amount.is_positive() {
        return Err(Error::conflict("obligation_closed", "nothing is owed on it"));
    }
    let account = account::find(conn, obligation.unit, obligation.account)?;
    let code: ReferenceCode = obligation
        .reference_code
        .parse()
        .map_err(|_| Error::internal("a stored reference code is unreadable"))?;
    let memo = memo_for(&code, MEMO_WORDS);
    let range = virtual_account::in_force(conn, obligation.unit, obligation.account, today)?;
    let account_no = range.and_then(|range| range.number_of(&code)).unwrap_or(account.account_no);
    let payload = Payload {
        bank_bin: account.bank_bin.clone(),
        account_no: account_no.clone(),
        amount: Some(amount),
        memo: Some(memo.clone()),
        ..Payload::default()
    };
    Ok(Drawn {
        text: payload.encode()?,
        amount,
        memo,
        bank: bank_bin::name_of(&account.bank_bin).to_owned(),
        bank_bin: account.bank_bin,
        account_no,
        account_holder: account.holder_name,
    })
}
