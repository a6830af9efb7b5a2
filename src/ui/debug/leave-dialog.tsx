import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import type { Debugger } from './debugger.ts';
import { type Leaving, whatIsLeft } from './leaving.ts';

interface LeaveDialogProps {
  readonly debug: Debugger;
  readonly leaving: Leaving;
  readonly onClose: () => void;
  readonly save: () => void;
}

export function LeaveDialog({ debug, leaving: { word, go }, onClose, save }: LeaveDialogProps) {
  const left = whatIsLeft(debug);
  return (
    <Dialog title={left?.title ?? 'It is saved'} onClose={onClose}>
      {left === null ? null : <p>{left.says}</p>}
      <div class="buttons">
        <Button onClick={onClose}>Back</Button>
        {debug.unsavedLines === 0 ? null : <Button onClick={save}>Save first</Button>}
        <Button
          kind="main"
          onClick={() => {
            onClose();
            go();
          }}
        >
          {word}
        </Button>
      </div>
    </Dialog>
  );
}
