-- `sync`: a run that brings the issues of an earlier one in line with an edited specification.

alter table runs add column syncs text;
alter table runs add column sync jsonb;
alter table runs add column sync_offered boolean not null default false;
alter table runs add constraint runs_sync_tenants_run foreign key (syncs, installation_id)
    references runs (id, installation_id);
comment on column runs.syncs is 'The run whose issues this one brings in line; null: a run that plans anew.';
comment on column runs.sync is 'Of a sync: the issues that stood when it was planned, what each covers of the new text, and what is left to people.';
comment on column runs.sync_offered is 'The specification was edited since, and the run''s comment offers `sync`.';
create index runs_that_sync on runs (syncs, created_at) where syncs is not null;

alter table planned_issues drop constraint planned_issues_state_check;
alter table planned_issues add constraint planned_issues_state_check check
    (state in ('planned', 'dropped', 'intended', 'created', 'skipped', 'failed', 'closed', 'left', 'changed', 'undone'));
comment on column planned_issues.state is 'intended: a request may be on its way; look before sending again. changed, undone: an issue that was there already, see issue_edits.';

create table issue_edits (
    run_id          text not null,
    position        integer not null,
    installation_id bigint not null references installations (id),
    deed            text not null check (deed in ('change', 'retire')),
    of_run          text not null,
    of_position     integer not null,
    seen_title      text not null,
    seen_body       text not null,
    our_title       text not null,
    our_body        text not null,
    new_title       text not null,
    new_body        text not null,
    before_title    text,
    before_body     text,
    sent_title      text,
    sent_body       text,
    primary key (run_id, position),
    foreign key (run_id, position) references planned_issues (run_id, position) on delete cascade,
    foreign key (of_run, of_position) references created_issues (run_id, position) on delete cascade
);
comment on table issue_edits is 'Items of a sync that change or retire an issue of an earlier run.';
comment on column issue_edits.seen_body is 'What stood on GitHub when the preview was made: what differs from it when it is applied was written since.';
comment on column issue_edits.our_body is 'What the issue would say, had nobody but us written there: by it people''s edits are told from ours.';
comment on column issue_edits.before_body is 'What stood on GitHub right before the request: what a rollback puts back.';
comment on column issue_edits.sent_body is 'What was sent; stored before the request leaves.';
create index issue_edits_of_issue on issue_edits (of_run, of_position);
select wall_off('issue_edits', 'installation_id', 'select, insert, update, delete');
