//! The tables of closing: re-openings, months and their certificates. A companion of `schema.rs`.

diesel::table! {
    day_reopening (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        date -> Date,
        reason -> Text,
        maker_person_id -> BigInt,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
        checker_person_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    day_reopening_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        reopening_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        person_id -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    account_month (unit_id, account_id, month) {
        unit_id -> BigInt,
        account_id -> BigInt,
        month -> Date,
        last_day -> Date,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    account_month_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        month -> Date,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        maker_person_id -> Nullable<BigInt>,
        checker_person_id -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    month_certificate (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        month -> Date,
        revision -> BigInt,
        opening -> BigInt,
        closing -> BigInt,
        document -> Binary,
        document_sha256 -> Text,
        previous_sha256 -> Text,
        signature -> Binary,
        certificate_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    fee_filing (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        period -> Text,
        reference_no -> Text,
        filed_on -> Date,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}
