-- What planning with models costs, tenants' own keys, and how a plan was made.

create table ai_calls (
    id              bigint generated always as identity primary key,
    installation_id bigint not null references installations (id),
    run_id          text references runs (id) on delete set null,
    purpose         text not null check (purpose in ('count', 'issues', 'repair', 'missing', 'vary')),
    provider        text not null,
    model           text not null,
    prompt_version  text not null,
    is_tenants      boolean not null,
    state           text not null check (state in ('asked', 'answered', 'failed')),
    tokens_in       bigint not null,
    tokens_out      bigint not null,
    is_estimate     boolean not null,
    cost_nanos      bigint,
    priced_as_of    date,
    error           text,
    at              timestamptz not null
);
comment on table ai_calls is 'Each question to a model: stored before it is sent, so that a budget holds over all replicas.';
comment on column ai_calls.is_tenants is 'With the tenant''s own key, which pays for itself.';
comment on column ai_calls.state is 'asked: no answer yet, or its process died; tokens and cost are what was expected. failed: no answer; what may have been worked on counts as expected.';
comment on column ai_calls.is_estimate is 'Tokens are counted by us, for the provider did not say.';
comment on column ai_calls.cost_nanos is 'Billionths of a US dollar; null: the operator''s table has no price for the model.';
comment on column ai_calls.priced_as_of is 'The date of the table of prices.';
create index ai_calls_of_installation on ai_calls (installation_id, at);
create index ai_calls_of_run on ai_calls (run_id) where run_id is not null;

create table ai_keys (
    installation_id bigint not null references installations (id),
    repository_id   bigint references repositories (id),
    provider        text not null,
    origin          text not null,
    sealed          bytea not null,
    hint            text not null,
    set_by          text not null,
    set_at          timestamptz not null,
    unique nulls not distinct (installation_id, repository_id)
);
comment on table ai_keys is 'Tenants'' own keys for models: written, used, never shown.';
comment on column ai_keys.repository_id is 'Null: the installation''s own layer.';
comment on column ai_keys.origin is 'Scheme, host and port that it was given for; empty for the provider''s own address. It is sent nowhere else.';
comment on column ai_keys.hint is 'Its last characters, so that people know which one it is.';

alter table runs add column planning jsonb;
comment on column runs.planning is 'How the plan was made: the prompts'' version, why no model planned, what the model left out.';
