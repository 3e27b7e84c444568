/** Limits of the API. Sizes are bytes of UTF-8 JSON text. Times are seconds unless the name has another unit. */

export const MAX_REQUEST_BYTES = 20 * 1024 * 1024;
export const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;
/** A larger payload stays in its submission's record: queue messages and ledger rows are small. */
export const MAX_INLINE_BYTES = 96 * 1024;
export const MAX_RESULT_BYTES = 256 * 1024;
/** How deep a payload, a result or a progress value may nest. All JSON readers in the path support this depth. */
export const MAX_JSON_DEPTH = 200;
/** A submission is stored as one KV value, and a KV value is 25 MiB at most. */
export const MAX_SUBMISSION_BYTES = 25 * 1024 * 1024;
/** A claim stops at this many bytes of payloads. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/**
 * `GET /tasks/ready` and `GET /tasks/all` stop at this many tasks, or at this many bytes of payloads. They always
 * return the first task, even if its payload is larger.
 */
export const MAX_LISTED_TASKS = 500;
export const MAX_LIST_BYTES = 1024 * 1024;
/** These lists read payloads from the records of at most this many submissions. */
export const MAX_LIST_RECORDS = 4;

export const MAX_BATCH_TASKS = 1000;
export const MAX_LIST_LIMIT = 1000;
export const DEFAULT_LIST_LIMIT = 100;
/** How many rows a filtered list scans before it returns a cursor. */
export const MAX_LIST_SCAN = 10_000;
export const MAX_CLAIM_TASKS = 1000;
/** How many tasks one claim grants, for all its wants together. The next claim gets the rest. */
export const MAX_GRANTED_TASKS = 500;
/** How many tasks one bulk cancel or retry changes. The response has a cursor for the next call. */
export const MAX_CHANGED_TASKS = 500;
export const MAX_WANTED_TYPES = 500;
export const MAX_REPORT_RESULTS = 1000;
export const MAX_HEARTBEAT_LEASES = 1000;
/** How many tasks of one lease a heartbeat or a release may list. */
export const MAX_HELD_TASKS = 10_000;
export const MAX_PROGRESS_BYTES = 1024;
/** The count `ready` in the response to a claim stops here. */
export const MAX_READY_COUNT = 1000;

/** How far the time of a `Submission-Id` may be in the past, and in the future. */
export const MAX_SUBMISSION_AGE_SECONDS = 600;
export const MAX_SUBMISSION_AHEAD_SECONDS = 60;

/** How long `GET /tasks/:id/status` may wait before it responds. */
export const MAX_WAIT_SECONDS = 60;
/** How many calls of `?wait=` and `/events` may wait for a change at the same time. */
export const MAX_WAITING_CALLS = 5000;
/** How many sockets of `/live` may be open at the same time. Every update is sent to each of them. */
export const MAX_LIVE_SOCKETS = 200;
/** How many sockets of `/wake` may be open at the same time. A runner without one finds work by polling. */
export const MAX_WAKE_SOCKETS = 2000;
/** How many of them one runner may have. A runner that was restarted may still have an old one. */
export const MAX_RUNNER_WAKE_SOCKETS = 10;
/** Bytes of UTF-8. A runner's name is a tag of its socket, and Cloudflare limits a tag to 256 bytes. */
export const MAX_RUNNER_NAME_BYTES = 200;
/** How many types `GET /stats` shows; and how many tasks, or stuck threads, of a runner are shown. */
export const MAX_SHOWN_TYPES = 200;
export const MAX_SHOWN_TASKS = 20;

/** Maximum number of live task types, and of paused ones. It limits the cost of every call that reads all types. */
export const MAX_LIVE_TYPES = 10_000;
/** The ledger stores at most this many types, even if more were accepted while its capacity was cached. */
export const MAX_STORED_TYPES = 20_000;
export const MAX_TYPE_LENGTH = 100;
export const MAX_RUN_AHEAD_SECONDS = 30 * 24 * 3600;
export const MAX_TIMEOUT_SECONDS = 24 * 3600;
export const MAX_ERROR_MESSAGE_LENGTH = 4096;
/** A task keeps only its latest attempts. */
export const MAX_KEPT_ATTEMPTS = 10;

/** A task that this many leases in a row lost before its start was known fails with `undeliverable`. */
export const MAX_LOST_DELIVERIES = 20;

export const DEFAULT_MAX_ATTEMPTS = 3;
export const DEFAULT_BACKOFF_BASE_SECONDS = 1;
export const DEFAULT_BACKOFF_CAP_SECONDS = 3600;
export const DEFAULT_LEASE_SECONDS = 30;
/** How long a claim without a lease id of the client holds its task. */
export const UNFENCED_LEASE_SECONDS = 300;

/** How many planned times one backfill, or the missed times of one schedule, may run. */
export const MAX_SCHEDULED_TIMES = 1000;
/** The bytes of payload that one backfill may insert. */
export const MAX_BACKFILL_BYTES = 20 * 1024 * 1024;
/** A page of schedules stops at this many bytes. */
export const MAX_SCHEDULES_BYTES = 256 * 1024;
export const MAX_SCHEDULES = 50_000;
