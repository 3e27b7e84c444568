import { effect } from '@preact/signals';
import type { Route } from '../../logic/route.ts';
import { stats } from './live.ts';
import { route } from './route.ts';
import { session } from './session.ts';

const NAMES = {
  overview: 'Overview',
  tasks: 'Tasks',
  task: 'Task',
  types: 'Types',
  schedules: 'Schedules',
  runners: 'Runners',
  unknown: 'Not found',
} as const satisfies Record<Route['view'], string>;

/** Keeps the title of the page up to date: the view and the number of failed tasks. */
export function keepTitle(): void {
  effect(() => {
    const failed = stats.value?.counts.failed ?? 0;
    const isIn = session.value.state === 'open' || session.value.state === 'checking';
    const view = isIn ? NAMES[route.value.view] : 'Sign in';
    document.title = `${failed > 0 ? `(${failed} failed) ` : ''}${view} · Task queue`;
  });
}
