"""The tables of the store, as named migrations; one that was released is never changed, a new one follows it."""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-conversations",
        # Paths are BLOBs, since a name in the file system need not be valid text. Times are seconds since the epoch.
        """
        CREATE TABLE conversations (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            title TEXT NOT NULL,
            terminal TEXT NOT NULL,
            started_in BLOB NOT NULL,
            folder BLOB NOT NULL,
            previous_folder BLOB,
            context_from INTEGER NOT NULL DEFAULT 0,
            started_at REAL NOT NULL,
            changed_at REAL NOT NULL
        );
        CREATE INDEX conversations_by_terminal ON conversations (terminal, changed_at);
        CREATE TABLE turns (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('request', 'command')),
            request TEXT NOT NULL,
            prompt TEXT NOT NULL,
            ending TEXT,
            reply TEXT NOT NULL DEFAULT '',
            notice TEXT NOT NULL DEFAULT '',
            started_at REAL NOT NULL,
            ended_at REAL
        );
        CREATE INDEX turns_by_conversation ON turns (conversation);
        CREATE TABLE steps (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            turn INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
            call TEXT,
            suggested TEXT NOT NULL,
            command TEXT NOT NULL,
            folder BLOB NOT NULL,
            level TEXT NOT NULL,
            reasons TEXT NOT NULL,
            confidence REAL,
            action TEXT,
            elsewhere INTEGER NOT NULL DEFAULT 0,
            folder_after BLOB,
            exit_code INTEGER,
            output_head TEXT,
            output_gap TEXT,
            output_tail TEXT,
            left_out_lines INTEGER,
            left_out_bytes INTEGER,
            total_bytes INTEGER,
            is_binary INTEGER,
            duration REAL NOT NULL DEFAULT 0,
            timed_out INTEGER NOT NULL DEFAULT 0,
            cancelled INTEGER NOT NULL DEFAULT 0,
            sandbox_level TEXT,
            seen TEXT,
            proposed_at REAL NOT NULL,
            decided_at REAL,
            ended_at REAL
        );
        CREATE INDEX steps_by_turn ON steps (turn);
        """,
    ),
    (
        "0002-effects",
        # The changed paths are a JSON list; names that are not UTF-8 have their bytes as escapes in it.
        """
        ALTER TABLE steps ADD COLUMN journal_id TEXT;
        ALTER TABLE steps ADD COLUMN changed TEXT;
        """,
    ),
)
