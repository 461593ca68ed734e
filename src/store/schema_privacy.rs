//! The tables of requests about personal data, of views of it, and of incidents.

diesel::table! {
    data_request (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        subject_kind -> Text,
        subject_hash -> Text,
        identity_shown -> Text,
        received_at -> BigInt,
        due_at -> BigInt,
        maker_person_id -> BigInt,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    data_request_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        request_id -> BigInt,
        revision -> BigInt,
        state -> Text,
        ground -> Nullable<Text>,
        reason -> Text,
        person_id -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    data_view (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        party_id -> BigInt,
        request_id -> Nullable<BigInt>,
        person_id -> BigInt,
        purpose -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    data_incident (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        found_at -> BigInt,
        due_at -> BigInt,
        nature -> Text,
        affected -> BigInt,
        maker_person_id -> BigInt,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    data_incident_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        incident_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        detail -> Text,
        person_id -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    data_act (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        request_id -> BigInt,
        key_id -> Nullable<BigInt>,
        cipher -> Nullable<Binary>,
        maker_person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    party_contact (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        party_id -> BigInt,
        request_id -> BigInt,
        key_id -> BigInt,
        cipher -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    party_erasure (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        party_id -> BigInt,
        request_id -> BigInt,
        maker_person_id -> BigInt,
        checker_person_id -> BigInt,
        created_at -> BigInt,
    }
}
