import { useEffect, useState } from 'preact/hooks';
import { Button } from './button.tsx';

const SAID_MS = 2_000;

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      // Browsers allow it on loopback and over https only.
      setSaid('The browser forbids it: select and copy');
    }
  };
  return (
    <Button kind="plain" onClick={() => void copy()} label={said === null ? `Copy ${what}` : undefined}>
      <span aria-live="polite">{said ?? 'Copy'}</span>
    </Button>
  );
}
