//! The tables of the intake of statements, as `schema.rs` has the others.

use super::schema::{bank_account, statement_line};

diesel::table! {
    statement_version (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        replaces_id -> BigInt,
        file_sha256 -> Text,
        position -> Integer,
        number -> Nullable<Text>,
        closing_on -> Date,
        opening -> BigInt,
        closing -> BigInt,
        added -> Integer,
        gone -> Integer,
        changed -> Integer,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    statement_version_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        version_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        decision -> Nullable<Text>,
        maker_person_id -> Nullable<BigInt>,
        checker_person_id -> Nullable<BigInt>,
        reason -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    statement_difference (unit_id, version_id, position) {
        unit_id -> BigInt,
        version_id -> BigInt,
        position -> Integer,
        kind -> Text,
        moves_money -> Bool,
        line_id -> Nullable<BigInt>,
        old_booking_date -> Nullable<Date>,
        old_amount -> Nullable<BigInt>,
        old_reference -> Nullable<Text>,
        new_booking_date -> Nullable<Date>,
        new_amount -> Nullable<BigInt>,
        new_reference -> Nullable<Text>,
        edition -> Integer,
    }
}

diesel::table! {
    quarantine_proposal (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        statement_id -> BigInt,
        verdicts_hash -> Text,
        maker_person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    withdrawn_line (unit_id, line_id) {
        unit_id -> BigInt,
        line_id -> BigInt,
        version_id -> BigInt,
        contra_line_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    quarantine_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        quarantined_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        line_id -> Nullable<BigInt>,
        amount -> Nullable<BigInt>,
        person_id -> Nullable<BigInt>,
        reason -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    import_job (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        file_sha256 -> Text,
        person_id -> Nullable<BigInt>,
        units -> Text,
        mapping -> Nullable<Text>,
        account_no -> Nullable<Text>,
        created_at -> BigInt,
        state -> Text,
        lines_total -> BigInt,
        lines_done -> BigInt,
        outcome -> Nullable<Text>,
        error_code -> Nullable<Text>,
        leased_until -> BigInt,
        revision -> BigInt,
    }
}

diesel::table! {
    inbox_file (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        name -> Text,
        sha256 -> Nullable<Text>,
        outcome -> Text,
        error_code -> Nullable<Text>,
        findings -> Text,
        received_at -> BigInt,
    }
}

diesel::table! {
    statement_given_up (unit_id, statement_id) {
        unit_id -> BigInt,
        statement_id -> BigInt,
        person_id -> BigInt,
        reason -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    entry_detail (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        bank_reference -> Text,
        entry_amount -> BigInt,
        position -> Integer,
        amount -> Nullable<BigInt>,
        codes -> Text,
        damaged -> Text,
        key_id -> BigInt,
        memo_cipher -> Binary,
        file_sha256 -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    statement_layout (unit_id, account_id, version) {
        unit_id -> BigInt,
        account_id -> BigInt,
        version -> Integer,
        mapping -> Text,
        saved_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    partner_layout (unit_id, partner, version) {
        unit_id -> BigInt,
        partner -> Text,
        version -> Integer,
        mapping -> Text,
        saved_by -> Text,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(withdrawn_line, statement_line);
diesel::allow_tables_to_appear_in_same_query!(statement_layout, bank_account);
diesel::allow_tables_to_appear_in_same_query!(statement_given_up, statement_line);
