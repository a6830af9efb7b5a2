import { render } from 'preact';
import { openPage, type Page } from './page.ts';
import { EmptyState } from './parts/empty-state.tsx';
import { Shell } from './parts/shell.tsx';

function Debugger({ page }: { readonly page: Page }) {
  return (
    <Shell session={page.session} section="debugger" wide>
      <h1>Debugger</h1>
      <div class="card">
        <EmptyState title="No trace is open" />
      </div>
    </Shell>
  );
}

const root = document.getElementById('page');
if (root !== null) render(<Debugger page={openPage(location.href)} />, root);
