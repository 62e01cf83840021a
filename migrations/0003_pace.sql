-- GitHub's limits, kept for each installation over all replicas.

alter table installations
    add column people_until timestamptz not null default '-infinity',
    add column slowness     integer not null default 0,
    add column refused_at   timestamptz;
comment on column installations.people_until is 'Runs leave the places before this moment to people who wait for an answer.';
comment on column installations.slowness is 'How often the pace is halved; void an hour after refused_at.';
comment on column installations.refused_at is 'When GitHub last refused a request because they came too fast.';

alter table runs
    add column waits_until    timestamptz,
    add column troubled_since timestamptz,
    add column labels_refused text[] not null default '{}';
comment on column runs.labels_refused is 'Labels that GitHub would not make: each is tried once, or none would ever get its place.';
comment on column runs.troubled_since is 'Since when every request of the run has failed in a way that may pass.';
comment on column runs.waits_until is 'Until when the run waits for GitHub''s limits, where that is long; past or null: it does not.';

create table content_requests (
    installation_id bigint not null references installations (id),
    at              timestamptz not null
);
comment on table content_requests is 'What GitHub counts as content, sent within the last hour: issues, comments, labels, links.';
create index content_requests_of_installation on content_requests (installation_id, at);

alter table bot_comments add column looks integer not null default 0;
comment on column bot_comments.looks is 'How often an intended comment was looked for and not found.';

create index planned_issues_under_way on planned_issues (repository_id, fingerprint) where state = 'intended';

create table acknowledgements (
    repository_id   bigint not null references repositories (id),
    cause           text not null,
    installation_id bigint not null references installations (id),
    at              timestamptz not null,
    primary key (repository_id, cause)
);
comment on table acknowledgements is 'The comments and issues that carry our reaction: a delivery that runs again does not react again.';

-- Takes the installation's next place to write, or answers when to come back. Null: taken.
-- A place is taken when the request is about to leave; it reaches GitHub a little later, so the windows are a little longer than GitHub's.
create function take_write(
    tenant     bigint,
    moment     timestamptz,
    spacing    interval,
    is_content boolean,
    per_minute integer,
    per_hour   integer,
    for_people boolean
) returns timestamptz language plpgsql as $$
declare
    minute constant interval := '61 seconds';
    hour   constant interval := '3605 seconds';
    place  installations%rowtype;
    slow   integer := 0;
    free   timestamptz;
begin
    -- One clock for all replicas, unless a test has set another.
    moment := coalesce(moment, clock_timestamp());
    select * into strict place from installations where id = tenant for no key update;
    if place.refused_at > moment - interval '1 hour' then
        slow := place.slowness;
    end if;
    free := place.next_write_at;
    if not for_people then
        free := greatest(free, place.people_until);
    end if;
    if is_content then
        free := greatest(free,
            (select at + minute from content_requests where installation_id = tenant
             order by at desc offset greatest(per_minute >> slow, 1) - 1 limit 1),
            (select at + hour from content_requests where installation_id = tenant
             order by at desc offset greatest(per_hour >> slow, 1) - 1 limit 1));
    end if;
    if free > moment then
        if for_people and free < moment + interval '5 seconds' then
            update installations set people_until = free + interval '300 milliseconds' where id = tenant;
        end if;
        return free;
    end if;
    update installations set next_write_at = moment + spacing * (1 << slow) where id = tenant;
    if is_content then
        delete from content_requests where installation_id = tenant and at <= moment - hour;
        insert into content_requests (installation_id, at) values (tenant, moment);
    end if;
    return null;
end
$$;
