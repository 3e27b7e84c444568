import { byteLength } from '../../../contract/text.ts';
import { jsonChunks, type Sql } from './sql.ts';

/** A longer payload is stored in a pack; a shorter one in its task's row. Bytes of UTF-8. */
const MAX_ROW_PAYLOAD_BYTES = 512;
/** A pack is full at this size. A single payload in a pack may be larger. */
const MAX_PACK_BYTES = 64 * 1024;
/** Tasks that wait longer than this share a pack only with tasks of about the same time. */
const SHARED_LIFE_MS = 3_600_000;

/** Where a task's payload is stored: in its row, or in a pack. */
export interface StoredPayload {
  payload: string | null;
  bodyBytes: number | undefined;
  pack: number | null;
  packAt: number | null;
}

interface Pack {
  readonly id: number;
  readonly texts: string[];
  bytes: number;
  tasks: number;
}

const SELECT_LAST = 'SELECT coalesce(max(id), 0) AS id FROM packs';
const INSERT_PACK = 'INSERT INTO packs (id, tasks, data) VALUES (?1, ?2, CAST(?3 AS BLOB))';

/** Stores the payloads of one insert together, so that they do not each take a page of the database. */
export class Packer {
  readonly #sql: Sql;
  readonly #packs = new Map<number, Pack>();
  /** The pack that is being filled, for each time when tasks are due. */
  readonly #open = new Map<number, Pack>();
  #lastId: number | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** @param waitMs how long the task waits before it may run. */
  place(payload: string, waitMs: number): StoredPayload {
    const inRow = { payload, bodyBytes: undefined, pack: null, packAt: null };
    // A UTF-16 unit takes three bytes of UTF-8 at most.
    if (payload.length * 3 <= MAX_ROW_PAYLOAD_BYTES) return inRow;
    const bodyBytes = byteLength(payload);
    if (bodyBytes <= MAX_ROW_PAYLOAD_BYTES) return inRow;
    const pack = this.#packFor(Math.floor(waitMs / SHARED_LIFE_MS), bodyBytes);
    const packAt = pack.bytes;
    pack.texts.push(payload);
    pack.bytes += bodyBytes;
    return { payload: null, bodyBytes, pack: pack.id, packAt };
  }

  /** Counts a task of a pack that was inserted into the ledger. */
  count(packId: number): void {
    const pack = this.#packs.get(packId);
    if (pack) pack.tasks += 1;
  }

  /** Writes the packs that have a task in the ledger. */
  write(): void {
    for (const { id, texts, tasks } of this.#packs.values()) {
      if (tasks > 0) this.#sql.exec(INSERT_PACK, id, tasks, texts.join(''));
    }
  }

  #packFor(due: number, bytes: number): Pack {
    const open = this.#open.get(due);
    if (open && open.bytes + bytes <= MAX_PACK_BYTES) return open;
    this.#lastId ??= this.#sql.exec<{ id: number }>(SELECT_LAST)[0]?.id ?? 0;
    this.#lastId += 1;
    const pack = { id: this.#lastId, texts: [], bytes: 0, tasks: 0 };
    this.#packs.set(pack.id, pack);
    this.#open.set(due, pack);
    return pack;
  }
}

const DELETE_EMPTY = `
  DELETE FROM packs WHERE id IN (
    SELECT packs.id FROM json_each(?1) AS gone CROSS JOIN packs ON packs.id = gone.value ->> 'pack'
    WHERE packs.tasks <= gone.value ->> 'tasks')`;
const COUNT_DOWN = `
  UPDATE packs SET tasks = packs.tasks - (gone.value ->> 'tasks')
  FROM json_each(?1) AS gone WHERE packs.id = gone.value ->> 'pack'`;

/** Handles deleted tasks. `packs` has the pack of each task that had one. A pack is deleted with its last task. */
export function leavePacks(sql: Sql, packs: readonly number[]): void {
  const counts = [...Map.groupBy(packs, (pack) => pack)].map(([pack, { length: tasks }]) => ({
    pack,
    tasks,
  }));
  for (const chunk of jsonChunks(counts)) {
    sql.exec(DELETE_EMPTY, chunk);
    sql.exec(COUNT_DOWN, chunk);
  }
}

/** A task's payload as JSON text; null if it is stored in the submission's record. */
export const PAYLOAD_TEXT = `
  iif(pack IS NULL, payload,
    (SELECT CAST(substr(packs.data, tasks.pack_at + 1, tasks.body_bytes) AS TEXT) FROM packs WHERE packs.id = tasks.pack))`;
export const PAYLOAD = `${PAYLOAD_TEXT} AS payload`;
