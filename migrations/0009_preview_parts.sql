-- What a comment of ours says, so that parts of a long preview that did not change are not edited.

-- SHA-256 of the text that was sent last; null: unknown, or somebody has edited it.
alter table bot_comments add column shown bytea;
