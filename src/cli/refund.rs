//! `bienlai refund …`

use std::path::Path;

use clap::{Args, Subcommand};

use super::listing::{Layout, List};
use super::office::{self, Office, Roles};
use super::{DONE, print_json};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::{PaymentId, PersonId, RefundId, UnitId};
use crate::payment::refund::{self, Ask, Payee, Refund, query};
use crate::store::{Conn, Stamp, Tx};
use crate::web::{both, refund_view};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask for surplus of a payment to go back to its payer; another person approves
    ///
    /// Example: bienlai refund request pay_… --amount 5000 --reason "nộp thừa" --bank 970432
    /// --account 0123456789 --holder "NGƯỜI NỘP MẪU" --person per_…
    Request(Request),
    /// Name the account that is paid, before approval
    Payee(NamePayee),
    /// Approve a refund; another person than those who asked and who named the payee
    Approve(Step),
    /// Note that the bank has the transfer; its text must carry the refund's reference code
    ///
    /// The statement's debit line with that code and exactly that amount proves it. After a bounce it
    /// may be sent again.
    Send(Step),
    /// Refuse a refund that is not on its way; its money is surplus again
    Refuse(Refusal),
    /// The refunds of a unit, newest first
    List(List),
}

#[derive(Debug, Args)]
pub struct Account {
    /// The payee's bank: its BIN or name
    #[arg(long)]
    bank: String,
    /// The payee's account number
    #[arg(long, value_name = "NO")]
    account: String,
    /// The account holder's name
    #[arg(long)]
    holder: String,
}

#[derive(Debug, Args)]
pub struct Request {
    /// The payment with the surplus, as pay_…
    payment: PaymentId,
    /// Whole đồng
    #[arg(long, value_name = "DONG")]
    amount: i64,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    payee: Account,
    /// Who asks, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct NamePayee {
    #[command(flatten)]
    step: Step,
    #[command(flatten)]
    payee: Account,
}

#[derive(Debug, Args)]
pub struct Step {
    /// The refund, as rfd_…
    refund: RefundId,
    /// Who acts, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Refusal {
    #[command(flatten)]
    step: Step,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
}

impl Account {
    fn payee(&self) -> Payee {
        Payee { bank: self.bank.clone(), account_no: self.account.clone(), holder: self.holder.clone() }
    }
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Request(request) => ask(&office, &request)?,
        Command::Payee(named) => take(&office, &named.step, office::CLERKS, |tx, stamp, actor, unit, id| {
            refund::name_payee(tx, stamp, actor, unit, id, &named.payee.payee())
        })?,
        Command::Approve(step) => take(&office, &step, office::DECIDERS, refund::approve)?,
        Command::Send(step) => take(&office, &step, (Role::Finance, &[]), refund::send)?,
        Command::Refuse(refusal) => {
            take(&office, &refusal.step, office::DECIDERS, |tx, stamp, actor, unit, id| {
                refund::refuse(tx, stamp, actor, unit, id, &refusal.reason)
            })?;
        }
        Command::List(list) => show(&office, &list)?,
    }
    Ok(DONE)
}

fn ask(office: &Office, request: &Request) -> Result<()> {
    let locate = |conn: &mut Conn, scope: &Scope| {
        query::unit_of_payment(conn, scope, request.payment)?
            .ok_or_else(|| Error::not_found("payment_not_found", "no such payment"))
    };
    let actor = office.acting(office::CLERKS, request.person, |conn| locate(conn, &Scope::All))?;
    let made = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor.scope)?;
        let ask = Ask {
            unit,
            payment: request.payment,
            amount: Dong(request.amount),
            reason: request.reason.clone(),
            payee: Some(request.payee.payee()),
        };
        refund::request(tx, stamp, &actor, &ask)
    })?;
    print_json(&refund_view(&made))
}

fn take(
    office: &Office,
    step: &Step,
    roles: Roles,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, RefundId) -> Result<Refund>,
) -> Result<()> {
    let locate = |conn: &mut Conn, scope: &Scope| {
        query::unit_of(conn, scope, step.refund)?.ok_or_else(refund::not_found)
    };
    let actor = office.acting(roles, step.person, |conn| locate(conn, &Scope::All))?;
    let changed = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor.scope)?;
        act(tx, stamp, &actor, unit, step.refund)
    })?;
    print_json(&refund_view(&changed))
}

fn show(office: &Office, list: &List) -> Result<()> {
    let layout = Layout {
        headings: &["Mã", "Khoản nộp", "Trạng thái", "Số tiền", "Mã hoàn tiền"],
        right: &[3],
        cells: |item: &Refund| {
            vec![
                item.id.to_string(),
                item.payment.to_string(),
                both::refund_state(item.state),
                item.amount.to_string(),
                item.reference_code.clone(),
            ]
        },
    };
    list.print(office, |conn, unit, limit| query::page(conn, unit, None, limit), refund_view, &layout)
}
