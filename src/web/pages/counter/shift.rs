//! `/counter/shift`: a cashier opens the drawer with a counted float and closes it with a count.

use std::cmp::Reverse;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::{in_use, in_use_or_of_today, own_unit, together};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{ObligationId, ShiftId};
use crate::shift::count::{Count, DENOMINATIONS};
use crate::shift::provisional::{NEXT_SLIP, Slip};
use crate::shift::report::{self, Report};
use crate::shift::turn::Turn;
use crate::shift::{self, Shift, State, provisional, provisional_query};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong, of_field};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// A note with the pieces that were typed.
struct Note {
    value: i64,
    words: String,
    pieces: String,
}

/// A pad of provisional slips in hand, with the number that was typed as its first unused one.
struct NextSlip {
    /// The field's.
    name: String,
    numbers: String,
    typed: String,
}

/// The figures of a drawer.
struct Drawer {
    id: ShiftId,
    opened_at: String,
    float: String,
    /// Left in it when it was closed before on this day; None for nothing.
    carried: Option<String>,
    cash: String,
    card: String,
    /// On its way to the bank; None for nothing.
    handed_over: Option<String>,
    expected: String,
}

/// A count that is not what the drawer should hold: seen before the shift is closed with it.
struct Differs {
    counted: i64,
    sums: String,
    difference: String,
}

/// How the last closing of today came out.
struct Closed {
    variance: String,
    is_even: bool,
    is_signed_off: bool,
}

/// One time that the drawer was open: from a counted float to the count that closed it.
struct TurnRow {
    opened_at: String,
    float: String,
    carried: String,
    cash: String,
    card: String,
    handed_over: String,
    expected: String,
    /// Empty while it is open.
    counted: String,
    variance: String,
}

/// What a cashier sees of their drawer: while it is open, how it came out, each time it was open; the first and last
/// number of each pad of provisional slips of which closing asks how far it was used.
type Seen = (Option<Drawer>, Option<Closed>, Vec<TurnRow>, Vec<(i64, i64)>);

#[derive(Template)]
#[template(path = "shift.html")]
struct ShiftPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    drawer: Option<Drawer>,
    closed: Option<Closed>,
    differs: Option<Differs>,
    /// Each time the drawer was open, the newest first; none before the first count.
    turns: Vec<TurnRow>,
    /// What the cashier was about to take when no shift was open, as the form sends it on.
    begun: String,
    notes: Vec<Note>,
    /// The sum of the pieces that were typed.
    counted: String,
    /// Slips are on paper: closing asks for the first unused one of each pad.
    slips: Vec<NextSlip>,
    must_confirm: bool,
    has_second_factor: bool,
}

impl ShiftPage {
    /// A difference of today waits for another person, who closes the drawer or sends it back.
    fn waits(&self) -> bool {
        self.closed.as_ref().is_some_and(|closed| !closed.is_signed_off)
    }
}

/// Where a cashier began who finds that no shift is open: one obligation, or several to be taken together. It is
/// read as ids and nothing else, so that a link made by somebody else leads nowhere but to this desk.
struct Begun(Vec<ObligationId>);

impl Begun {
    fn read(text: &str) -> Begun {
        let ids = text.split(',').filter(|id| !id.is_empty()).map(str::parse);
        Begun(ids.collect::<Result<_>>().unwrap_or_default())
    }

    fn text(&self) -> String {
        let ids: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        ids.join(",")
    }

    fn path(&self) -> Option<String> {
        match self.0.as_slice() {
            [] => None,
            [one] => Some(format!("/counter/obligations/{one}")),
            several => Some(together::address(several)),
        }
    }
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    begun: String,
}

