import { useState } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { LOG_LEVELS, type Operation, setLogLevel, setTrace, snapshot } from './operation.ts';

export interface NodeOperationsProps {
  readonly nodeId: string;
  readonly ask: (operation: Operation) => void;
}

/** What concerns one node is asked of that node: the one this page came from. */
export function NodeOperations({ nodeId, ask }: NodeOperationsProps) {
  const [level, setLevel] = useState<string>('info');
  return (
    <section class="card" aria-labelledby="this-node">
      <div class="card-head">
        <h2 id="this-node">{nodeId} alone</h2>
      </div>
      <div class="card-body">
        <p class="small quiet">Asked of the node that this page came from. Another node has these on its own page.</p>
        <div class="buttons">
          <Button onClick={() => ask(snapshot(nodeId))}>Make a snapshot</Button>
          <Button onClick={() => ask(setTrace(nodeId, true))}>Trace</Button>
          <Button onClick={() => ask(setTrace(nodeId, false))}>Stop tracing</Button>
        </div>
        <div class="level">
          <Field label="Log level">
            {(control) => (
              <select {...control} value={level} onChange={(event) => setLevel(event.currentTarget.value)}>
                {LOG_LEVELS.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            )}
          </Field>
          <Button onClick={() => ask(setLogLevel(nodeId, level))}>Set the level</Button>
        </div>
      </div>
    </section>
  );
}
