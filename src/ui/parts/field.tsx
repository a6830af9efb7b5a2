import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly problem?: string | undefined;
  /** Gets what ties the control to its label, hint and problem. */
  readonly children: (control: ControlProps) => ComponentChildren;
}

export interface ControlProps {
  readonly id: string;
  readonly class: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean;
}

export function Field({ label, hint, problem, children }: FieldProps) {
  const id = useId();
  const said = `${id}-said`;
  const isSaid = hint !== undefined || problem !== undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        class: 'input',
        'aria-describedby': isSaid ? said : undefined,
        'aria-invalid': problem !== undefined,
      })}
      {isSaid ? (
        <div id={said}>
          {problem === undefined ? null : <div class="field-problem">{problem}</div>}
          {hint === undefined ? null : <div class="field-hint">{hint}</div>}
        </div>
      ) : null}
    </div>
  );
}