/// `GET /counter/shift`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked = extract::query::<Asked>(&request).unwrap_or_default();
    let typed = Fields::of(vec![("begun".to_owned(), asked.begun)]);
    let page = compose(&request, &signed, &shared, &typed, Wrong::default()).await?;
    Ok(html(StatusCode::OK, &page))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    typed: &Fields,
    wrong: Wrong,
) -> Result<ShiftPage> {
    signed.require(&[Role::Cashier])?;
    let frame = Frame::of(signed, request);
    let app = Arc::clone(shared.app());
    let (actor, csrf) = (signed.actor.clone(), signed.csrf.clone());
    let note = |value: i64| Note {
        value,
        words: Dong(value).to_string(),
        pieces: typed.trimmed(&format!("n{value}")).to_owned(),
    };
    let notes = DENOMINATIONS.into_iter().map(note).collect();
    let begun = Begun::read(typed.get("begun")).text();
    let counted = count_of(typed).and_then(|count| count.total()).unwrap_or(Dong::ZERO).to_string();
    let (drawer, closed, turns, pads) = block(move || {
        let today = app.clock.now().business_day();
        app.read(&actor, |conn| seen(conn, &actor, today))
    })
    .await?;
    Ok(ShiftPage {
        frame,
        csrf,
        wrong,
        drawer,
        closed,
        differs: None,
        turns,
        begun,
        notes,
        counted,
        slips: next_of(&pads, typed),
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
    })
}

/// The drawer that is in use, or what became of today's.
fn seen(conn: &mut Conn, actor: &Actor, today: BusinessDay) -> Result<Seen> {
    let unit = own_unit(actor)?;
    let Some(shift) = in_use_or_of_today(conn, actor, unit, today)? else {
        return Ok((None, None, Vec::new(), Vec::new()));
    };
    let report = report::report(conn, &shift)?;
    let turns =
        if report.counts.iter().any(|one| one.kind == "closing") { turns(&report)? } else { Vec::new() };
    match shift.state {
        State::InUse => {
            let slips = provisional_query::of_person(conn, unit, shift.person)?;
            let ends = |pad: &[Slip]| Some((pad.first()?.number, pad.last()?.number));
            let pads = provisional::asked_for_next(&slips).into_iter().filter_map(ends).collect();
            Ok((Some(drawer(&shift, &report)?), None, turns, pads))
        }
        _ => Ok((None, closed(&shift, &report), turns, Vec::new())),
    }
}

fn turns(report: &Report) -> Result<Vec<TurnRow>> {
    let row = |one: &Turn| -> Result<TurnRow> {
        let expected = one.expected.map_or_else(|| expected(report), Ok)?;
        Ok(TurnRow {
            opened_at: one.opened_at.in_hanoi().format("%H:%M").to_string(),
            float: one.float.to_string(),
            carried: one.carried(expected)?.to_string(),
            cash: one.cash_taken.to_string(),
            card: one.card_taken.to_string(),
            handed_over: one.handed_over.to_string(),
            expected: expected.to_string(),
            counted: one.counted.map(|counted| counted.to_string()).unwrap_or_default(),
            variance: one.variance.map(|variance| variance.to_string()).unwrap_or_default(),
        })
    };
    report.turns.iter().rev().map(row).collect()
}

/// The turn that is open: what was taken before it has its own row below.
fn drawer(shift: &Shift, report: &Report) -> Result<Drawer> {
    let expected = expected(report)?;
    let turn = report.turns.last().ok_or_else(shift::not_found)?;
    let carried = turn.carried(expected)?;
    Ok(Drawer {
        id: shift.id,
        opened_at: turn.opened_at.in_hanoi().format("%H:%M %d/%m/%Y").to_string(),
        float: turn.float.to_string(),
        carried: (!carried.is_zero()).then(|| carried.to_string()),
        cash: turn.cash_taken.to_string(),
        card: turn.card_taken.to_string(),
        handed_over: turn.handed_over.is_positive().then(|| turn.handed_over.to_string()),
        expected: expected.to_string(),
    })
}

/// What the drawer should hold.
fn expected(report: &Report) -> Result<Dong> {
    report.float.checked_add(report.held)
}

/// What a count differs by, unless it was seen for just this count before.
fn differs(conn: &mut Conn, lang: Lang, actor: &Actor, fields: &Fields) -> Result<Option<Differs>> {
    let Some(shift) = in_use(conn, actor, own_unit(actor)?)? else { return Ok(None) };
    let expected = expected(&report::report(conn, &shift)?)?;
    let counted = count_of(fields)?.total()?;
    // A slip that is in no book keeps the shift open, whatever was counted.
    if provisional::check_closing(conn, shift.unit, shift.person, &next_slips(fields)?).is_err() {
        return Ok(None);
    }
    if counted == expected || fields.get("differs") == counted.0.to_string() {
        return Ok(None);
    }
    Ok(Some(Differs {
        counted: counted.0,
        sums: lang.with("shift_differs", counted).replacen("{}", &expected.to_string(), 1),
        difference: counted.checked_sub(expected)?.to_string(),
    }))
}

