/** Debian's Chromium, driven by playwright-core; found in PATH, and a reason where it is not. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not in this folder of PATH.
    return false;
  }
};

const CHROMIUM = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'chromium'))
  .find(isExecutable);

/** '' when there is one. */
export const whyNoBrowser = CHROMIUM === undefined ? 'there is no chromium in PATH (apt install chromium)' : '';

/** It asks nobody but the page: no updates, no accounts, no other protocol. */
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

let running: Promise<Browser> | undefined;

/** Runs `use` in a browser of this file, with a profile that is new and forgotten afterwards. */
export const inBrowser = async (
  options: BrowserContextOptions,
  use: (context: BrowserContext) => Promise<void>,
): Promise<void> => {
  running ??= chromium.launch({ executablePath: CHROMIUM ?? '', args: FLAGS, headless: true, timeout: 120_000 });
  const context = await (await running).newContext(options);
  try {
    await use(context);
  } finally {
    await context.close();
  }
};

/** For afterAll. */
export const closeBrowser = async (): Promise<void> => {
  await (await running)?.close();
};
