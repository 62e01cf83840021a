-- What GitHub could not deliver and what became of it; who took back their leave; who pays on the Marketplace.

create table delivery_sweeps (
    id            bigint generated always as identity primary key,
    started_at    timestamptz not null,
    floor_at      timestamptz not null,
    pages         integer not null default 0,
    seen          integer not null default 0,
    failed        integer not null default 0,
    redelivered   integer not null default 0,
    reached_at    timestamptz,
    reconciled_at timestamptz,
    finished_at   timestamptz,
    not_before    timestamptz,
    error         text
);
comment on table delivery_sweeps is 'Each look through the App''s list of deliveries for what did not get here.';
comment on column delivery_sweeps.floor_at is 'How far back it had to read.';
comment on column delivery_sweeps.failed is 'GUIDs whose newest attempt failed, done here or not.';
comment on column delivery_sweeps.reached_at is 'The newest attempt known that got through, by GitHub''s clock.';
comment on column delivery_sweeps.reconciled_at is 'When the installations were compared with GitHub''s list, if this sweep did it.';
comment on column delivery_sweeps.finished_at is 'When the list was read to the floor and everything due was asked for; null: cut off.';
comment on column delivery_sweeps.not_before is 'GitHub asked to wait until then.';
create index delivery_sweeps_started on delivery_sweeps (started_at);

create table redeliveries (
    guid            text primary key,
    installation_id bigint,
    event           text not null,
    action          text,
    delivery_id     bigint not null,
    failed_at       timestamptz not null,
    attempted_at    timestamptz not null,
    refused_at      timestamptz,
    status          text not null,
    state           text not null check (state in ('waiting', 'recovered', 'given_up')),
    times           integer not null default 0,
    asked_at        timestamptz,
    next_at         timestamptz not null,
    settled_at      timestamptz
);
comment on table redeliveries is 'Deliveries that GitHub could not hand over and that are not done here: what is asked for again.';
comment on column redeliveries.installation_id is 'As GitHub''s list says; no foreign key: we may never have heard of it.';
comment on column redeliveries.delivery_id is 'The newest attempt that we know; a redelivery is asked for by it.';
comment on column redeliveries.failed_at is 'The first attempt that we know, by GitHub''s clock: the order in which they are asked for.';
comment on column redeliveries.attempted_at is 'The newest attempt that we know, by GitHub''s clock.';
comment on column redeliveries.refused_at is 'The newest redelivery that failed again, by GitHub''s clock.';
comment on column redeliveries.status is 'What GitHub said of the newest attempt.';
comment on column redeliveries.times is 'How often it was asked for; counted before the request is sent.';
create index redeliveries_waiting on redeliveries (failed_at, delivery_id) where state = 'waiting';
create index redeliveries_settled on redeliveries (settled_at) where state <> 'waiting';

create table revoked_authorizations (
    user_id    bigint primary key,
    revoked_at timestamptz not null
);
comment on table revoked_authorizations is 'People who took back the App''s leave to act as them: their sessions begun up to then are over.';

create table marketplace_accounts (
    account_id           bigint primary key,
    account_login        text not null,
    account_type         text not null,
    state                text not null check (state in ('active', 'cancelled')),
    plan_id              bigint not null,
    plan_name            text not null,
    billing_cycle        text,
    unit_count           bigint,
    on_free_trial        boolean not null default false,
    free_trial_ends_at   timestamptz,
    next_billing_at      timestamptz,
    effective_at         timestamptz not null,
    heard_at             timestamptz not null,
    pending_plan_id      bigint,
    pending_plan_name    text,
    pending_unit_count   bigint,
    pending_cycle        text,
    pending_effective_at timestamptz,
    pending_heard_at     timestamptz,
    updated_at           timestamptz not null
);
comment on table marketplace_accounts is 'What each account has bought on the Marketplace; ids are GitHub''s. An installation''s account_id leads here.';
comment on column marketplace_accounts.effective_at is 'Since when the plan is what it is; an event of before changes nothing.';
comment on column marketplace_accounts.heard_at is 'When the delivery came in that said so.';
comment on column marketplace_accounts.pending_effective_at is 'When a change that was asked for takes effect.';
comment on column marketplace_accounts.pending_heard_at is 'When a pending change was last announced or taken back.';
