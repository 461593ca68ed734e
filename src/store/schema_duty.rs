//! The tables of delegations, escalated decisions and failures to sign in.

diesel::table! {
    sign_in_failure (unit_id, who, source) {
        unit_id -> BigInt,
        who -> Text,
        source -> Text,
        failures -> Integer,
        failed_at -> BigInt,
        locked_until -> BigInt,
    }
}

diesel::table! {
    delegation (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        giver_person_id -> BigInt,
        delegate_person_id -> BigInt,
        acts -> Text,
        amount_limit -> BigInt,
        valid_from -> Date,
        valid_until -> Date,
        decision_no -> Text,
        decision_on -> Date,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    delegation_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        delegation_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        person_id -> BigInt,
        at -> BigInt,
        seat -> Nullable<Text>,
    }
}

diesel::table! {
    delegated_act (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        delegation_id -> BigInt,
        act -> Text,
        subject_id -> BigInt,
        amount -> BigInt,
        delegate_person_id -> BigInt,
        maker_person_id -> Nullable<BigInt>,
        acted_on -> Date,
        created_at -> BigInt,
    }
}

diesel::table! {
    approval_escalation (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        subject_id -> BigInt,
        asked_at -> BigInt,
        why -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    proposal (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        content -> Text,
        reason -> Text,
        maker_person_id -> BigInt,
        created_at -> BigInt,
        state -> Text,
        checker_person_id -> Nullable<BigInt>,
        revision -> BigInt,
        base_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    proposal_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        proposal_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        person_id -> BigInt,
        reason -> Text,
        at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(delegated_act, delegation);

diesel::table! {
    certificate_stop (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        certificate_id -> BigInt,
        reason -> Text,
        maker_person_id -> BigInt,
        asked_at -> BigInt,
    }
}

diesel::table! {
    certificate_stop_decision (unit_id, stop_id) {
        unit_id -> BigInt,
        stop_id -> BigInt,
        certificate_id -> BigInt,
        maker_person_id -> BigInt,
        verdict -> Text,
        reason -> Nullable<Text>,
        checker_person_id -> BigInt,
        decided_at -> BigInt,
    }
}
