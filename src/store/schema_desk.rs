//! The tables behind the pages of payers and cashiers. A companion of `schema.rs`.

diesel::table! {
    refund_request (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        obligation_id -> BigInt,
        payment_id -> BigInt,
        amount -> BigInt,
        key_id -> BigInt,
        cipher -> Binary,
        promised_on -> Date,
        created_at -> BigInt,
        confirmed_by -> Nullable<Text>,
    }
}

diesel::table! {
    refund_answer (unit_id, request_id) {
        unit_id -> BigInt,
        request_id -> BigInt,
        kind -> Text,
        reason -> Nullable<Text>,
        person_id -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    told_picture (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        obligation_id -> BigInt,
        media_type -> Text,
        key_id -> BigInt,
        cipher -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    favourite_list (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        items -> Text,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    dossier_link (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        obligation_id -> BigInt,
        dossier_code -> Text,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    queue_ticket (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        obligation_id -> BigInt,
        ticket -> Text,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(refund_request, refund_answer);

diesel::table! {
    slip_pad (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        first_no -> BigInt,
        last_no -> BigInt,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    provisional_slip (unit_id, slip_no) {
        unit_id -> BigInt,
        slip_no -> BigInt,
        pad_id -> BigInt,
        code -> Text,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
        payment_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    provisional_slip_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        slip_no -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        obligation_id -> Nullable<BigInt>,
        amount -> Nullable<BigInt>,
        collected_at -> Nullable<BigInt>,
        person_id -> BigInt,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(slip_pad, provisional_slip);

diesel::table! {
    channel_secret (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        channel -> Text,
        fingerprint -> Text,
        key_id -> Nullable<BigInt>,
        cipher -> Nullable<Binary>,
        made_by -> Text,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}
