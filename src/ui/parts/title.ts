import { useLayoutEffect } from 'preact/hooks';

/** What the tab and the browser's history call the page. Null leaves it to another part of the page. */
export function useTitle(name: string | null): void {
  useLayoutEffect(() => {
    if (name !== null) document.title = `${name} · xcron`;
  }, [name]);
}
