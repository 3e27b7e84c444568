import type { JSX } from 'preact';
import { waiting } from '../../../logic/counts.ts';
import { tasksHref } from '../../../logic/route.ts';
import { Count } from '../../components/count.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { stats } from '../../state/live.ts';

const SHOWN = 6;

/** The types with the most tasks that have not ended. */
export function BusiestTypes(): JSX.Element {
  const types = stats.value?.types;
  return (
    <section class="panel" aria-labelledby="busiest-types">
      <header>
        <h2 id="busiest-types">Types</h2>
        <a class="link" href="#/types">
          {types && types.length > SHOWN ? `All ${types.length} types` : 'All types'}
        </a>
      </header>
      {types?.length === 0 ? (
        <p class="none">A type appears here with its first task.</p>
      ) : (
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Type</th>
              <th scope="col" class="end">
                Waiting
              </th>
              <th scope="col" class="end">
                Running
              </th>
              <th scope="col" class="end">
                Failed
              </th>
            </tr>
          </thead>
          <tbody>
            {types === undefined && <SkeletonRows rows={3} columns={4} />}
            {types?.slice(0, SHOWN).map(({ type, counts }) => (
              <tr key={type}>
                <th scope="row" class="name">
                  <a href={tasksHref({ type })}>{type}</a>
                </th>
                <td class="end">
                  <Count
                    value={waiting(counts)}
                    href={tasksHref({ status: 'pending', type })}
                    what={`${type} waiting`}
                  />
                </td>
                <td class="end">
                  <Count
                    value={counts.processing}
                    href={tasksHref({ status: 'processing', type })}
                    what={`${type} running`}
                  />
                </td>
                <td class="end">
                  <Count
                    value={counts.failed}
                    href={tasksHref({ status: 'failed', type })}
                    what={`${type} failed`}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
