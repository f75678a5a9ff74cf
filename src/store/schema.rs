//! The tables as Diesel sees them: written once, for both databases.
//!
//! A test compares this file's tables with both databases after their migrations.

#![allow(missing_docs, reason = "the columns are documented where they are made: in the migrations")]

diesel::table! {
    record_state (id) {
        id -> BigInt,
        size -> BigInt,
        epoch -> BigInt,
        content_version -> BigInt,
        access_version -> BigInt,
        config_digest -> Nullable<Text>,
        updated_at -> BigInt,
    }
}

diesel::table! {
    record_entries (idx) {
        idx -> BigInt,
        event_id -> Text,
        typ -> Text,
        occurred_at -> BigInt,
        statement -> Nullable<Text>,
        fields -> Nullable<Text>,
        leaf_hash -> Binary,
        record_key -> Nullable<Binary>,
        redacted_at -> Nullable<BigInt>,
        redaction_idx -> Nullable<BigInt>,
    }
}

diesel::table! {
    people (id) {
        id -> Text,
        email_hmac -> Nullable<Text>,
        external_id_hmac -> Nullable<Text>,
        email -> Nullable<Binary>,
        external_id -> Nullable<Binary>,
        display_name -> Nullable<Binary>,
        password_hash -> Nullable<Text>,
        language -> Nullable<Text>,
        version -> BigInt,
        access_version -> BigInt,
        created_at -> BigInt,
        erased_idx -> Nullable<BigInt>,
        mastodon -> Nullable<Binary>,
    }
}

