// Saved before any task module is loaded, so tasks cannot replace these functions.
const { stringify } = JSON;
const { hasOwn } = Object;

/**
 * A message as JSON text. `JSON.stringify` gets strings only, for which it calls nothing that a task can replace;
 * for objects it would call `toJSON`, and write what that returns.
 */
export function messageText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return stringify(value);
    case 'number':
      // NaN and infinite numbers are not JSON.
      return value - value === 0 ? `${value}` : 'null';
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      return isRecord(value) ? objectText(value) : 'null';
  }
}

/** Fields that are undefined are left out, as in `JSON.stringify`. */
function objectText(fields: Record<string, unknown>): string {
  let text = '';
  for (const name in fields) {
    const field = hasOwn(fields, name) ? fields[name] : undefined;
    if (field !== undefined) text += `${text === '' ? '' : ','}${stringify(name)}:${messageText(field)}`;
  }
  return `{${text}}`;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
