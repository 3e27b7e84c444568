import type { SandboxedJob } from 'bullmq';
import { work } from '../work.ts';

export default async ({ data: { seed, iterations } }: SandboxedJob) => work(seed, iterations);
