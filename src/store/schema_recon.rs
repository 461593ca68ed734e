//! Tables of virtual accounts, as `schema.rs` has the others.

diesel::table! {
    virtual_range (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        prefix -> Text,
        style -> Text,
        valid_from -> Date,
        valid_until -> Date,
        agreement_no -> Text,
        maker_person_id -> BigInt,
        checker_person_id -> BigInt,
        created_at -> BigInt,
    }
}
