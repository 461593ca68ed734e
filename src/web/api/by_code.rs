//! Units and accounts in answers, named as requests name them: by official code and account number.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::error::Result;
use crate::id::{AccountId, UnitId};
use crate::store::Conn;
use crate::unit::{self, account};

/// The answer with `unit` as its code and `account` as its number, wherever they stand as ids; the id of the
/// account stands beside it as `account_id`.
///
/// # Errors
/// Those of the store.
pub(super) fn named(conn: &mut Conn, mut answer: Value) -> Result<Value> {
    Names::default().walk(conn, None, &mut answer)?;
    Ok(answer)
}

/// What was looked up already.
#[derive(Default)]
struct Names {
    codes: HashMap<UnitId, String>,
    numbers: HashMap<(UnitId, AccountId), String>,
}

impl Names {
    /// An account without a unit beside it is of the unit around it.
    fn walk(&mut self, conn: &mut Conn, around: Option<UnitId>, value: &mut Value) -> Result<()> {
        match value {
            Value::Array(all) => all.iter_mut().try_for_each(|one| self.walk(conn, around, one)),
            Value::Object(fields) => {
                let unit = id_in::<UnitId>(fields, "unit").or(around);
                self.name(conn, unit, fields)?;
                fields.values_mut().try_for_each(|one| self.walk(conn, unit, one))
            }
            _ => Ok(()),
        }
    }

    fn name(&mut self, conn: &mut Conn, unit: Option<UnitId>, fields: &mut Map<String, Value>) -> Result<()> {
        let Some(unit) = unit else { return Ok(()) };
        if let Some(account) = id_in::<AccountId>(fields, "account") {
            let number = self.number(conn, unit, account)?;
            fields.insert("account_id".to_owned(), Value::String(account.to_string()));
            fields.insert("account".to_owned(), Value::String(number));
        }
        if id_in::<UnitId>(fields, "unit").is_some() {
            let code = self.code(conn, unit)?;
            fields.insert("unit".to_owned(), Value::String(code));
        }
        Ok(())
    }

    fn code(&mut self, conn: &mut Conn, unit: UnitId) -> Result<String> {
        if let Some(code) = self.codes.get(&unit) {
            return Ok(code.clone());
        }
        let code = unit::find(conn, unit)?.code;
        self.codes.insert(unit, code.clone());
        Ok(code)
    }

    fn number(&mut self, conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<String> {
        if let Some(number) = self.numbers.get(&(unit, account)) {
            return Ok(number.clone());
        }
        let number = account::find(conn, unit, account)?.account_no;
        self.numbers.insert((unit, account), number.clone());
        Ok(number)
    }
}

/// None for what is named already.
fn id_in<I: std::str::FromStr>(fields: &Map<String, Value>, name: &str) -> Option<I> {
    fields.get(name)?.as_str()?.parse().ok()
}
