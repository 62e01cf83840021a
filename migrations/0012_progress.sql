-- What became of created issues afterwards, as their own events tell.

alter table created_issues
    add column standing text not null default 'open'
        check (standing in ('open', 'done', 'not_planned', 'deleted', 'moved')),
    add column standing_at timestamptz;
comment on column created_issues.standing is 'How GitHub last told that it stands; a rollback''s own closing is closed_at.';
comment on column created_issues.standing_at is 'The issue''s own updated_at then: an older event that comes later changes nothing.';
