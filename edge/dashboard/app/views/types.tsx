import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TypeStats } from '../../../contract/stats.ts';
import { countByStatus, countOf, waiting } from '../../logic/counts.ts';
import { STATUSES } from '../../logic/filter.ts';
import { tasksHref } from '../../logic/route.ts';
import { Count } from '../components/count.tsx';
import { Empty } from '../components/empty.tsx';
import { SkeletonRows } from '../components/skeleton.tsx';
import { statusName } from '../components/status.tsx';
import { stats } from '../state/live.ts';
import { openDraft } from '../state/submission.ts';
import { PauseButton } from './pause-button.tsx';

const TOTALS = [
  ['completed', 'Completed'],
  ['failed', 'Failed'],
  ['cancelled', 'Cancelled'],
  ['retries', 'Retries'],
  ['leaseExpiries', 'Lease expiries'],
] as const;

/** Every type with its tasks, its totals, and the button that pauses it. */
export function Types(): JSX.Element {
  const types = stats.value?.types;
  const [search, setSearch] = useState('');
  const shown = types?.filter(({ type }) => type.toLowerCase().includes(search.trim().toLowerCase()));
  return (
    <>
      <div class="head">
        <h1>Types</h1>
        <input
          class="input search"
          type="search"
          aria-label="Filter types by name"
          placeholder="Filter by name"
          data-filter
          value={search}
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
      </div>
      <section class="panel" aria-label="Types">
        {shown?.length === 0 ? (
          <NoTypes search={search} />
        ) : (
          <div class="scroll">
            <table class="table cards types-table">
              <thead>
                <tr class="group">
                  <td />
                  <th colSpan={STATUSES.length + 1} scope="colgroup">
                    Tasks now
                  </th>
                  <th colSpan={TOTALS.length} scope="colgroup">
                    Since its first task
                  </th>
                  <td />
                </tr>
                <tr>
                  <th scope="col">Type</th>
                  <th scope="col" class="end">
                    Ready
                  </th>
                  <th scope="col" class="end">
                    Scheduled
                  </th>
                  {STATUSES.slice(1).map((status) => (
                    <th key={status} scope="col" class="end">
                      {status === 'processing' ? 'Running' : statusName(status)}
                    </th>
                  ))}
                  {TOTALS.map(([total, name]) => (
                    <th key={total} scope="col" class="end">
                      {name}
                    </th>
                  ))}
                  <th scope="col">
                    <span class="unseen">Switch</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {shown === undefined && (
                  <SkeletonRows rows={5} columns={STATUSES.length + TOTALS.length + 3} />
                )}
                {shown?.map((type) => (
                  <TypeRow key={type.type} type={type} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
    </>
  );
}

function TypeRow({ type }: { type: TypeStats }): JSX.Element {
  const { type: name, counts, totals } = type;
  return (
    <tr>
      <th scope="row" class="name whole">
        <a href={tasksHref({ type: name })}>{name}</a> <TypeState type={type} />
      </th>
      {(['ready', 'scheduled'] as const).map((state) => (
        <td key={state} class="end" data-label={state === 'ready' ? 'Ready' : 'Scheduled'}>
          <Count
            value={counts[state]}
            href={tasksHref({ status: 'pending', type: name })}
            what={`${name} ${state}`}
          />
        </td>
      ))}
      {STATUSES.slice(1).map((status) => (
        <td key={status} class="end" data-label={status === 'processing' ? 'Running' : statusName(status)}>
          <Count
            value={countByStatus(counts, status)}
            href={tasksHref({ status, type: name })}
            what={`${name} ${status}`}
          />
        </td>
      ))}
      {TOTALS.map(([total, label], index) => (
        <td
          key={total}
          class={index === 0 ? 'end total first' : 'end total'}
          data-label={index < 3 ? `${label} in total` : label}
        >
          <Count value={totals[total]} />
        </td>
      ))}
      <td class="end whole">
        <PauseButton type={type} />
      </td>
    </tr>
  );
}

/** What prevents the tasks of a type from running. */
function TypeState({ type: { counts, paused, handled } }: { type: TypeStats }): JSX.Element | null {
  return (
    <>
      {paused && <span class="badge is-warning">Paused</span>}
      {!handled && waiting(counts) > 0 && (
        <span class="badge is-warning" title={`${countOf(waiting(counts), 'task')} waiting`}>
          No runner handles it
        </span>
      )}
    </>
  );
}

function NoTypes({ search }: { search: string }): JSX.Element {
  if (search.trim() !== '') {
    return <Empty title="No type matches">A type appears after its first task.</Empty>;
  }
  return (
    <Empty
      title="No type yet"
      actions={
        <button type="button" class="button primary" onClick={() => openDraft()}>
          New task
        </button>
      }
    >
      A type appears here with its first task.
    </Empty>
  );
}
