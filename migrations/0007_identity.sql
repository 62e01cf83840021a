-- Who is signed in, and the App that was registered on the setup page.

create table sessions (
    key              bytea primary key,
    user_id          bigint not null,
    login            text not null,
    sealed           bytea not null,
    token_ends_at    timestamptz,
    refreshing_until timestamptz,
    created_at       timestamptz not null,
    seen_at          timestamptz not null
);
comment on table sessions is 'People who signed in with GitHub. They belong to no installation: what they may see is asked of GitHub.';
comment on column sessions.key is 'SHA-256 of what the cookie holds, so that whoever reads the table is signed in nowhere.';
comment on column sessions.sealed is 'Their tokens for GitHub, under ENCRYPTION_KEY, bound to the key.';
comment on column sessions.token_ends_at is 'When the access token ends; null: it lasts.';
comment on column sessions.refreshing_until is 'A process fetches new tokens; after this moment another may.';
create index sessions_of_user on sessions (user_id);
create index sessions_by_seen on sessions (seen_at);

create table app_registrations (
    the_one          boolean primary key default true check (the_one),
    app_id           bigint not null,
    slug             text not null,
    name             text not null,
    html_url         text not null,
    owner_login      text not null,
    client_id        text not null,
    sealed_key       bytea not null,
    sealed_webhook   bytea not null,
    sealed_client    bytea not null,
    registered_at    timestamptz not null,
    first_webhook_at timestamptz
);
comment on table app_registrations is 'The App that this server is, where it was registered on the setup page; at most one. Its secrets are sealed under ENCRYPTION_KEY, bound to the App''s id.';
comment on column app_registrations.first_webhook_at is 'When the first delivery came in whose signature was right.';

create table setup_links (
    key        bytea primary key,
    state      bytea unique,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    claimed_at timestamptz,
    used_at    timestamptz
);
comment on table setup_links is 'One-time links to the setup page; key and state are SHA-256 of what is in the link and in the form to GitHub.';
comment on column setup_links.claimed_at is 'Somebody came back from GitHub, and the code is being exchanged.';
comment on column setup_links.used_at is 'The App was registered with it.';
