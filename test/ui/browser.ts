import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHROMIUM } from '../../ops/scripts/system-tools.ts';
import { ensureUi } from '../../ops/scripts/ui.mjs';
import { ROOT } from '../house/project-files.ts';

// Here, and not when a browser is opened: a node reads the pages when it starts.
if (!(await ensureUi(ROOT, console.error))) throw new Error('the pages could not be built');

/** A real Chromium, cut from every host but this machine. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env[CHROMIUM.variable ?? ''] || whereIs(CHROMIUM.command),
    // As root there is no sandbox; what is opened is our own page. Names other than loopback are not even looked up.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
}

function whereIs(command: string): string {
  return spawnSync('which', [command], { encoding: 'utf8' }).stdout.trim();
}

export interface WatchedPage {
  readonly page: Page;
  /** What the page reported as gone wrong, and what it asked of other hosts: empty in a page that is well. */
  readonly complaints: readonly string[];
}

const DESKTOP = { width: 1280, height: 800 };

export async function openPage(
  t: TestContext,
  browser: Browser,
  url: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<WatchedPage> {
  const context: BrowserContext = await browser.newContext({ viewport: DESKTOP, ...options });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  const { origin } = new URL(url);
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // A refused request is told in the console too; pages say it in their own words, which tests look at.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) complaints.push(`asked ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}
