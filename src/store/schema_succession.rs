//! The tables of mergers, names from a day on, and accounts that end.

diesel::table! {
    unit_handover (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        successor_id -> BigInt,
        obligations -> BigInt,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    obligation_handover (unit_id, obligation_id) {
        unit_id -> BigInt,
        obligation_id -> BigInt,
        successor_id -> BigInt,
        successor_obligation_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    unit_naming (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        name -> Text,
        address -> Text,
        valid_from -> Date,
        decision_no -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    bank_account_end (unit_id, account_id) {
        unit_id -> BigInt,
        account_id -> BigInt,
        last_day -> Date,
        reason -> Text,
        maker_person_id -> BigInt,
        checker_person_id -> BigInt,
        created_at -> BigInt,
    }
}
