import type { JSX } from 'preact';
import type { RunnerView } from '../../../contract/stats.ts';
import { countOf, formatCount } from '../../logic/counts.ts';
import { taskHref } from '../../logic/route.ts';
import { Empty } from '../components/empty.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { TypeMark } from '../components/tag.tsx';
import { Ago, Since } from '../components/time.tsx';
import { runners } from '../state/live.ts';

/** The runners and the tasks that they hold. */
export function Runners(): JSX.Element {
  const list = runners.value;
  return (
    <>
      <div class="head">
        <h1>Runners</h1>
        {list && <span class="muted number">{countOf(list.length, 'runner')}</span>}
      </div>
      {list?.length === 0 && (
        <section class="panel">
          <Empty title="No runner is connected">
            Start one on your own hardware with <code>npm run runner</code>, and give it the URLs of both
            workers and a token of <code>RUNNER_TOKENS</code>.
          </Empty>
        </section>
      )}
      <div class="runners">
        {list === undefined && <LoadingRunner />}
        {list?.map((runner) => (
          <Runner key={runner.name} runner={runner} />
        ))}
      </div>
    </>
  );
}

function Runner({ runner }: { runner: RunnerView }): JSX.Element {
  const { name, startedAt, threads, ioConcurrency, types = [], stuck = [], held, tasks } = runner;
  return (
    <article class="panel runner" aria-label={name}>
      <header>
        <h2>{name}</h2>
        {stuck.length > 0 && <span class="badge is-warning">{countOf(stuck.length, 'stuck thread')}</span>}
        <span class="badge number">{held === 0 ? 'Idle' : `Holds ${countOf(held, 'task')}`}</span>
      </header>
      <dl class="facts">
        <div>
          <dt>Uptime</dt>
          <dd>{startedAt ? <Since at={startedAt} /> : 'unknown'}</dd>
        </div>
        <div>
          <dt>Threads</dt>
          <dd>{threads ?? 'unknown'}</dd>
        </div>
        <div>
          <dt>IO concurrency</dt>
          <dd>{ioConcurrency ?? 'unknown'}</dd>
        </div>
        <div class="most">
          <dt>Types</dt>
          <dd class="type-list">
            {types.length === 0 && 'unknown'}
            {types.map((type) => (
              <TypeMark key={type} type={type} />
            ))}
          </dd>
        </div>
      </dl>
      {stuck.length > 0 && <StuckThreads runner={runner} />}
      {tasks.length > 0 && <HeldTasks runner={runner} />}
    </article>
  );
}

function StuckThreads({ runner: { name, stuck = [] } }: { runner: RunnerView }): JSX.Element {
  return (
    <>
      <table class="table cards held">
        <caption class="unseen">Threads of {name} that do not end</caption>
        <thead>
          <tr>
            <th scope="col">Stuck thread</th>
            <th scope="col">Task</th>
            <th scope="col" class="end">
              Ending for
            </th>
          </tr>
        </thead>
        <tbody>
          {stuck.map(({ lane, type, taskId, since }) => (
            <tr key={`${taskId} ${since}`}>
              <td class="type">
                {type} ({lane})
              </td>
              <td class="id mono">
                <a href={taskHref(taskId)}>{taskId}</a>
              </td>
              <td class="end since">
                <Since at={since} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="foot">
        A thread cannot end while native code runs in it. Another thread has taken its place. Restart the
        runner to free the memory.
      </p>
    </>
  );
}

function HeldTasks({ runner: { name, held, tasks } }: { runner: RunnerView }): JSX.Element {
  return (
    <>
      <table class="table cards held">
        <caption class="unseen">Tasks that {name} holds</caption>
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col">Task</th>
            <th scope="col" class="end">
              Claimed
            </th>
          </tr>
        </thead>
        <tbody>
          {tasks.map(({ taskId, type, claimedAt }) => (
            <tr key={taskId}>
              <td class="type">{type}</td>
              <td class="id mono">
                <a href={taskHref(taskId)}>{taskId}</a>
              </td>
              <td class="end since">
                <Ago at={claimedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {held > tasks.length && (
        <p class="foot">
          The {tasks.length} tasks held longest, of {formatCount(held)}
        </p>
      )}
    </>
  );
}

function LoadingRunner(): JSX.Element {
  return (
    <article class="panel runner" aria-hidden="true">
      <header>
        <Skeleton at={4} />
      </header>
      <div class="body">
        <Skeleton />
      </div>
    </article>
  );
}
