-- The tables of a new history. A change here needs a step in migrate.c that makes the same of the version before.
-- Names: a message's column "parent" is the message it answers; "chosen" the child that the path last went through.
CREATE TABLE conversation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    public TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL DEFAULT '',
    titled INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    activity INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0,
    leaf INTEGER REFERENCES message DEFERRABLE INITIALLY DEFERRED,
    pinned INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0,
    unread INTEGER NOT NULL DEFAULT 0,
    trashed INTEGER,
    model TEXT,
    template TEXT,
    settings TEXT,
    system TEXT,
    origin TEXT,
    cursor INTEGER NOT NULL DEFAULT 0,
    draft TEXT NOT NULL DEFAULT '',
    preset TEXT,
    persona TEXT
) STRICT;
CREATE INDEX conversation_leaf ON conversation (leaf);
CREATE INDEX conversation_order ON conversation (pinned, changed, id);
CREATE INDEX conversation_title ON conversation (title);
CREATE INDEX conversation_activity ON conversation (activity);

-- What made messages: many share one row.
CREATE TABLE maker (
    id INTEGER PRIMARY KEY,
    model TEXT NOT NULL,
    fingerprint INTEGER NOT NULL,
    template TEXT NOT NULL,
    settings TEXT NOT NULL,
    UNIQUE (model, fingerprint, template, settings)
) STRICT;

-- Programs that have an answer under way.
CREATE TABLE writer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    boot TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started INTEGER NOT NULL
) STRICT;

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversation DEFERRABLE INITIALLY DEFERRED,
    parent INTEGER REFERENCES message DEFERRABLE INITIALLY DEFERRED,
    position INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    chosen INTEGER,
    role INTEGER NOT NULL CHECK (role BETWEEN 0 AND 3),
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
    created INTEGER NOT NULL,
    trashed INTEGER,
    writer INTEGER REFERENCES writer,
    maker INTEGER REFERENCES maker,
    seed INTEGER,
    finish TEXT,
    prompt_tokens INTEGER NOT NULL DEFAULT 0,
    reused_tokens INTEGER NOT NULL DEFAULT 0,
    answer_tokens INTEGER NOT NULL DEFAULT 0,
    prefill_seconds REAL NOT NULL DEFAULT 0,
    first_token_seconds REAL NOT NULL DEFAULT 0,
    decode_seconds REAL NOT NULL DEFAULT 0,
    text TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX message_child ON message (parent, position);
-- Siblings in their order, and the deleted ones among them: positions have no gaps but these, so that a place among
-- siblings and their number follow from a position and a count of the few that are deleted.
CREATE INDEX message_in ON message (conversation, parent, position);
CREATE INDEX message_gap ON message (conversation, parent, position) WHERE trashed IS NOT NULL;
CREATE INDEX message_trashed ON message (conversation, trashed) WHERE trashed IS NOT NULL;
CREATE INDEX message_maker ON message (maker) WHERE maker IS NOT NULL;
CREATE INDEX message_writer ON message (writer) WHERE writer IS NOT NULL;
CREATE INDEX message_streaming ON message (conversation) WHERE state = 1;

-- Settings that came into force inside a message; number 0 is its maker's.
CREATE TABLE epoch (
    message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
    number INTEGER NOT NULL,
    settings TEXT NOT NULL,
    PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;

-- Token records, a part for each write while the answer grew.
CREATE TABLE record (
    message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
    part INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (message, part)
) STRICT;

CREATE TABLE tag (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE
) STRICT;
CREATE TABLE tagged (
    conversation INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    tag INTEGER NOT NULL REFERENCES tag ON DELETE CASCADE,
    PRIMARY KEY (conversation, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX tagged_tag ON tagged (tag);

CREATE TABLE value (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE persona (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    system TEXT,
    settings TEXT,
    model TEXT,
    template TEXT
) STRICT;

CREATE TABLE preset (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    settings TEXT NOT NULL
) STRICT;

-- Words of texts and titles. The texts themselves are not kept a second time; index.c puts spaces around the characters
-- of scripts that write none, so that a word inside a Chinese sentence is found as a phrase.
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', columnsize = 0, prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE title_words USING fts5 (
    text, content = '', columnsize = 0, prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
);
