import { NonRetryableError } from '../../task.ts';
import { Column, type ColumnSummary } from './column.ts';
import { Reservoir } from './reservoir.ts';

const SAMPLE_ROWS = 10_000;
/** Limits the sample's memory if a file has many columns. */
const SAMPLE_VALUES = 2_000_000;

export interface TableSummary {
  readonly rows: number;
  readonly columns: readonly ColumnSummary[];
  /** The names of the columns that are not numeric. */
  readonly otherColumns: readonly string[];
}

/** Collects a summary of each column and a sample of the rows while a dataset is read. */
export class Table {
  readonly #dataset: string;
  readonly #random: () => number;
  #columns: readonly Column[] = [];
  #sample: Reservoir<readonly number[]> | undefined;
  #rows = 0;

  constructor(dataset: string, random: () => number) {
    this.#dataset = dataset;
    this.#random = random;
  }

  /** Adds the next record. The first record is the header. */
  add(record: readonly string[]): void {
    if (!this.#sample) {
      this.#columns = this.#columnsOf(record);
      const capacity = Math.min(SAMPLE_ROWS, Math.ceil(SAMPLE_VALUES / record.length));
      this.#sample = new Reservoir(capacity, this.#random);
      return;
    }
    this.#rows += 1;
    this.#sample.add(this.#columns.map((column, index) => column.add(record[index] ?? '', this.#rows)));
  }

  /** @throws NonRetryableError if there is no header. */
  summary(): TableSummary {
    if (!this.#sample) throw new NonRetryableError(`\`${this.#dataset}\` is empty; a header line is needed.`);
    const columns = this.#columns.map((column) => column.summary());
    return {
      rows: this.#rows,
      columns: columns.filter((summary) => summary !== undefined),
      otherColumns: this.#columns.filter((_, index) => !columns[index]).map(({ name }) => name),
    };
  }

  /** Returns the sampled values of the named columns. It leaves out rows with a missing value. */
  complete(names: readonly string[]): { rows: number[][]; incompleteRows: number } {
    const positions = names.map((name) => this.#columns.findIndex((column) => column.name === name));
    const sample = this.#sample?.items ?? [];
    const rows = sample
      .map((row) => positions.map((position) => row[position] ?? Number.NaN))
      .filter((row) => !row.some(Number.isNaN));
    return { rows, incompleteRows: sample.length - rows.length };
  }

  /** Explains why a column cannot be a target, and lists the columns that can. */
  refusal(name: string, numeric: readonly string[]): string {
    const text = this.#columns.find((column) => column.name === name)?.firstText;
    const reason = text
      ? `\`${name}\` is not numeric: row ${text.row} contains ${JSON.stringify(text.value)}`
      : `\`${this.#dataset}\` has no numeric column \`${name}\``;
    return `${reason}. The numeric columns are: ${numeric.join(', ')}.`;
  }

  #columnsOf(header: readonly string[]): Column[] {
    const twice = header.find((name, index) => header.indexOf(name) !== index);
    if (twice !== undefined) {
      throw new NonRetryableError(`\`${this.#dataset}\` has two columns named \`${twice}\`; rename one.`);
    }
    return header.map((name) => new Column(name));
  }
}
