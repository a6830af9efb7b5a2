import { useEffect, useState } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { listAddress, type TaskListFilter } from '../route.ts';

const STATES = ['scheduled', 'paused', 'completed', 'cancelled'] as const;
/** Long enough for the next letter to come. */
const TYPING_MS = 250;

/** The address holds the filter; what is being typed becomes part of it when the typing pauses. */
export function FilterBar({ filter }: { readonly filter: TaskListFilter }) {
  const [typed, setTyped] = useState(filter);
  const address = listAddress(filter);
  // The address says all of the filter.
  useEffect(() => setTyped(filter), [address]);
  useEffect(() => {
    const wanted = listAddress(typed);
    if (wanted === listAddress(filter)) return;
    const timer = setTimeout(() => location.replace(wanted), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, filter]);
  return (
    <search class="filters">
      <Field label="Name">
        {(control) => (
          <input
            {...control}
            type="search"
            placeholder="contains …"
            value={typed.name}
            onInput={(event) => setTyped({ ...typed, name: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field label="Tag">
        {(control) => (
          <input
            {...control}
            type="search"
            placeholder="is …"
            value={typed.tag}
            onInput={(event) => setTyped({ ...typed, tag: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field label="State">
        {(control) => (
          <select
            {...control}
            value={typed.state}
            onChange={(event) => setTyped({ ...typed, state: event.currentTarget.value })}
          >
            <option value="">all</option>
            {STATES.map((state) => (
              <option key={state} value={state}>
                {state}
              </option>
            ))}
          </select>
        )}
      </Field>
    </search>
  );
}
