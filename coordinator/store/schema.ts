import type { Database } from 'libsql'
import { InvalidInputError } from '../../shared/errors.js'

/** One script for each version of the schema, in order; never changed once released, only added to. */
const migrations: readonly string[] = [
  `
  CREATE TABLE search (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    search_id TEXT NOT NULL,
    name TEXT NOT NULL,
    config TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'stopping', 'finished', 'stopped', 'failed')),
    status_reason TEXT NOT NULL,
    ending TEXT CHECK (ending IN ('finished', 'stopped', 'failed')),
    created_at_ms REAL NOT NULL,
    status_at_ms REAL NOT NULL,
    elapsed_ms REAL NOT NULL,
    generator_state TEXT NOT NULL
  );
  CREATE TABLE candidates (
    sequence INTEGER PRIMARY KEY,
    encoding TEXT NOT NULL UNIQUE,
    operator TEXT NOT NULL,
    parents TEXT NOT NULL,
    params INTEGER NOT NULL,
    macs INTEGER NOT NULL,
    activations INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'told', 'withdrawn')),
    told_sequence INTEGER UNIQUE,
    outcome TEXT,
    top1 REAL,
    loss REAL,
    epochs INTEGER,
    images_per_second REAL,
    step_ms REAL,
    step_ms_p10 REAL,
    step_ms_p90 REAL,
    training_ms REAL,
    device_class TEXT,
    train_images INTEGER,
    validation_images INTEGER,
    unreadable_images INTEGER,
    checkpoint TEXT,
    diverged_epoch INTEGER,
    peak_bytes INTEGER,
    limit_ms REAL,
    failure_reason TEXT,
    message TEXT
  );
  CREATE INDEX candidates_pending ON candidates (sequence) WHERE status = 'pending';
  CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    candidate INTEGER NOT NULL REFERENCES candidates (sequence),
    state TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'running', 'done')),
    reason TEXT NOT NULL,
    created_at_ms REAL NOT NULL,
    since_ms REAL NOT NULL,
    not_before_ms REAL,
    deadline_ms REAL,
    attempt INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    worker_id TEXT,
    slot INTEGER,
    attempt_since_ms REAL,
    avoid TEXT,
    cancelling TEXT,
    outcome TEXT
  );
  CREATE INDEX jobs_open ON jobs (id) WHERE state <> 'done';
  CREATE TABLE attempts (
    job INTEGER NOT NULL,
    token INTEGER NOT NULL,
    worker_id TEXT NOT NULL,
    slot INTEGER NOT NULL,
    started_at_ms REAL NOT NULL,
    ended_at_ms REAL NOT NULL,
    outcome TEXT NOT NULL,
    failure_reason TEXT,
    message TEXT,
    PRIMARY KEY (job, token)
  ) WITHOUT ROWID;
  CREATE INDEX attempts_failed ON attempts (failure_reason) WHERE failure_reason IS NOT NULL;
  CREATE TABLE epochs (
    job INTEGER NOT NULL,
    token INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    loss REAL NOT NULL,
    top1 REAL,
    images_per_second REAL NOT NULL,
    at_ms REAL NOT NULL,
    PRIMARY KEY (job, token, epoch)
  ) WITHOUT ROWID;
  CREATE TABLE workers (
    worker_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    device_class TEXT NOT NULL,
    slots INTEGER NOT NULL,
    threads_per_slot INTEGER NOT NULL,
    address TEXT NOT NULL,
    first_seen_ms REAL NOT NULL,
    last_registered_ms REAL NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE leader (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL
  );
  `,
  // Rungs: a candidate's row has the result of its longest training, rung_results those of the shorter ones before.
  `
  ALTER TABLE candidates ADD COLUMN rung INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE candidates ADD COLUMN promoted_to INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX candidates_promoted ON candidates (sequence) WHERE promoted_to > 0;
  CREATE TABLE rung_results (
    candidate INTEGER NOT NULL REFERENCES candidates (sequence),
    rung INTEGER NOT NULL,
    told_sequence INTEGER NOT NULL UNIQUE,
    outcome TEXT NOT NULL,
    top1 REAL,
    loss REAL,
    epochs INTEGER,
    images_per_second REAL,
    step_ms REAL,
    step_ms_p10 REAL,
    step_ms_p90 REAL,
    training_ms REAL,
    device_class TEXT,
    train_images INTEGER,
    validation_images INTEGER,
    unreadable_images INTEGER,
    checkpoint TEXT,
    diverged_epoch INTEGER,
    peak_bytes INTEGER,
    limit_ms REAL,
    failure_reason TEXT,
    message TEXT,
    PRIMARY KEY (candidate, rung)
  );
  `,
  `
  ALTER TABLE jobs ADD COLUMN kills INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE jobs ADD COLUMN failure_reason TEXT;
  ALTER TABLE workers ADD COLUMN cordoned TEXT;
  ALTER TABLE workers ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';
  `,
  // Until now everything was trained in float32.
  `
  ALTER TABLE candidates ADD COLUMN precision TEXT;
  ALTER TABLE rung_results ADD COLUMN precision TEXT;
  UPDATE candidates SET precision = 'float32' WHERE outcome = 'succeeded';
  UPDATE rung_results SET precision = 'float32' WHERE outcome = 'succeeded';
  `,
  `
  ALTER TABLE candidates ADD COLUMN phase TEXT;
  `,
  // JSON: the memory of a device that was too small for the job, and the result that it had there.
  `
  ALTER TABLE jobs ADD COLUMN outgrown TEXT;
  `,
  // Warm starts: what results of this search can be compared with, and what it began with that was known from elsewhere.
  `
  ALTER TABLE search ADD COLUMN evaluation TEXT;
  ALTER TABLE search ADD COLUMN warm_start TEXT;
  `,
  // Without an index of encodings: each new network fell on a page of its own, so busy commits wrote many pages. That no
  // network is proposed twice is what the search sees to, and tests/chaos checks.
  `
  CREATE TABLE candidates_anew (
    sequence INTEGER PRIMARY KEY,
    encoding TEXT NOT NULL,
    operator TEXT NOT NULL,
    parents TEXT NOT NULL,
    params INTEGER NOT NULL,
    macs INTEGER NOT NULL,
    activations INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'told', 'withdrawn')),
    told_sequence INTEGER UNIQUE,
    outcome TEXT,
    top1 REAL,
    loss REAL,
    epochs INTEGER,
    images_per_second REAL,
    step_ms REAL,
    step_ms_p10 REAL,
    step_ms_p90 REAL,
    training_ms REAL,
    device_class TEXT,
    train_images INTEGER,
    validation_images INTEGER,
    unreadable_images INTEGER,
    checkpoint TEXT,
    diverged_epoch INTEGER,
    peak_bytes INTEGER,
    limit_ms REAL,
    failure_reason TEXT,
    message TEXT,
    rung INTEGER NOT NULL DEFAULT 0,
    promoted_to INTEGER NOT NULL DEFAULT 0,
    precision TEXT,
    phase TEXT
  );
  INSERT INTO candidates_anew SELECT * FROM candidates;
  DROP TABLE candidates;
  ALTER TABLE candidates_anew RENAME TO candidates;
  CREATE INDEX candidates_pending ON candidates (sequence) WHERE status = 'pending';
  CREATE INDEX candidates_promoted ON candidates (sequence) WHERE promoted_to > 0;
  `,
]

/** Brings the database to the newest schema. @throws InvalidInputError for a database of a newer program. */
export function migrate(database: Database, file: string): void {
  const version = userVersion(database)
  if (version > migrations.length) {
    throw new InvalidInputError(`${file} was written by a newer version of nasoa (schema ${version}, this one knows ${migrations.length}): use that version`)
  }
  if (version === migrations.length) return
  // A table that is made anew must not take with it what refers to it (https://sqlite.org/lang_altertable.html#otheralter).
  database.pragma('foreign_keys = OFF')
  for (let next = version; next < migrations.length; next++) {
    database.exec(`BEGIN IMMEDIATE; ${migrations[next]} PRAGMA user_version = ${next + 1}; COMMIT;`)
  }
  database.pragma('foreign_keys = ON')
}

function userVersion(database: Database): number {
  const row = database.pragma('user_version', { simple: true }) as { user_version: number } | number
  return typeof row === 'number' ? row : row.user_version
}
