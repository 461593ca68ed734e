//! The tables of what a second look at money needs kept. A companion of `schema.rs`.

diesel::table! {
    file_mapping (unit_id, sha256) {
        unit_id -> BigInt,
        sha256 -> Text,
        mapping -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    refund_asked (unit_id, payment_id, round) {
        unit_id -> BigInt,
        payment_id -> BigInt,
        round -> Integer,
        request_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    cash_tendered (unit_id, payment_id) {
        unit_id -> BigInt,
        payment_id -> BigInt,
        tendered -> BigInt,
        due -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    split_part (unit_id, exception_id, revision, part_no) {
        unit_id -> BigInt,
        exception_id -> BigInt,
        revision -> BigInt,
        part_no -> Integer,
        obligation_id -> BigInt,
        amount -> BigInt,
        created_at -> BigInt,
    }
}
