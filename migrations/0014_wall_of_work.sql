-- The wall stands before the work on a run too: its issues, links, edits and the pace are read and written as the tenant.

do $$
begin
    if wall_role() is null then
        return; -- the policies bind the owner of the tables
    end if;
    execute format('grant update on installations, created_issues, ai_calls to %I', wall_role());
    execute format('grant insert, update, delete on issue_links to %I', wall_role());
    execute format('grant insert, delete on content_requests to %I', wall_role());
    execute format('grant insert on acknowledgements to %I', wall_role());
end
$$;
