-- Tenants, their settings, and the journey of every request. Each tenant's row carries its installation.

create table installations (
    id            bigint primary key,
    account_id    bigint not null,
    account_login text not null,
    account_type  text not null,
    suspended_at  timestamptz,
    removed_at    timestamptz,
    next_write_at timestamptz not null default '-infinity',
    created_at    timestamptz not null,
    updated_at    timestamptz not null
);
comment on table installations is 'The App on one account; ids are GitHub''s.';
comment on column installations.next_write_at is 'Earliest moment for the next write to GitHub on this tenant''s behalf, over all replicas.';

create table repositories (
    id              bigint primary key,
    installation_id bigint not null references installations (id),
    owner           text not null,
    name            text not null,
    removed_at      timestamptz,
    updated_at      timestamptz not null
);
comment on column repositories.name is 'As GitHub spells it now; the id is the key, names change.';
create index repositories_of_installation on repositories (installation_id);
create index repositories_by_name on repositories (lower(owner), lower(name));

create table settings (
    id              bigint generated always as identity primary key,
    installation_id bigint not null references installations (id),
    repository_id   bigint references repositories (id),
    version         integer not null,
    document        jsonb not null,
    changed_by      text not null,
    changed_at      timestamptz not null,
    unique nulls not distinct (installation_id, repository_id, version)
);
comment on table settings is 'Every version of every layer; the highest version is in force.';
comment on column settings.repository_id is 'Null: the installation''s own layer.';

create table runs (
    id              text primary key,
    installation_id bigint not null references installations (id),
    repository_id   bigint not null references repositories (id),
    issue_number    bigint not null,
    issue_id        bigint not null,
    cause           text not null,
    requested_by    text not null,
    requested_by_id bigint not null,
    status          text not null check (status in ('pending', 'running', 'completed', 'failed', 'cancelled', 'rolled_back')),
    phase           text check (phase in ('planning', 'awaiting_confirmation', 'creating', 'linking', 'summarising', 'rolling_back')),
    request         jsonb not null,
    plan            jsonb,
    reasons         jsonb not null default '[]',
    failure         text,
    rollback_force  boolean not null default false,
    labels_ready_at timestamptz,
    revision        bigint not null default 1,
    plan_revision   bigint not null default 0,
    shown_revision  bigint not null default 0,
    shown_at        timestamptz,
    created_at      timestamptz not null,
    started_at      timestamptz,
    planned_at      timestamptz,
    confirmed_at    timestamptz,
    finished_at     timestamptz,
    updated_at      timestamptz not null,
    unique (repository_id, cause)
);
comment on column runs.cause is 'What asked for it (issue:ID, comment:ID, process:RUN): a redelivered trigger starts nothing twice.';
comment on column runs.request is 'Title, text and options as they were asked, and the settings in force at that moment.';
comment on column runs.plan is 'The plan as PRODUCT section 6 prints it; confirm creates exactly this.';
comment on column runs.revision is 'Grows with every change that people should see; shown_revision is what the comment shows, plan_revision where the plan came in.';
create index runs_of_issue on runs (repository_id, issue_number, created_at desc);
create index runs_of_installation on runs (installation_id, created_at desc);
create index runs_open on runs (installation_id) where status in ('pending', 'running');

create table planned_issues (
    run_id          text not null references runs (id) on delete cascade,
    position        integer not null,
    installation_id bigint not null references installations (id),
    repository_id   bigint not null references repositories (id),
    document        jsonb not null,
    fingerprint     bytea not null,
    state           text not null check (state in ('planned', 'dropped', 'intended', 'created', 'skipped', 'failed', 'closed', 'left')),
    note            text,
    intended_at     timestamptz,
    looks           integer not null default 0,
    primary key (run_id, position)
);
comment on column planned_issues.position is 'The number people use in commands, from 1.';
comment on column planned_issues.document is 'The planned issue itself, as it will be sent.';
comment on column planned_issues.state is 'intended: a request may be on its way; look for the marker before sending again.';
comment on column planned_issues.looks is 'How often an intended issue was looked for and not found.';
create index planned_issues_open on planned_issues (run_id, position) where state in ('planned', 'intended');

create table created_issues (
    run_id          text not null,
    position        integer not null,
    installation_id bigint not null references installations (id),
    repository_id   bigint not null references repositories (id),
    issue_id        bigint not null,
    number          bigint not null,
    url             text not null,
    fingerprints    bytea[] not null,
    dropped         text[] not null default '{}',
    created_at      timestamptz not null,
    closing_at      timestamptz,
    closed_at       timestamptz,
    primary key (run_id, position),
    unique (repository_id, number),
    foreign key (run_id, position) references planned_issues (run_id, position) on delete cascade
);
comment on column created_issues.dropped is 'What was asked and GitHub silently left out.';
comment on column created_issues.closing_at is 'When a rollback meant to close it; stored before the request is sent.';
comment on column created_issues.closed_at is 'When a rollback closed it.';
create index created_issues_by_fingerprint on created_issues using gin (fingerprints) where closed_at is null;
comment on column created_issues.fingerprints is 'Of every kind of unique_by, so that a later run with another kind still knows it.';

create table issue_links (
    run_id          text not null,
    position        integer not null,
    kind            text not null check (kind in ('sub_issue', 'blocked_by')),
    target          integer not null,
    installation_id bigint not null references installations (id),
    state           text not null check (state in ('planned', 'done', 'refused', 'removed')),
    note            text,
    primary key (run_id, position, kind, target),
    foreign key (run_id, position) references planned_issues (run_id, position) on delete cascade
);
comment on column issue_links.target is 'Position of the parent or of what must be done first; 0 is the trigger issue.';
create index issue_links_open on issue_links (run_id, position) where state = 'planned';

create table bot_comments (
    cause           text not null,
    installation_id bigint not null references installations (id),
    repository_id   bigint not null references repositories (id),
    issue_number    bigint not null,
    comment_id      bigint,
    intended_at     timestamptz not null,
    primary key (repository_id, cause)
);
comment on table bot_comments is 'One comment for each cause (run:ID, or the comment that is answered): intent first, so that none is doubled.';
create index bot_comments_by_id on bot_comments (repository_id, comment_id);

create table audit_events (
    id              bigint generated always as identity primary key,
    installation_id bigint not null references installations (id),
    repository_id   bigint references repositories (id),
    run_id          text references runs (id),
    actor           text not null,
    actor_id        bigint,
    action          text not null,
    detail          jsonb not null default '{}',
    cause           text,
    at              timestamptz not null
);
comment on column audit_events.cause is 'The comment or issue that commanded it; unique, so that no command runs twice.';
create unique index audit_events_cause on audit_events (repository_id, cause) where cause is not null;
create index audit_events_of_installation on audit_events (installation_id, at desc);
create index audit_events_of_run on audit_events (run_id, at);
