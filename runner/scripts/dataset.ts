import { createWriteStream } from 'node:fs';
import { access, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { seededRandom } from '../tasks/lib/random.ts';

const NAME = 'large_dataset.csv';
const ROWS = 100_000;
const ROWS_PER_WRITE = 1000;
const SEED = 20_250_803;
const START = Date.UTC(2023, 0, 1);
const HOUR_MS = 3_600_000;

/** Hourly readings of four buildings; `base` is the consumption of an empty building, in kWh. */
const SITES = [
  { name: 'north', base: 118 },
  { name: 'south', base: 122 },
  { name: 'east', base: 120 },
  { name: 'west', base: 120 },
] as const;

/** The linear relation behind `energy_kwh`, per unit of each column; the noise is in kWh. */
export const RELATION = {
  temperature_c: -2.5,
  humidity_percent: 0.4,
  occupants: 0.8,
  machine_hours: 6,
  noise: 10,
};

/**
 * Writes `large_dataset.csv` with 100,000 rows; the bytes are always the same.
 *
 * @returns the file's path, its rows without the header, and its size.
 */
export async function writeDataset(dataDir: string): Promise<{ file: string; rows: number; bytes: number }> {
  const file = join(dataDir, NAME);
  const partial = `${file}.${process.pid}.partial`;
  await mkdir(dataDir, { recursive: true });
  try {
    await pipeline(lines, createWriteStream(partial));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return { file, rows: ROWS, bytes: (await stat(file)).size };
}

/** Writes the dataset if there is none. */
export async function ensureDataset(dataDir: string): Promise<void> {
  const exists = await access(join(dataDir, NAME)).then(
    () => true,
    () => false,
  );
  if (!exists) await writeDataset(dataDir);
}

function* lines(): Generator<string> {
  yield 'timestamp,site,temperature_c,humidity_percent,occupants,machine_hours,energy_kwh\n';
  const random = seededRandom(SEED);
  for (let first = 0; first < ROWS; first += ROWS_PER_WRITE) {
    const rows = Array.from({ length: ROWS_PER_WRITE }, (_, offset) => line(first + offset, random));
    yield rows.join('');
  }
}

function line(row: number, random: () => number): string {
  const hour = Math.floor(row / SITES.length);
  const { name, base } = SITES[row % SITES.length] ?? SITES[0];
  const temperature = 11 + 10 * wave(hour / 8766) + 4 * wave(hour / 24) + 2 * normal(random);
  const humidity = clamp(65 - 0.9 * (temperature - 11) + 8 * normal(random), 15, 100);
  const occupants = Math.round(clamp(60 + 60 * wave(hour / 24) + 15 * normal(random), 0, 200));
  const machineHours = 12 * random();
  const energy =
    base +
    RELATION.temperature_c * temperature +
    RELATION.humidity_percent * humidity +
    RELATION.occupants * occupants +
    RELATION.machine_hours * machineHours +
    RELATION.noise * normal(random);
  const values = [
    new Date(START + hour * HOUR_MS).toISOString(),
    name,
    sometimesMissing(temperature.toFixed(1), 0.005, random),
    sometimesMissing(humidity.toFixed(1), 0.01, random),
    occupants,
    machineHours.toFixed(2),
    energy.toFixed(2),
  ];
  return `${values.join(',')}\n`;
}

/** A triangle of period 1 between -1 and 1, lowest at 0. */
function wave(turns: number): number {
  return 1 - 4 * Math.abs((turns % 1) - 0.5);
}

/**
 * A nearly normal number with mean 0 and deviation 1: the sum of twelve uniform numbers minus its mean.
 * It only uses addition, so differences between engines' `log` or `cos` cannot change a byte.
 */
function normal(random: () => number): number {
  let sum = -6;
  for (let draw = 0; draw < 12; draw += 1) sum += random();
  return sum;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function sometimesMissing(value: string, share: number, random: () => number): string {
  return random() < share ? '' : value;
}

if (import.meta.main) {
  const { file, rows, bytes } = await writeDataset(process.env.DATA_DIR || 'data');
  console.log(`${file}: ${rows.toLocaleString('en')} rows, ${(bytes / 1e6).toFixed(1)} MB`);
}
