-- The wall stands before commands too: who asks, confirms, cancels or plans again writes as the tenant. What they put into
-- the queue goes through a function that looks whose it is.

do $$
begin
    if wall_role() is null then
        return; -- the policies bind the owner of the tables
    end if;
    execute format('grant insert, update on runs to %I', wall_role());
    execute format('grant insert, update, delete on planned_issues to %I', wall_role());
    execute format('grant insert on ai_calls to %I', wall_role());
    -- From version 16 on a grant says for itself what it brings: the owner may become the role, and inherits nothing of it.
    if current_setting('server_version_num')::int >= 160000
        and not (select rolsuper from pg_roles where rolname = current_user) then
        begin
            execute format('grant %I to %I with inherit false, set true', wall_role(), current_user);
        exception when insufficient_privilege then
            null; -- somebody else granted it; a start tries whether it suffices
        end;
    end if;
end
$$;

-- The queue's tables are its library's and know no tenants: a tenant's statement reaches them only here, and only for a run
-- of its own. The function runs as the owner of the tables; whom it works for stays named.
create function put_job(
    task text, content json, queue text, moment timestamptz, attempts int, key text, rank int, mode text
) returns void language plpgsql security definer as $$
declare
    run text := content ->> 'run';
begin
    if tenant_now() is not null and (
        task not in ('plan_run', 'advance_run')
        or (content ->> 'installation')::bigint is distinct from tenant_now()
        or coalesce(queue, 'installation:' || tenant_now()) <> 'installation:' || tenant_now()
        or coalesce(key, '') not in ('plan:' || run, 'advance:' || run)
        or not exists (select from runs where runs.id = run and runs.installation_id = tenant_now())
    ) then
        raise insufficient_privilege using message = 'a job for another installation';
    end if;
    perform graphile_worker.add_job(identifier => task, payload => content, queue_name => queue, run_at => moment,
        max_attempts => attempts, job_key => key, priority => rank, job_key_mode => mode);
end
$$;
comment on function put_job is 'Puts a job into the queue; a tenant''s statement only for a run of its own.';

do $$
begin
    execute format('alter function put_job set search_path = %I, pg_temp', current_schema());
    revoke all on function put_job from public;
    if wall_role() is not null then
        execute format('grant execute on function put_job to %I', wall_role());
    end if;
end
$$;

