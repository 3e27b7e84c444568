import { work } from '../work.ts';

export default ({ seed, iterations }: { seed: number; iterations: number }) => work(seed, iterations);
