import { useState } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { addMember, type Operation } from './operation.ts';

const NODE_ID = '[a-z0-9\\-]{1,32}';
const INSTANCE = '[A-Za-z0-9_\\-]{1,64}';

/** Asks who it is; whether it is to be done is asked next. */
export function AddMember({ ask }: { readonly ask: (operation: Operation) => void }) {
  const [isOpen, setOpen] = useState(false);
  const [nodeId, setNodeId] = useState('');
  const [instance, setInstance] = useState('');
  const [kind, setKind] = useState<'learner' | 'worker'>('learner');
  const submit = (event: Event): void => {
    event.preventDefault();
    setOpen(false);
    ask(addMember(nodeId, instance, kind));
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>Take in a node</Button>
      {isOpen ? (
        <Dialog title="Take in a node" onClose={() => setOpen(false)}>
          <form class="stack" onSubmit={submit}>
            <p>
              A node that is started with <code>--join</code> is taken in by itself. This is for one that waits to be
              named.
            </p>
            <Field label="Node id" hint="1 to 32 of a–z, 0–9 and -">
              {(control) => (
                <input
                  {...control}
                  required
                  pattern={NODE_ID}
                  value={nodeId}
                  onInput={(event) => setNodeId(event.currentTarget.value)}
                />
              )}
            </Field>
            <Field label="Instance" hint="Of its data directory: identity.json has it, and its log.">
              {(control) => (
                <input
                  {...control}
                  required
                  pattern={INSTANCE}
                  value={instance}
                  onInput={(event) => setInstance(event.currentTarget.value)}
                />
              )}
            </Field>
            <Field label="As">
              {(control) => (
                <select
                  {...control}
                  value={kind}
                  onChange={(event) => setKind(event.currentTarget.value === 'worker' ? 'worker' : 'learner')}
                >
                  <option value="learner">a voter, once it has caught up</option>
                  <option value="worker">a worker, which only sends</option>
                </select>
              )}
            </Field>
            <div class="buttons">
              <Button onClick={() => setOpen(false)}>Leave it</Button>
              <Button kind="main" submits>
                Go on
              </Button>
            </div>
          </form>
        </Dialog>
      ) : null}
    </>
  );
}