fn closed(shift: &Shift, report: &Report) -> Option<Closed> {
    report.variance.map(|variance| Closed {
        variance: variance.to_string(),
        is_even: variance.is_zero(),
        is_signed_off: shift.state == State::Closed,
    })
}

/// The question for the first unused slip of each pad, with what was typed; of a single pad it needs no number.
fn next_of(pads: &[(i64, i64)], typed: &Fields) -> Vec<NextSlip> {
    let ask = |(first, last): &(i64, i64)| {
        let name = if pads.len() == 1 { NEXT_SLIP.to_owned() } else { format!("{NEXT_SLIP}_{first}") };
        NextSlip { numbers: format!("{first}–{last}"), typed: typed.trimmed(&name).to_owned(), name }
    };
    pads.iter().map(ask).collect()
}

/// The first unused slips of the pads as they were typed; an empty field is none.
fn next_slips(fields: &Fields) -> Result<Vec<i64>> {
    let wrong = |_| Error::invalid(NEXT_SLIP, "slip_next_wrong", "a slip's number");
    let typed = fields.beginning(NEXT_SLIP).map(|(_, typed)| typed.trim());
    typed.filter(|typed| !typed.is_empty()).map(|typed| typed.parse::<i64>().map_err(wrong)).collect()
}

/// Pieces by note as they were typed; an empty field is none of that note. What cannot be is told beside its note.
fn count_of(fields: &Fields) -> Result<Count> {
    let pieces: Vec<(i64, i64)> =
        pieces(fields).into_iter().map(|(_, counted)| counted).collect::<Result<_>>()?;
    let count = Count::of(&pieces);
    count.total()?;
    Ok(count)
}

/// Each note with what was typed for it, the largest first as on the form.
fn pieces(fields: &Fields) -> Vec<(i64, Result<(i64, i64)>)> {
    let typed = |(name, typed): (&str, &str)| {
        let note: i64 = name.parse().ok()?;
        let typed = Some(typed.trim()).filter(|typed| !typed.is_empty())?;
        Some((note, counted(&format!("n{name}"), note, typed)))
    };
    let mut pieces: Vec<_> = fields.beginning("n").filter_map(typed).collect();
    pieces.sort_by_key(|(note, _)| Reverse(*note));
    pieces
}

fn counted(field: &str, note: i64, typed: &str) -> Result<(i64, i64)> {
    let wrong = |_| Error::invalid(field, "cash_count_wrong", "whole numbers of pieces");
    let counted = (note, typed.parse::<i64>().map_err(wrong)?);
    Count::of(&[counted]).total().map_err(|error| of_field(error, field))?;
    Ok(counted)
}

/// Everything that is wrong with a count: each note by its name, the slips, and what ended the attempt.
fn wrong_with(fields: &Fields, ended: Error, lang: Lang) -> Result<Wrong> {
    let mut wrong = Wrong::default();
    for (note, counted) in pieces(fields) {
        let Err(error) = counted else { continue };
        let told = Wrong::of(error, lang)?.0.into_iter();
        wrong.add(Wrong(told.map(|(field, reason)| (field, format!("{}: {reason}", Dong(note)))).collect()));
    }
    wrong.add(Wrong::all(next_slips(fields).err().into_iter().collect(), ended, lang)?);
    Ok(wrong)
}

/// `POST /counter/shift/open`
pub async fn open(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    change(&request, &signed, &shared, &fields, |app, actor, count, _| {
        app.write(actor, |tx, stamp| shift::open(tx, stamp, actor, own_unit(actor)?, count).map(|_| ()))
    })
    .await
}

