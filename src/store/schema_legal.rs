//! The tables of entrusted signing.

diesel::table! {
    entrusted_certificate (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        action -> Text,
        decision_no -> Text,
        decided_on -> Date,
        valid_from -> Date,
        valid_until -> Date,
        issuer_name -> Text,
        issuer_tax_code -> Text,
        issuer_address -> Text,
        issuer_phone -> Nullable<Text>,
        issuer_budget_code -> Nullable<Text>,
        actor -> Text,
        created_at -> BigInt,
    }
}
