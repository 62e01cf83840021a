-- One row for each webhook delivery that concerns us; the others are counted and forgotten.
CREATE TABLE deliveries (
    guid            text        PRIMARY KEY CHECK (length(guid) BETWEEN 1 AND 64),
    event           text        NOT NULL,
    action          text,
    installation_id bigint,
    repository_id   bigint,
    received_at     timestamptz NOT NULL DEFAULT now(),
    body            bytea       NOT NULL,
    body_bytes      integer     NOT NULL CHECK (body_bytes BETWEEN 0 AND 26214400),
    state           text        NOT NULL DEFAULT 'stored' CHECK (state IN ('stored', 'done', 'failed')),
    attempts        integer     NOT NULL DEFAULT 0,
    redeliveries    integer     NOT NULL DEFAULT 0,
    finished_at     timestamptz,
    error           text
);

-- The application compresses the body; PostgreSQL trying again would only cost time.
ALTER TABLE deliveries ALTER COLUMN body SET STORAGE EXTERNAL;

COMMENT ON TABLE  deliveries IS 'Webhook deliveries that concern us, stored before GitHub gets its answer';
COMMENT ON COLUMN deliveries.guid IS 'X-GitHub-Delivery; a redelivery keeps it';
COMMENT ON COLUMN deliveries.event IS 'X-GitHub-Event';
COMMENT ON COLUMN deliveries.action IS 'The payload''s action, for people who search; null where it has none';
COMMENT ON COLUMN deliveries.installation_id IS 'The tenant; null for events outside an installation. No foreign key: the delivery may be the first that we hear of it';
COMMENT ON COLUMN deliveries.repository_id IS 'GitHub''s numeric id; null for events outside a repository';
COMMENT ON COLUMN deliveries.body IS 'The payload as it was signed, one LZ4 block';
COMMENT ON COLUMN deliveries.body_bytes IS 'The size of the payload before compression';
COMMENT ON COLUMN deliveries.state IS 'stored: its job is not through; done; failed: its job gave up, a redelivery starts again';
COMMENT ON COLUMN deliveries.attempts IS 'How often a job began on it';
COMMENT ON COLUMN deliveries.redeliveries IS 'How often the same GUID came again';
COMMENT ON COLUMN deliveries.finished_at IS 'When it became done or failed';
COMMENT ON COLUMN deliveries.error IS 'Why it failed, or why the last attempt did';

-- What is unfinished, oldest first: a handful among many.
CREATE INDEX deliveries_unfinished ON deliveries (received_at) WHERE state <> 'done';
-- One tenant's deliveries, newest first, and their removal with the tenant.
CREATE INDEX deliveries_installation ON deliveries (installation_id, received_at);
-- Retention walks the table in the order in which it was written: a block range index costs inserts next to nothing.
CREATE INDEX deliveries_received ON deliveries USING brin (received_at);
