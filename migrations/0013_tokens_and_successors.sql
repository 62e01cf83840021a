-- Tokens that expire, an App in the place of another, and what was done to the server itself.

alter table api_tokens add column expires_at timestamptz;
comment on column api_tokens.expires_at is 'From then on it is refused; null: it lasts until it is revoked.';

alter table setup_links add column replaces boolean not null default false;
comment on column setup_links.replaces is 'The App that is registered with it takes the place of the one before: `openproducer setup --replace`.';

create table operator_events (
    id     bigint generated always as identity primary key,
    at     timestamptz not null,
    action text not null,
    detail jsonb not null
);
comment on table operator_events is 'What was done to the server itself, for its operator: which App was registered, and in whose place.';
