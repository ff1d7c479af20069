//! The tables as diesel knows them, the same for both databases.
//! `tests/it/store` checks that the migrations of each agree with this file.
#![expect(missing_docs, reason = "the names are those of the columns; the migrations say what they hold")]

use diesel::table;

table! {
    accounts (id) {
        id -> Text,
        kind -> Text,
        owner_id -> Text,
        alias -> Nullable<Text>,
        name -> Text,
        status -> Text,
        independent_billing -> Bool,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

table! {
    account_policies (account_id) {
        account_id -> Text,
        iam_long_lived_days -> BigInt,
        updated_at -> BigInt,
        login_methods -> Text,
        reauth_idle_minutes -> BigInt,
        reauth_root -> Bool,
        reauth_on_change -> Bool,
    }
}

table! {
    principals (id) {
        id -> Text,
        kind -> Text,
        account_id -> Text,
        username -> Nullable<Text>,
        username_key -> Nullable<Text>,
        display_name -> Text,
        status -> Text,
        must_change_password -> Bool,
        claims -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

table! {
    identifiers (id) {
        id -> BigInt,
        principal_id -> Text,
        kind -> Text,
        lookup -> Binary,
        sealed -> Binary,
        exclusive -> Nullable<Binary>,
        verified_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

table! {
    credentials (id) {
        id -> BigInt,
        principal_id -> Text,
        method -> Text,
        subject -> Nullable<Binary>,
        data -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

table! {
    agreements (principal_id, version) {
        principal_id -> Text,
        version -> Text,
        accepted_at -> BigInt,
        address -> Text,
    }
}

table! {
    clients (id) {
        id -> Text,
        status -> Text,
        secret_hash -> Nullable<Binary>,
        previous_secret_hash -> Nullable<Binary>,
        previous_secret_until -> Nullable<BigInt>,
        metadata -> Text,
        owner_account_id -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

table! {
    resources (id) {
        id -> Text,
        scopes -> Text,
        introspection_client -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

table! {
    browsers (id) {
        id -> BigInt,
        hash -> Binary,
        previous_hash -> Nullable<Binary>,
        rotated_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        created_at -> BigInt,
        last_seen_at -> BigInt,
    }
}

table! {
    sign_ins (id) {
        id -> BigInt,
        browser_id -> BigInt,
        principal_id -> Text,
        state -> Text,
        method -> Text,
        amr -> Text,
        acr -> Text,
        remember -> Bool,
        address -> Text,
        user_agent -> Text,
        auth_time -> BigInt,
        last_seen_at -> BigInt,
        idle_expires_at -> BigInt,
        absolute_expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

table! {
    client_sessions (id) {
        id -> BigInt,
        sign_in_id -> BigInt,
        client_id -> Text,
        sid -> Text,
        created_at -> BigInt,
    }
}

table! {
    affinities (browser_id, client_id) {
        browser_id -> BigInt,
        client_id -> Text,
        principal_id -> Text,
        updated_at -> BigInt,
    }
}

table! {
    interactions (id) {
        id -> BigInt,
        hash -> Binary,
        browser_id -> BigInt,
        request -> Text,
        progress -> Text,
        version -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

table! {
    consents (principal_id, client_id) {
        principal_id -> Text,
        client_id -> Text,
        scope -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

table! {
    grants (id) {
        id -> BigInt,
        client_id -> Text,
        principal_id -> Text,
        sign_in_id -> BigInt,
        sid -> Text,
        scope -> Text,
        resources -> Text,
        claims -> Text,
        nonce -> Nullable<Text>,
        offline -> Bool,
        auth_time -> BigInt,
        amr -> Text,
        acr -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        revoked_why -> Nullable<Text>,
    }
}

table! {
    codes (id) {
        id -> BigInt,
        hash -> Binary,
        grant_id -> BigInt,
        client_id -> Text,
        redirect_uri -> Text,
        challenge -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

table! {
    refresh_tokens (id) {
        id -> BigInt,
        hash -> Binary,
        grant_id -> BigInt,
        issued_at -> BigInt,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

table! {
    access_tokens (id) {
        id -> BigInt,
        hash -> Binary,
        grant_id -> Nullable<BigInt>,
        client_id -> Text,
        scope -> Text,
        audience -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

table! {
    revoked_jwts (jti) {
        jti -> Text,
        expires_at -> BigInt,
    }
}

table! {
    used_assertions (client_id, jti) {
        client_id -> Text,
        jti -> Binary,
        expires_at -> BigInt,
    }
}

table! {
    signing_keys (kid) {
        kid -> Text,
        alg -> Text,
        state -> Text,
        public_jwk -> Text,
        private_sealed -> Binary,
        created_at -> BigInt,
        activated_at -> Nullable<BigInt>,
        retired_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
    }
}

table! {
    throttle_counters (bucket) {
        bucket -> Binary,
        count -> BigInt,
        window_started_at -> BigInt,
        next_allowed_at -> BigInt,
        expires_at -> BigInt,
    }
}

table! {
    audit_events (id) {
        id -> BigInt,
        at -> BigInt,
        kind -> Text,
        outcome -> Text,
        actor -> Text,
        principal_id -> Nullable<Text>,
        account_id -> Nullable<Text>,
        client_id -> Nullable<Text>,
        address -> Text,
        request_id -> Text,
        detail -> Text,
    }
}

table! {
    outbox (id) {
        id -> BigInt,
        kind -> Text,
        once_key -> Text,
        payload -> Binary,
        attempts -> BigInt,
        due_at -> BigInt,
        claimed_until -> Nullable<BigInt>,
        done_at -> Nullable<BigInt>,
        failed_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        held_until -> BigInt,
    }
}

table! {
    one_time_codes (id) {
        id -> BigInt,
        interaction_id -> BigInt,
        purpose -> Text,
        hash -> Binary,
        tries -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

table! {
    used_once (hash) {
        hash -> Binary,
        expires_at -> BigInt,
    }
}

table! {
    bindings (id) {
        id -> BigInt,
        principal_id -> Text,
        connector -> Text,
        name_sealed -> Nullable<Binary>,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

table! {
    binding_keys (hash) {
        hash -> Binary,
        binding_id -> BigInt,
        kind -> Text,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    account_policies,
    principals,
    identifiers,
    credentials,
    agreements,
    clients,
    resources,
    browsers,
    sign_ins,
    client_sessions,
    affinities,
    interactions,
    consents,
    grants,
    codes,
    refresh_tokens,
    access_tokens,
    revoked_jwts,
    used_assertions,
    signing_keys,
    throttle_counters,
    audit_events,
    outbox,
    leases,
    one_time_codes,
    used_once,
    bindings,
    binding_keys,
);

diesel::alias!(accounts as owners: OwnersAlias);
