/** A type of task of the scene: what comes of it, how long it takes, and what goes wrong. */
export interface Workload {
  readonly type: string;
  readonly perMinute: number;
  /** Half of the attempts take no longer. */
  readonly medianMs: number;
  /** The share of attempts that fail. */
  readonly failing: number;
  readonly error: { readonly code: string; readonly message: string };
  readonly tags: readonly string[];
  readonly payload: (index: number) => unknown;
  readonly result: (index: number) => unknown;
}

const CUSTOMERS = ['northwind', 'acme', 'globex', 'initech', 'umbrella', 'hooli'];
const customer = (index: number) => CUSTOMERS[index % CUSTOMERS.length] ?? 'acme';

export const WORKLOADS: readonly Workload[] = [
  {
    type: 'email',
    perMinute: 34,
    medianMs: 240,
    failing: 0.004,
    error: { code: 'task_error', message: '451 4.7.1 Greylisted, try again later' },
    tags: ['transactional'],
    payload: (index) => ({
      to: `billing@${customer(index)}.example`,
      subject: `Receipt ${48_210 + index}`,
      template: 'report',
    }),
    result: (index) => ({ messageId: `<${48_210 + index}@mail.example>`, accepted: 1 }),
  },
  {
    type: 'image:resize',
    perMinute: 22,
    medianMs: 900,
    failing: 0.012,
    error: { code: 'out_of_memory', message: 'The task took more than 1,024 MB' },
    tags: ['uploads'],
    payload: (index) => ({
      source: { file: `uploads/${customer(index)}/${9000 + index}.jpg` },
      resize: { width: 1280 },
      format: 'webp',
      quality: 82,
    }),
    result: (index) => ({
      output: `cache/${9000 + index}.webp`,
      width: 1280,
      height: 853,
      bytes: 148_201 + index,
    }),
  },
  {
    type: 'webhook',
    perMinute: 15,
    medianMs: 380,
    failing: 0.03,
    error: {
      code: 'task_error',
      message: 'POST https://hooks.globex.example/orders answered 502',
    },
    tags: ['orders'],
    payload: (index) => ({
      url: `https://hooks.${customer(index)}.example/orders`,
      event: 'order.paid',
      order: { id: 70_400 + index, total: '129.00', currency: 'EUR' },
    }),
    result: () => ({ status: 204 }),
  },
  {
    type: 'invoice:pdf',
    perMinute: 6,
    medianMs: 2600,
    failing: 0.01,
    error: { code: 'timeout', message: 'The task took longer than its 30 s' },
    tags: ['finance', 'month-end'],
    payload: (index) => ({ invoice: `2026-${1800 + index}`, customer: customer(index), locale: 'en-GB' }),
    result: (index) => ({ file: `invoices/2026-${1800 + index}.pdf`, pages: 2 }),
  },
  {
    type: 'report:nightly',
    perMinute: 0.5,
    medianMs: 24_000,
    failing: 0.08,
    error: { code: 'task_error', message: 'Dataset sales_q3.csv has no column "net_total"' },
    tags: ['analytics'],
    payload: (index) => ({
      operation: 'data_analysis',
      dataset: 'sales_q3.csv',
      parameters: { algorithm: 'machine_learning', customer: customer(index) },
    }),
    result: () => ({ rows: 100_000, columns: 14, r2: 0.912 }),
  },
];

/** Types of which tasks wait: one is paused, one no runner handles. */
export const WAITING = {
  paused: {
    type: 'newsletter',
    count: 240,
    payload: { list: 'october', template: 'welcome' },
    tags: ['marketing'],
  },
  unhandled: {
    type: 'video:transcode',
    count: 7,
    payload: { source: 'uploads/launch.mov', format: 'av1' },
    tags: ['media'],
  },
} as const;
