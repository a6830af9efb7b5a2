import type { ComponentChildren } from 'preact';

export interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onClick?: () => void;
  /** `main`: what one came for; `danger`: what cannot be taken back. */
  readonly kind?: 'main' | 'danger' | 'plain' | 'chip';
  readonly disabled?: boolean;
  readonly submits?: boolean;
  /** Where the words on it do not say what it is for. */
  readonly label?: string | undefined;
  readonly pressed?: boolean;
}

export function Button({ children, onClick, kind, disabled = false, submits = false, label, pressed }: ButtonProps) {
  return (
    <button
      type={submits ? 'submit' : 'button'}
      class={`button${kind === undefined ? '' : ` button-${kind}`}`}
      disabled={disabled}
      aria-label={label}
      aria-pressed={pressed}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
