import type { JSX } from 'preact';
import type { Route } from '../../logic/route.ts';
import { Icon, type IconName, Mark } from '../components/icon.tsx';
import { route } from '../state/route.ts';
import { openDraft } from '../state/submission.ts';
import { ConnectionState } from './connection-state.tsx';
import { Menu } from './menu.tsx';

const VIEWS: readonly { href: string; name: string; icon: IconName; shows: readonly Route['view'][] }[] = [
  { href: '#/', name: 'Overview', icon: 'overview', shows: ['overview'] },
  { href: '#/tasks', name: 'Tasks', icon: 'tasks', shows: ['tasks', 'task'] },
  { href: '#/types', name: 'Types', icon: 'types', shows: ['types'] },
  { href: '#/schedules', name: 'Schedules', icon: 'clock', shows: ['schedules'] },
  { href: '#/runners', name: 'Runners', icon: 'runners', shows: ['runners'] },
];

/** The header of every view: links to the views, the connection state, and the buttons of the page. */
export function Header(): JSX.Element {
  const { view } = route.value;
  return (
    <header class="bar">
      <a class="brand" href="#/" aria-label="Task queue, overview">
        <Mark />
        Task queue
      </a>
      <nav class="views" aria-label="Views">
        {VIEWS.map(({ href, name, icon, shows }) => (
          <a key={name} href={href} aria-current={shows.includes(view) ? 'page' : undefined}>
            <Icon name={icon} />
            {name}
          </a>
        ))}
      </nav>
      <div class="bar-end">
        <ConnectionState />
        <button
          type="button"
          class="button primary new-task"
          aria-label="New task"
          aria-keyshortcuts="n"
          onClick={() => openDraft()}
        >
          <Icon name="plus" />
          <span class="wide">New task</span>
        </button>
        <Menu />
      </div>
    </header>
  );
}
