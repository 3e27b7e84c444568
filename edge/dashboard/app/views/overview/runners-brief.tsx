import type { JSX } from 'preact';
import { Count } from '../../components/count.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { Since } from '../../components/time.tsx';
import { runners } from '../../state/live.ts';

const SHOWN = 6;

/** The runners that are connected now. */
export function RunnersBrief(): JSX.Element {
  const list = runners.value;
  return (
    <section class="panel" aria-labelledby="runners-brief">
      <header>
        <h2 id="runners-brief">Runners</h2>
        <a class="link" href="#/runners">
          {list && list.length > SHOWN ? `All ${list.length} runners` : 'All runners'}
        </a>
      </header>
      {list?.length === 0 ? (
        <p class="none prose">
          No runner is connected. Start one with <code>npm run runner</code>
        </p>
      ) : (
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Runner</th>
              <th scope="col" class="end">
                Threads
              </th>
              <th scope="col" class="end">
                Holds
              </th>
              <th scope="col" class="end">
                Uptime
              </th>
            </tr>
          </thead>
          <tbody>
            {list === undefined && <SkeletonRows rows={3} columns={4} />}
            {list?.slice(0, SHOWN).map(({ name, threads, held, startedAt }) => (
              <tr key={name}>
                <th scope="row" class="name">
                  <a href="#/runners">{name}</a>
                </th>
                <td class="end">{threads ?? '–'}</td>
                <td class="end">
                  <Count value={held} />
                </td>
                <td class="end">{startedAt ? <Since at={startedAt} /> : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
