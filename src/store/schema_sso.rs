//! The tables of single sign-on; diesel reads them, people rarely do.

diesel::table! {
    sso_subject (unit_id, subject_hash) {
        unit_id -> BigInt,
        subject_hash -> Text,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    sso_link (unit_id, login_id) {
        unit_id -> BigInt,
        login_id -> BigInt,
        subject_hash -> Text,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    sso_attempt (unit_id, token_sha256) {
        unit_id -> BigInt,
        token_sha256 -> Text,
        browser_sha256 -> Text,
        login_id -> Nullable<BigInt>,
        next -> Text,
        subject_hash -> Nullable<Text>,
        confirmed_at -> BigInt,
        expires_at -> BigInt,
        created_at -> BigInt,
    }
}
