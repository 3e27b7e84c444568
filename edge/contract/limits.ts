/** The bounds of the wire. Bytes are of UTF-8 JSON text, times are seconds unless the name says otherwise. */

export const MAX_REQUEST_BYTES = 20 * 1024 * 1024;
export const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;
/** A larger payload stays in its submission's record: queue messages and ledger rows are small. */
export const MAX_INLINE_BYTES = 96 * 1024;
export const MAX_RESULT_BYTES = 256 * 1024;
/** How deep a payload, a result or a progress value may nest: every JSON reader on its way can follow. */
export const MAX_JSON_DEPTH = 200;
/** A KV value is 25 MiB at most, so a submission is. */
export const MAX_SUBMISSION_BYTES = 25 * 1024 * 1024;
/** A claim stops at this much payload. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** `GET /tasks/ready` and `GET /tasks/all` stop at this many tasks, and at this much payload after the first. */
export const MAX_LISTED_TASKS = 500;
export const MAX_LIST_BYTES = 1024 * 1024;
/** They stop before the payload of one submission more than these has to be read from its record. */
export const MAX_LIST_RECORDS = 4;

export const MAX_BATCH_TASKS = 1000;
export const MAX_LIST_LIMIT = 1000;
export const DEFAULT_LIST_LIMIT = 100;
/** How many rows a filtered list looks at before it answers with a cursor. */
export const MAX_LIST_SCAN = 10_000;
export const MAX_CLAIM_TASKS = 1000;
/** How many tasks one claim grants, its wants together. What is left is for the next claim. */
export const MAX_GRANTED_TASKS = 500;
/** How many tasks one bulk cancel or retry changes; its answer has a cursor for the next. */
export const MAX_CHANGED_TASKS = 500;
export const MAX_WANTED_TYPES = 500;
export const MAX_REPORT_RESULTS = 1000;
export const MAX_HEARTBEAT_LEASES = 1000;
/** How many tasks of one lease a heartbeat or a release names. */
export const MAX_HELD_TASKS = 10_000;
export const MAX_PROGRESS_BYTES = 1024;
/** `ready` in a claim's answer is counted up to here. */
export const MAX_READY_COUNT = 1000;

/** How far the time of a `Submission-Id` may lie behind the present, or ahead of it. */
export const MAX_SUBMISSION_AGE_SECONDS = 600;
export const MAX_SUBMISSION_AHEAD_SECONDS = 60;

/** How long `GET /tasks/:id/status` holds its answer. */
export const MAX_WAIT_SECONDS = 60;
/** How many calls of `?wait=` and `/events` wait for a change at the same time. */
export const MAX_WAITING_CALLS = 5000;
/** How many sockets of `/live` are open at the same time: each is sent every update. */
export const MAX_LIVE_SOCKETS = 200;
/** How many sockets of `/wake` are open at the same time. A runner without one finds work by polling. */
export const MAX_WAKE_SOCKETS = 2000;
/** Of UTF-8: a runner's name is a tag of its socket, which Cloudflare limits to 256 bytes. */
export const MAX_RUNNER_NAME_BYTES = 200;
/** How many types `GET /stats` shows, and how many tasks or stuck threads of a runner. */
export const MAX_SHOWN_TYPES = 200;
export const MAX_SHOWN_TASKS = 20;

/** Maximum number of live task types; it bounds every call that looks at all types. */
export const MAX_LIVE_TYPES = 10_000;
/** The ledger takes in no more types than these, whatever was accepted while its answer about room was cached. */
export const MAX_STORED_TYPES = 20_000;
export const MAX_TYPE_LENGTH = 100;
export const MAX_RUN_AHEAD_SECONDS = 30 * 24 * 3600;
export const MAX_TIMEOUT_SECONDS = 24 * 3600;
export const MAX_ERROR_MESSAGE_LENGTH = 4096;
/** A task keeps its latest attempts only. */
export const MAX_KEPT_ATTEMPTS = 10;

/** A task that so many leases in a row have lost before its start was known ends as `undeliverable`. */
export const MAX_LOST_DELIVERIES = 20;

export const DEFAULT_MAX_ATTEMPTS = 3;
export const DEFAULT_BACKOFF_BASE_SECONDS = 1;
export const DEFAULT_BACKOFF_CAP_SECONDS = 3600;
export const DEFAULT_LEASE_SECONDS = 30;
/** How long a claim without a lease id of the client's holds its task. */
export const UNFENCED_LEASE_SECONDS = 300;
