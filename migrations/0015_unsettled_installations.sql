-- Acting upon a change of an installation takes several steps, GitHub's answers among them. What was cut off in between is
-- taken up by the next comparison with GitHub.
alter table installations add column unsettled boolean not null default false;
