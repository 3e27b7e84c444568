import type { ComponentChildren, JSX } from 'preact';
import type { TypeStats } from '../../../../contract/stats.ts';
import { countOf, waiting } from '../../../logic/counts.ts';
import { tasksHref } from '../../../logic/route.ts';
import { Icon } from '../../components/icon.tsx';
import { runners, stats } from '../../state/live.ts';
import { PauseButton } from '../pause-button.tsx';

const MAX_SHOWN = 6;

/** Lists what prevents tasks from running. Empty if nothing does. */
export function Attention(): JSX.Element | null {
  const now = stats.value;
  if (!now || !runners.value) return null;
  const noRunner = runners.value.length === 0 && now.counts.ready > 0;
  const stuck = now.types.filter((type) => waiting(type.counts) > 0 && (type.paused || !type.handled));
  // Without any runner no type is handled. One message is enough for that.
  const shown = noRunner ? stuck.filter(({ paused }) => paused) : stuck;
  if (!noRunner && shown.length === 0) return null;
  const more = shown.length - MAX_SHOWN;
  return (
    <ul class="notices" aria-label="What needs attention">
      {noRunner && (
        <Item>
          No runner is connected, and {countOf(now.counts.ready, 'task')} could run now. Start one with{' '}
          <code>npm run runner</code>
        </Item>
      )}
      {shown.slice(0, MAX_SHOWN).map((type) => (
        <Item key={type.type} action={type.paused && <PauseButton type={type} />}>
          <StuckType type={type} />
        </Item>
      ))}
      {more > 0 && (
        <Item>
          And {countOf(more, 'type')} more: <a href="#/types">see all types</a>
        </Item>
      )}
    </ul>
  );
}

function StuckType({ type: { type, counts, paused } }: { type: TypeStats }): JSX.Element {
  const link = <a href={tasksHref({ status: 'pending', type })}>{countOf(waiting(counts), 'task')}</a>;
  if (paused) {
    return (
      <>
        <strong>{type}</strong> is paused: {link} {waiting(counts) === 1 ? 'waits' : 'wait'} until it is
        resumed
      </>
    );
  }
  return (
    <>
      No connected runner handles <strong>{type}</strong>: {link} {waiting(counts) === 1 ? 'waits' : 'wait'}
    </>
  );
}

function Item({
  children,
  action,
}: {
  children: ComponentChildren;
  action?: ComponentChildren;
}): JSX.Element {
  return (
    <li>
      <Icon name="warning" />
      <p class="prose">{children}</p>
      {action}
    </li>
  );
}
