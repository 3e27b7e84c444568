import type { Counters } from './counters.ts';

/**
 * Makes a Durable Object's storage count the rows that it reads and writes, and record its size. Setting an alarm
 * writes one row.
 */
export function countRows(storage: DurableObjectStorage, counters: Counters): void {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  const setAlarm = storage.setAlarm.bind(storage);
  replace(sql, 'exec', (query: string, ...params: unknown[]) => {
    const cursor = exec(query, ...params);
    const toArray = cursor.toArray.bind(cursor);
    replace(cursor, 'toArray', () => {
      const rows = toArray();
      counters.add('rowsRead', cursor.rowsRead);
      counters.add('rowsWritten', cursor.rowsWritten);
      counters.setLedgerBytes(sql.databaseSize);
      return rows;
    });
    return cursor;
  });
  replace(storage, 'setAlarm', (...args: Parameters<typeof setAlarm>) => {
    counters.add('rowsWritten');
    return setAlarm(...args);
  });
}

/** Overrides a method on one object. */
function replace<Target extends object>(
  target: Target,
  name: keyof Target,
  method: (...args: never[]) => unknown,
): void {
  Object.defineProperty(target, name, { value: method });
}
