import type { PerType } from '../../contract/per-type.ts';
import { perTypeOf } from '../../platform/variables.ts';
import type { ApiEnv } from '../env.ts';

const DEFAULT_RETENTION_HOURS = 24;
const DEFAULT_ARCHIVE_DAYS = 30;

/** How long ended tasks stay in the ledger, in hours. */
export function retentionHours({ RETENTION_HOURS }: Pick<ApiEnv, 'RETENTION_HOURS'>): PerType {
  return perTypeOf('RETENTION_HOURS', RETENTION_HOURS, DEFAULT_RETENTION_HOURS);
}

/** How long the archive keeps a task after that, in days. */
export function archiveDays({ ARCHIVE_DAYS }: Pick<ApiEnv, 'ARCHIVE_DAYS'>): PerType {
  return perTypeOf('ARCHIVE_DAYS', ARCHIVE_DAYS, DEFAULT_ARCHIVE_DAYS);
}