diesel::table! {
    subject_keys (person_id) {
        person_id -> Text,
        wrapped -> Nullable<Binary>,
        kek_id -> Text,
        created_at -> BigInt,
        destroyed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    record_personal (idx, field) {
        idx -> BigInt,
        field -> Text,
        person_id -> Nullable<Text>,
        ciphertext -> Nullable<Binary>,
    }
}

diesel::table! {
    person_activities (id) {
        id -> Text,
        person_id -> Text,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    person_roles (id) {
        id -> Text,
        person_id -> Text,
        role -> Text,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    person_countries (id) {
        id -> Text,
        person_id -> Text,
        country -> Text,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    groups (id) {
        id -> Text,
        name -> Text,
        name_folded -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    group_members (id) {
        id -> Text,
        group_id -> Text,
        person_id -> Text,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        person_id -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    refresh_tokens (hash) {
        hash -> Text,
        session_id -> Text,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    api_keys (id) {
        id -> Text,
        prefix -> Text,
        hash -> Text,
        name -> Text,
        scopes -> Text,
        created_at -> BigInt,
        created_by -> Nullable<Text>,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    key_fingerprints (name) {
        name -> Text,
        fingerprint -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (client_id, person_id, operation, key) {
        client_id -> Text,
        person_id -> Text,
        operation -> Text,
        key -> Text,
        status -> BigInt,
        resource_id -> Text,
        body_hmac -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    items (id) {
        id -> Text,
        kind -> Text,
        key -> Nullable<Text>,
        version -> BigInt,
        content_version -> BigInt,
        working_revision -> BigInt,
        created_at -> BigInt,
        created_by -> Nullable<Text>,
    }
}

diesel::table! {
    revisions (item_id, revision) {
        item_id -> Text,
        revision -> BigInt,
        state -> Text,
        content -> Nullable<Text>,
        pins -> Text,
        digest -> Text,
        imported -> Bool,
        created_at -> BigInt,
        submitted_at -> Nullable<BigInt>,
        submitted_idx -> Nullable<BigInt>,
        approved_at -> Nullable<BigInt>,
        approved_idx -> Nullable<BigInt>,
        publish_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        campaign -> Nullable<Text>,
        redacted_idx -> Nullable<BigInt>,
        redacted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    revision_authors (item_id, revision) {
        item_id -> Text,
        revision -> BigInt,
        person_id -> Nullable<Text>,
    }
}

diesel::table! {
    image_files (item_id, sha256) {
        item_id -> Text,
        sha256 -> Text,
        media_type -> Text,
        bytes -> BigInt,
        dropped_at -> Nullable<BigInt>,
        removing_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    revision_pins (item_id, revision, pinned_id, pinned_revision) {
        item_id -> Text,
        revision -> BigInt,
        pinned_id -> Text,
        pinned_revision -> BigInt,
    }
}

diesel::table! {
    endings (id) {
        id -> Text,
        item_id -> Text,
        ending -> Text,
        reason -> Text,
        person_id -> Nullable<Text>,
        ended_at -> BigInt,
        idx -> BigInt,
    }
}

diesel::table! {
    freezes (id) {
        id -> Text,
        channel -> Nullable<Text>,
        reason -> Text,
        person_id -> Nullable<Text>,
        from_at -> BigInt,
        until_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        idx -> BigInt,
        ended_idx -> Nullable<BigInt>,
    }
}

diesel::table! {
    workflows (id) {
        id -> Text,
        kind -> Text,
        stages -> Text,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
        created_by -> Nullable<Text>,
        workflow_id -> Text,
        version -> BigInt,
        name -> Text,
        conditions -> Text,
        resume -> Text,
        same_person_twice -> Bool,
    }
}

diesel::table! {
    reviews (id) {
        id -> Text,
        item_id -> Text,
        kind -> Text,
        revision -> BigInt,
        digest -> Text,
        state -> Text,
        workflow_id -> Text,
        stages -> Text,
        comment_room -> Text,
        opened_at -> BigInt,
        opened_by -> Nullable<Text>,
        closed_at -> Nullable<BigInt>,
        first_stage -> BigInt,
        resumed_from -> Nullable<Text>,
        stuck_stage -> Nullable<BigInt>,
        stuck_reason -> Nullable<Text>,
        stuck_since -> Nullable<BigInt>,
    }
}

diesel::table! {
    review_stages (review_id, stage) {
        review_id -> Text,
        stage -> BigInt,
        opened_at -> BigInt,
        remind_at -> Nullable<BigInt>,
        due_at -> Nullable<BigInt>,
        reminded_at -> Nullable<BigInt>,
        overdue_at -> Nullable<BigInt>,
        closed_at -> Nullable<BigInt>,
        restarted_idx -> Nullable<BigInt>,
    }
}

diesel::table! {
    review_asked (id) {
        id -> Text,
        review_id -> Text,
        stage -> BigInt,
        person_id -> Nullable<Text>,
        until_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    review_pools (id) {
        id -> Text,
        review_id -> Text,
        stage -> BigInt,
        reviewers -> Text,
        cause -> Text,
        reason -> Nullable<Text>,
        person_id -> Nullable<Text>,
        from_at -> BigInt,
        idx -> BigInt,
    }
}

diesel::table! {
    go_live_checks (item_id, revision) {
        item_id -> Text,
        revision -> BigInt,
        checked_at -> BigInt,
        blocked_by -> Nullable<Text>,
    }
}

diesel::table! {
    delegations (id) {
        id -> Text,
        person_id -> Nullable<Text>,
        deputy_id -> Nullable<Text>,
        kinds -> Text,
        from_at -> BigInt,
        until_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        created_at -> BigInt,
        idx -> BigInt,
        ended_idx -> Nullable<BigInt>,
    }
}

diesel::table! {
    decisions (idx) {
        idx -> BigInt,
        review_id -> Text,
        stage -> BigInt,
        item_id -> Text,
        revision -> BigInt,
        digest -> Text,
        person_id -> Nullable<Text>,
        client_id -> Nullable<Text>,
        decision -> Text,
        reason -> Nullable<Text>,
        decided_at -> BigInt,
        on_behalf_of -> Nullable<Text>,
    }
}

diesel::table! {
    review_comments (id) {
        id -> Text,
        review_id -> Text,
        stage -> BigInt,
        pointer -> Nullable<Text>,
        text -> Text,
        reply_to -> Nullable<Text>,
        person_id -> Nullable<Text>,
        created_at -> BigInt,
        idx -> BigInt,
    }
}

diesel::table! {
    review_suggestions (id) {
        id -> Text,
        review_id -> Text,
        changes -> Text,
        reason -> Text,
        person_id -> Nullable<Text>,
        created_at -> BigInt,
        idx -> BigInt,
        accepted_by -> Nullable<Text>,
        accepted_at -> Nullable<BigInt>,
        accepted_idx -> Nullable<BigInt>,
        accepted_revision -> Nullable<BigInt>,
    }
}

diesel::table! {
    urgent_publications (item_id, revision) {
        item_id -> Text,
        revision -> BigInt,
        digest -> Text,
        person_id -> Nullable<Text>,
        reason -> Text,
        idx -> BigInt,
        published_at -> BigInt,
        review_by -> BigInt,
        review_id -> Text,
        outcome -> Nullable<Text>,
        outcome_at -> Nullable<BigInt>,
        outcome_idx -> Nullable<BigInt>,
        overdue_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    rechecks (id) {
        id -> Text,
        item_id -> Text,
        revision -> BigInt,
        digest -> Text,
        action -> Text,
        reason -> Nullable<Text>,
        person_id -> Nullable<Text>,
        begun_at -> BigInt,
        idx -> Nullable<BigInt>,
        rechecked_at -> Nullable<BigInt>,
        posts -> Nullable<BigInt>,
        content_version -> Nullable<BigInt>,
        ended_idx -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        posts_in_review -> BigInt,
        posts_digest -> Nullable<Text>,
        withdrawn_by -> Nullable<Text>,
        withdrawal_reason -> Nullable<Text>,
    }
}

diesel::table! {
    recheck_posts (recheck_id, post_id) {
        recheck_id -> Text,
        post_id -> Text,
        revision -> BigInt,
        because -> Text,
    }
}

diesel::table! {
    shares (id) {
        id -> Text,
        idx -> BigInt,
        item_id -> Text,
        kind -> Text,
        revision -> BigInt,
        digest -> Text,
        person_id -> Nullable<Text>,
        client_id -> Nullable<Text>,
        channel -> Text,
        language -> Text,
        copy_id -> Text,
        state -> Text,
        parts -> Text,
        disclaimers -> Text,
        link -> Nullable<Text>,
        headline -> Nullable<Text>,
        intent_template -> Nullable<Text>,
        delivery -> Text,
        must_paste -> Bool,
        rules_digest -> Text,
        issued_at -> BigInt,
        lapses_at -> BigInt,
        images -> Text,
        campaign -> Nullable<Text>,
    }
}

diesel::table! {
    topics (key) {
        key -> Text,
        name -> Text,
        audience_note -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        created_idx -> Nullable<BigInt>,
    }
}

diesel::table! {
    campaigns (key, version) {
        key -> Text,
        version -> BigInt,
        name -> Text,
        goal -> Nullable<Text>,
        starts_at -> Nullable<BigInt>,
        ends_at -> Nullable<BigInt>,
        group_ids -> Text,
        shares_per_day -> Nullable<BigInt>,
        shares_per_person -> Nullable<BigInt>,
        ended -> Bool,
        created_at -> BigInt,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
        content_version -> BigInt,
        created_idx -> Nullable<BigInt>,
    }
}

diesel::table! {
    share_outcomes (idx) {
        idx -> BigInt,
        share_id -> Text,
        result -> Text,
        late -> Bool,
        unverified -> Bool,
        client_id -> Nullable<Text>,
        reported_at -> BigInt,
    }
}

diesel::table! {
    responsibilities (id) {
        id -> Text,
        key -> Text,
        name -> Text,
        description -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    responsibility_holders (id) {
        id -> Text,
        responsibility_id -> Text,
        person_id -> Nullable<Text>,
        group_id -> Nullable<Text>,
        deputy -> Bool,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    acceptances (idx) {
        idx -> BigInt,
        person_id -> Nullable<Text>,
        item_id -> Text,
        revision -> BigInt,
        digest -> Text,
        approved_idx -> BigInt,
        accepted_at -> BigInt,
    }
}

diesel::table! {
    trainings (id) {
        id -> Text,
        training_id -> Text,
        version -> BigInt,
        title -> Text,
        url -> Text,
        valid_months -> Nullable<BigInt>,
        required_for -> Nullable<Text>,
        required_from -> BigInt,
        responsibility -> Text,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    training_completions (idx) {
        idx -> BigInt,
        training_id -> Text,
        version -> BigInt,
        person_id -> Nullable<Text>,
        completed_on -> BigInt,
        withdrawn_idx -> Nullable<BigInt>,
    }
}

diesel::table! {
    announcements (id) {
        id -> Text,
        topic -> Text,
        item_id -> Nullable<Text>,
        kind -> Nullable<Text>,
        revision -> Nullable<BigInt>,
        review_id -> Nullable<Text>,
        stage -> Nullable<BigInt>,
        recipients -> Text,
        detail -> Nullable<Text>,
        created_at -> BigInt,
        spread_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    notifications (id) {
        id -> Text,
        person_id -> Text,
        announcement_id -> Text,
        topic -> Text,
        item_id -> Nullable<Text>,
        kind -> Nullable<Text>,
        revision -> Nullable<BigInt>,
        review_id -> Nullable<Text>,
        stage -> Nullable<BigInt>,
        detail -> Nullable<Text>,
        created_at -> BigInt,
        read_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    post_imports (id) {
        id -> Text,
        person_id -> Text,
        format -> Text,
        state -> Text,
        rows -> BigInt,
        created -> BigInt,
        existing -> BigInt,
        refused -> BigInt,
        reason -> Nullable<Text>,
        started_at -> BigInt,
        updated_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    post_import_rows (import_id, row) {
        import_id -> Text,
        row -> BigInt,
        line -> BigInt,
        external_id -> Nullable<Text>,
        result -> Text,
        differs -> Bool,
        item_id -> Nullable<Text>,
        problem -> Nullable<Text>,
    }
}

diesel::table! {
    imported_posts (external_id) {
        external_id -> Text,
        item_id -> Text,
        digest -> Text,
        import_id -> Text,
    }
}

diesel::table! {
    accounts (id) {
        id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    account_versions (account_id, version) {
        account_id -> Text,
        version -> BigInt,
        channel -> Text,
        handle -> Text,
        folded_handle -> Text,
        handle_look -> Text,
        url -> Text,
        owner_id -> Text,
        purpose -> Text,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    post_proposals (id) {
        id -> Text,
        item_id -> Text,
        person_id -> Nullable<Text>,
        words -> Nullable<Binary>,
        created_at -> BigInt,
        idx -> BigInt,
        closed_as -> Nullable<Text>,
        closed_at -> Nullable<BigInt>,
        closed_idx -> Nullable<BigInt>,
        declined_by -> Nullable<Text>,
        declined_reason -> Nullable<Text>,
        withdrawn_reason -> Nullable<Binary>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    record_state,
    record_entries,
    people,
    subject_keys,
    record_personal,
    person_activities,
    person_roles,
    person_countries,
    groups,
    group_members,
    sessions,
    refresh_tokens,
    api_keys,
    key_fingerprints,
    idempotency_keys,
    items,
    revisions,
    revision_authors,
    image_files,
    revision_pins,
    endings,
    freezes,
    topics,
    campaigns,
    workflows,
    reviews,
    review_stages,
    review_asked,
    review_pools,
    go_live_checks,
    delegations,
    decisions,
    review_comments,
    review_suggestions,
    urgent_publications,
    rechecks,
    recheck_posts,
    shares,
    share_outcomes,
    responsibilities,
    responsibility_holders,
    acceptances,
    trainings,
    training_completions,
    announcements,
    notifications,
    post_imports,
    post_import_rows,
    imported_posts,
    accounts,
    account_versions,
    post_proposals,
);
