import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TaskStatus } from '../../../../contract/task.ts';
import { countByStatus, formatShortCount } from '../../../logic/counts.ts';
import { filterQuery, isEmptyFilter, STATUSES, type TaskFilter, withField } from '../../../logic/filter.ts';
import { tasksHref } from '../../../logic/route.ts';
import { fromLocalInput, toLocalInput } from '../../../logic/times.ts';
import { Choice } from '../../components/choice.tsx';
import { Icon } from '../../components/icon.tsx';
import { StatusSign, statusName } from '../../components/status.tsx';
import { stats } from '../../state/live.ts';
import { navigate, route } from '../../state/route.ts';
import { FilterText } from './filter-text.tsx';

const ALL = 'all';

/** Selects the tasks to list. The filter is stored in the address of the page. */
export function Filters({ filter }: { filter: TaskFilter }): JSX.Element {
  const [open, setOpen] = useState(false);
  const set = (field: keyof TaskFilter, value: string | undefined, replace = false) => {
    // Two fields may change before the page is drawn again.
    const shown = route.peek();
    const present = shown.view === 'tasks' ? shown.filter : filter;
    navigate(tasksHref(withField(present, field, value)), { replace });
  };
  const fields = filterQuery(filter).size - (filter.status ? 1 : 0);
  return (
    <search class="filters" aria-label="Filter tasks">
      <div class="first">
        <StatusChoice filter={filter} onChoose={(status) => set('status', status)} />
        <button
          type="button"
          class="button more"
          aria-expanded={open}
          aria-controls="filter-fields"
          onClick={() => setOpen(!open)}
        >
          <Icon name="filter" />
          Filters{fields > 0 && ` (${fields})`}
        </button>
      </div>
      <div class="row" id="filter-fields" data-open={open}>
        <FilterText
          label="Type"
          value={filter.type ?? ''}
          list="known-types"
          isFirst
          onCommit={(value, replace) => set('type', value, replace)}
        />
        <datalist id="known-types">
          {stats.value?.types.map(({ type }) => (
            <option key={type} value={type} />
          ))}
        </datalist>
        <FilterText
          label="Tag"
          value={filter.tag ?? ''}
          onCommit={(value, replace) => set('tag', value, replace)}
        />
        <FilterText
          label="Id"
          class="id"
          placeholder="or its first characters"
          value={filter.id ?? ''}
          onCommit={(value, replace) => set('id', value.toLowerCase(), replace)}
        />
        <TimeField
          label="Created after"
          value={filter.createdAfter}
          onChange={(value) => set('createdAfter', value)}
        />
        <TimeField
          label="Created before"
          value={filter.createdBefore}
          onChange={(value) => set('createdBefore', value)}
        />
        <button
          type="button"
          class="button plain"
          disabled={isEmptyFilter(filter)}
          onClick={() => navigate(tasksHref())}
        >
          Clear
        </button>
      </div>
    </search>
  );
}

interface StatusChoiceProps {
  readonly filter: TaskFilter;
  readonly onChoose: (status: TaskStatus | undefined) => void;
}

function StatusChoice({ filter, onChoose }: StatusChoiceProps): JSX.Element {
  const count = countsFor(filter);
  return (
    <Choice<TaskStatus | typeof ALL>
      label="Status"
      value={filter.status ?? ALL}
      onChoose={(status) => onChoose(status === ALL ? undefined : status)}
      options={[
        { value: ALL, text: 'All' },
        ...STATUSES.map((status) => ({
          value: status,
          text: (
            <>
              <StatusSign status={status} />
              {statusName(status)}
              <span class="count">{count(status)}</span>
            </>
          ),
        })),
      ]}
    />
  );
}

/** The number of tasks of each status, if the statistics contain it for the filter. */
function countsFor(filter: TaskFilter): (status: TaskStatus) => string {
  const { status: _, type, ...others } = filter;
  const counts = type ? stats.value?.types.find((one) => one.type === type)?.counts : stats.value?.counts;
  if (!counts || !isEmptyFilter(others)) return () => '';
  return (status) => formatShortCount(countByStatus(counts, status));
}

interface TimeFieldProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (iso: string | undefined) => void;
}

function TimeField({ label, value, onChange }: TimeFieldProps): JSX.Element {
  return (
    <div class="field time">
      <label for={`filter-${label}`}>{label}</label>
      <input
        id={`filter-${label}`}
        class="input"
        type="datetime-local"
        value={value === undefined ? '' : toLocalInput(value)}
        onChange={({ currentTarget }) => onChange(fromLocalInput(currentTarget.value))}
      />
    </div>
  );
}
