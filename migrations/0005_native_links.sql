-- What the server of a run knows, and links that are written into texts where it does not know them.

alter table runs add column native_sub_issues boolean;
alter table runs add column native_dependencies boolean;
comment on column runs.native_sub_issues is 'Whether the GitHub server knows sub-issues; null: not asked yet.';
comment on column runs.native_dependencies is 'Whether the GitHub server knows dependencies between issues; null: not asked yet.';

alter table issue_links drop constraint issue_links_state_check;
alter table issue_links add constraint issue_links_state_check
    check (state in ('planned', 'done', 'refused', 'removed', 'text', 'written'));
comment on column issue_links.state is 'text: to be written into an issue''s body, where the server does not know such links; written: it stands there.';
create index issue_links_text on issue_links (run_id) where state = 'text';
create index issue_links_target on issue_links (run_id, target);
