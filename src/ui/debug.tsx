import { render } from 'preact';
import { DebuggerPage } from './debug/debugger-page.tsx';
import { openPage } from './page.ts';

const root = document.getElementById('page');
if (root !== null) render(<DebuggerPage page={openPage(location.href)} />, root);