/// `POST /counter/shift/close`: with code or password, and with a difference only when it was seen: it closes for
/// good.
pub async fn close(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    let lang = Lang::of(&request);
    // A count that cannot be read is told of by closing.
    let look = move |app: &App, signed: &Signed, fields: &Fields| {
        let actor = &signed.actor;
        Ok(app.read(actor, |conn| differs(conn, lang, actor, fields)).ok().flatten())
    };
    let by = By::confirmed(&[Role::Cashier]);
    let Acted { signed, fields, done } = acting::act_on(signed, fields, &shared, by, look).await?;
    match done {
        Ok(None) => {}
        Ok(Some(found)) => {
            let mut page = compose(&request, &signed, &shared, &fields, Wrong::default()).await?;
            page.differs = Some(found);
            page.must_confirm = false;
            return Ok(html(StatusCode::OK, &page));
        }
        Err(error) => {
            let wrong = wrong_with(&fields, error, lang)?;
            let page = compose(&request, &signed, &shared, &fields, wrong).await?;
            return Ok(html(StatusCode::BAD_REQUEST, &page));
        }
    }
    change(&request, &signed, &shared, &fields, |app, actor, count, fields| {
        let id: ShiftId = fields.get("shift").parse()?;
        let next = next_slips(fields)?;
        app.write(actor, |tx, stamp| {
            shift::close(tx, stamp, actor, (own_unit(actor)?, id), count, &next).map(|_| ())
        })
    })
    .await
}

async fn change(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    fields: &Fields,
    act: impl Fn(&App, &Actor, &Count, &Fields) -> Result<()> + Send + 'static,
) -> Page {
    signed.require(&[Role::Cashier])?;
    let app = Arc::clone(shared.app());
    let (actor, typed) = (signed.actor.clone(), fields.clone());
    let done = block(move || act(&app, &actor, &count_of(&typed)?, &typed)).await;
    match done {
        Ok(()) => {
            let begun = Begun::read(fields.get("begun")).path();
            Ok(see(begun.unwrap_or_else(|| "/counter/shift".to_owned())))
        }
        Err(error) => {
            let wrong = wrong_with(fields, error, Lang::of(request))?;
            let page = compose(request, signed, shared, fields, wrong).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(pairs: &[(&str, &str)]) -> Result<i64, &'static str> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let total = count_of(&Fields::of(pairs)).and_then(|count| count.total());
        total.map(|total| total.0).map_err(|error| error.code())
    }

    #[test]
    fn a_cashier_is_led_back_to_what_they_were_about_to_take_and_nowhere_else() {
        let (one, two) = (ObligationId(7), ObligationId(8));
        let path = |text: &str| Begun::read(text).path();
        assert_eq!(path(&one.to_string()), Some(format!("/counter/obligations/{one}")));
        let both = format!("{one},{two}");
        assert_eq!(path(&both), Some(format!("/counter/together?o={one}&o={two}")));
        assert_eq!(Begun::read(&both).text(), both);
        for elsewhere in
            ["", "//evil.example", "/counter", "https://evil.example", "obl_1", "shf_0000000000001"]
        {
            assert_eq!(path(elsewhere), None, "{elsewhere}");
        }
        assert_eq!(path(&format!("{one},//evil.example")), None);
    }

    #[test]
    fn a_drawer_is_counted_note_by_note() {
        assert_eq!(count(&[("n500000", "2"), ("n1000", ""), ("n200", " 3 "), ("csrf", "x")]), Ok(1_000_600));
        assert_eq!(count(&[("n30000", "1")]), Err("cash_count_wrong"), "there is no such note");
        assert_eq!(count(&[("n1000", "-1")]), Err("cash_count_wrong"));
        assert_eq!(count(&[("n1000", "1,5")]), Err("cash_count_wrong"));
    }

    #[test]
    fn what_cannot_be_counted_is_told_beside_its_note() {
        for (note, typed) in [("n1000", "-1"), ("n500000", "hai"), ("n200", "1000000")] {
            let fields = [("n20000", "3"), (note, typed)];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            let wrong = Wrong::of(count_of(&Fields::of(fields)).unwrap_err(), Lang::Vi).unwrap();
            assert!(wrong.at(note).is_some(), "{note}: {wrong:?}");
        }
    }

    #[test]
    fn every_note_that_cannot_be_counted_is_told_by_its_name() {
        let typed = [("n1000", "-1"), ("n500000", "hai"), ("n200", "3"), ("next_slip", "x")];
        let fields = Fields::of(typed.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
        let ended = count_of(&fields).unwrap_err();
        let wrong = wrong_with(&fields, ended, Lang::Vi).unwrap();
        let told: Vec<&str> = wrong.0.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(told, ["n500000", "n1000", "next_slip"]);
        assert!(wrong.at("n1000").is_some_and(|reason| reason.starts_with("1.000 đ: ")), "{wrong:?}");
    }
}
