//! The tables of the city's figures: daily sums of what was collected, totals of dossiers.

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
