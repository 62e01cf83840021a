-- The wall between tenants: behind every `where installation_id`, PostgreSQL itself. And the tokens of the API.

-- Statements for one tenant run as this role, with the tenant named for the transaction. Where we may not make the role,
-- the wall binds the owner of the tables instead, whenever a tenant is named.
do $$
begin
    if not exists (select from pg_roles where rolname = 'openproducer_tenant') then
        begin
            create role openproducer_tenant nologin;
        exception when duplicate_object or unique_violation then
            null; -- another database of this server was quicker
        end;
    end if;
    -- From version 16 on whoever made a role is its admin, but may not be it before this.
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant openproducer_tenant to %I', current_user);
    end if;
    execute format('grant usage on schema %I to openproducer_tenant', current_schema());
    create function wall_role() returns text language sql immutable as 'select ''openproducer_tenant''';
exception when insufficient_privilege or undefined_object then
    create function wall_role() returns text language sql immutable as 'select null::text';
end
$$;
comment on function wall_role() is 'As whom statements for one tenant run; null: as the owner, whom the wall then binds as well.';

create function tenant_now() returns bigint language sql stable parallel safe
    as $$ select nullif(current_setting('openproducer.installation', true), '')::bigint $$;
comment on function tenant_now() is 'The installation that this transaction is for; null: for the whole server.';

create function enter_tenant(tenant bigint) returns void language plpgsql as $$
begin
    perform set_config('openproducer.installation', tenant::text, true);
    if wall_role() is not null then
        perform set_config('role', wall_role(), true);
    end if;
end
$$;
comment on function enter_tenant(bigint) is 'From here to the end of the transaction only rows of this installation exist.';

-- Later migrations call it for each new table that has an installation.
create function wall_off(wanted regclass, tenant_column name default 'installation_id', rights text default 'select')
    returns void language plpgsql as $$
begin
    execute format('alter table %s enable row level security', wanted);
    if wall_role() is null then
        execute format('alter table %s force row level security', wanted);
        execute format('create policy wall on %s using (tenant_now() is null or %I = tenant_now())', wanted, tenant_column);
        return;
    end if;
    execute format('grant %s on %s to %I', rights, wanted, wall_role());
    execute format('create policy wall on %s to %I using (%I = tenant_now())', wanted, wall_role(), tenant_column);
    -- For those who work for the whole server without owning the tables.
    execute format('create policy house on %s using (current_user <> %L)', wanted, wall_role());
end
$$;
comment on function wall_off(regclass, name, text) is 'Puts a table behind the wall, with what a tenant''s statements may do there.';

-- A token of the API: what it may, and nothing that it could be rebuilt from.
create table api_tokens (
    id              bigint generated always as identity primary key,
    installation_id bigint not null references installations (id),
    name            text not null,
    hash            bytea not null unique check (length(hash) = 32),
    hint            text not null,
    scopes          text[] not null,
    made_by         text not null,
    made_by_id      bigint not null,
    made_at         timestamptz not null,
    used_at         timestamptz,
    revoked_by      text,
    revoked_at      timestamptz
);
comment on table api_tokens is 'Tokens with which scripts act for an installation.';
comment on column api_tokens.hash is 'SHA-256 of the token, which is 256 bits of chance.';
comment on column api_tokens.hint is 'Its last characters, so that people can tell tokens apart.';
comment on column api_tokens.used_at is 'When it was last used, to the minute.';
create index api_tokens_of_installation on api_tokens (installation_id, made_at desc);

select wall_off('installations', 'id');
do $$
declare
    walled record;
begin
    for walled in
        select c.oid::regclass as name
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and not c.relrowsecurity
          and a.attname = 'installation_id' and not a.attisdropped
    loop
        perform wall_off(walled.name, 'installation_id',
            case walled.name::text
                when 'settings' then 'select, insert'
                when 'audit_events' then 'select, insert'
                when 'ai_keys' then 'select, insert, update, delete'
                when 'api_tokens' then 'select, insert, update'
                else 'select'
            end);
    end loop;
end
$$;

-- A row that hangs on a run belongs to the run's tenant.
alter table runs add constraint runs_of_tenant unique (id, installation_id);
alter table planned_issues
    drop constraint planned_issues_run_id_fkey,
    add constraint planned_issues_of_tenants_run foreign key (run_id, installation_id)
        references runs (id, installation_id) on delete cascade;
alter table audit_events
    drop constraint audit_events_run_id_fkey,
    add constraint audit_events_of_tenants_run foreign key (run_id, installation_id) references runs (id, installation_id);

-- The audit log is read in the order in which it was written.
create index audit_events_in_order on audit_events (installation_id, id);
