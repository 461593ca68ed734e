//! The tables of signing in; diesel reads them, people rarely do.

diesel::table! {
    login (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        name -> Text,
        person_id -> BigInt,
        role -> Text,
        scope -> Text,
        created_at -> BigInt,
        state -> Text,
        password -> Nullable<Text>,
        second_key_id -> Nullable<BigInt>,
        second_factor -> Nullable<Binary>,
        second_step -> BigInt,
        failures -> Integer,
        locked_until -> BigInt,
        revision -> BigInt,
    }
}

diesel::table! {
    login_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        login_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        actor -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    invitation (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        login_id -> BigInt,
        token_sha256 -> Text,
        second_key_id -> BigInt,
        second_factor -> Binary,
        expires_at -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    recovery_code (unit_id, login_id, code_hash) {
        unit_id -> BigInt,
        login_id -> BigInt,
        code_hash -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    session (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        login_id -> BigInt,
        token_sha256 -> Text,
        created_at -> BigInt,
        seen_at -> BigInt,
        confirmed_at -> BigInt,
    }
}

diesel::table! {
    screen_link (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        place -> Text,
        token_sha256 -> Text,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    screen_link_end (unit_id, link_id) {
        unit_id -> BigInt,
        link_id -> BigInt,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(screen_link, screen_link_end);
