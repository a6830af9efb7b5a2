import { useRef, useState } from 'preact/hooks';
import type { Client } from '../api/client.ts';
import type { Problem } from '../api/problem.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { randomKey } from '../tasks/random-key.ts';
import type { Operation } from './operation.ts';

const OUTCOME_UNKNOWN = 504;
const isCertain = ({ kind, status }: Problem): boolean => kind === 'refused' && status !== OUTCOME_UNKNOWN;

export interface OperationDialogProps {
  readonly client: Client;
  readonly operation: Operation;
  readonly onClose: () => void;
  /** Something may have changed. */
  readonly done: () => void;
}

/** Says what will happen, does it once, and says what came of it. */
export function OperationDialog({ client, operation, onClose, done }: OperationDialogProps) {
  const [state, setState] = useState<'asking' | 'busy' | 'done'>('asking');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [warning, setWarning] = useState<string | null>(null);
  const [insists, setInsists] = useState(false);
  // Asked again after an answer that was lost it is the same operation, and after a refusal another.
  const key = useRef('');
  const { verb, input, insist } = operation;
  const isInsisting = insist !== undefined && problem?.code === insist.code;
  const act = async (): Promise<void> => {
    setState('busy');
    if (key.current === '') key.current = randomKey();
    const body = JSON.stringify(insists && insist !== undefined ? { ...input, [insist.field]: true } : input);
    const headers = { 'idempotency-key': key.current };
    const told = await client.send<{ readonly warning?: string }>('POST', `v1/cluster/${verb}`, { body, headers });
    if (!told.ok && isCertain(told.problem)) key.current = '';
    setProblem(told.ok ? null : told.problem);
    setWarning(told.ok ? (told.value.warning ?? null) : null);
    setState(told.ok ? 'done' : 'asking');
    done();
  };
  return (
    <Dialog title={operation.title} onClose={onClose}>
      {state === 'done' ? (
        <Notice kind="good" title={operation.done} />
      ) : (
        <div class="stack-small">
          {operation.says.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </div>
      )}
      {warning === null ? null : (
        <Notice kind="warn" title="Nothing was heard of it yet">
          {warning}
        </Notice>
      )}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {isInsisting ? (
        <label class="check">
          <input type="checkbox" checked={insists} onChange={(event) => setInsists(event.currentTarget.checked)} />
          {insist.words}
        </label>
      ) : null}
      <div class="buttons">
        <Button onClick={onClose}>{state === 'done' ? 'Close' : 'Leave it'}</Button>
        {state === 'done' ? null : (
          <Button
            kind={operation.danger === true ? 'danger' : 'main'}
            disabled={state === 'busy' || (isInsisting && !insists)}
            onClick={() => void act()}
          >
            {operation.act}
          </Button>
        )}
      </div>
    </Dialog>
  );
}
