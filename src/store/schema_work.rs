//! The tables of work on exceptions: limits, alarms by age, letters to the bank.

diesel::table! {
    exception_limit (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        amount -> BigInt,
        decision_no -> Text,
        maker_person_id -> BigInt,
        checker_person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    age_alarm (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        subject_kind -> Text,
        subject_id -> BigInt,
        account_id -> Nullable<BigInt>,
        amount -> BigInt,
        threshold_hours -> BigInt,
        since -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    trace_letter (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        exception_id -> BigInt,
        account_id -> BigInt,
        line_id -> Nullable<BigInt>,
        movement_id -> Nullable<BigInt>,
        year -> Integer,
        letter_no -> BigInt,
        amount -> BigInt,
        question -> Text,
        maker_person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    trace_reply (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        letter_id -> BigInt,
        outcome -> Text,
        replied_on -> Date,
        reply_no -> Text,
        key_id -> BigInt,
        cipher -> Binary,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}
