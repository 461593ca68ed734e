//! The tables of the city's figures, of onboarding and of changes of the tariff. A companion of `schema.rs`.

diesel::table! {
    collection_day (unit_id, recorded_on) {
        unit_id -> BigInt,
        recorded_on -> Date,
        created_at -> BigInt,
    }
}

diesel::table! {
    collection_amount (unit_id, day, recorded_on, item_code, way) {
        unit_id -> BigInt,
        recorded_on -> Date,
        day -> Date,
        item_code -> Text,
        way -> Text,
        amount -> BigInt,
        postings -> BigInt,
    }
}

diesel::table! {
    collection_dossier (unit_id, recorded_on, field, intake_mode, way) {
        unit_id -> BigInt,
        recorded_on -> Date,
        field -> Text,
        intake_mode -> Text,
        way -> Text,
        dossiers -> BigInt,
        amount -> BigInt,
    }
}

diesel::table! {
    dossier_total (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        month -> Date,
        field -> Text,
        until -> Date,
        total -> BigInt,
        online -> BigInt,
        full_process -> BigInt,
        actor -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    account_live (unit_id, account_id) {
        unit_id -> BigInt,
        account_id -> BigInt,
        person_id -> BigInt,
        steps -> Text,
        created_at -> BigInt,
    }
}

// Drafts of before 000057, which copied them to where proposals are; kept for binaries of before.
diesel::table! {
    tariff_draft (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        content -> Text,
        sha256 -> Text,
        reason -> Text,
        base_edition_id -> Nullable<BigInt>,
        maker_person_id -> BigInt,
        created_at -> BigInt,
        state -> Text,
        checker_person_id -> Nullable<BigInt>,
        revision -> BigInt,
    }
}

diesel::table! {
    tariff_draft_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        draft_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        person_id -> BigInt,
        reason -> Text,
        at -> BigInt,
    }
}
