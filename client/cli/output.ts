import { printable, printableJson } from './printable.ts';

/** Writes lines to standard output. Text of a task or a server must not control the terminal. */
export function print(lines: string): void {
  process.stdout.write(`${visible(lines)}\n`);
}

/** Writes lines to standard error, as {@link print} does. */
export function printError(lines: string): void {
  process.stderr.write(`${visible(lines)}\n`);
}

function visible(lines: string): string {
  return lines.split('\n').map(printable).join('\n');
}

/** Writes a value as a line of JSON. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value))}\n`);
}

/** Writes rows under a head, with aligned columns. A column without any value is left out. */
export async function printTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  const shown = head.map((_, column) => rows.some((row) => row[column] !== ''));
  const cells = (row: readonly string[]) => row.filter((_, column) => shown[column]);
  await printColumns([cells(head), ...rows.map(cells)]);
}

/** Writes rows with aligned columns, without lines between them. */
export async function printColumns(rows: readonly (readonly string[])[]): Promise<void> {
  const { default: Table } = await import('cli-table3');
  const none = [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
  ];
  const lines = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
  const table = new Table({
    chars: { ...Object.fromEntries([...none, ...lines].map((name) => [name, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push(row.map(printable));
  print(table.toString().replace(/ +$/gm, ''));
}

/** A value as JSON, cut to a length. */
export function short(value: unknown, length: number): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

const STEPS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** A duration for people, such as `5 min`. */
export function duration(ms: number): string {
  for (const [unit, length] of STEPS) if (ms >= length) return `${Math.floor(ms / length)} ${unit}`;
  return `${Math.max(0, Math.round(ms))} ms`;
}

/** How long ago a time was. */
export function ago(time: string): string {
  return `${duration(Date.now() - Date.parse(time))} ago`;
}

/** A number of things, such as `1 task` or `1,000 tasks`. */
export function count(number: number, thing: string): string {
  return `${number.toLocaleString('en')} ${thing}${number === 1 ? '' : 's'}`;
}
