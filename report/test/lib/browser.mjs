// Debian's Chromium, with a profile of its own that is removed at the end.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'];

// Calls use(page, problems): problems is what went wrong in pages, and which requests they made besides for files.
export async function withPage(use) {
    const profile = await mkdtemp(join(tmpdir(), 'lead_scoring_chromium.'));
    const browser = await chromium.launchPersistentContext(profile, {
        executablePath: '/usr/bin/chromium', headless: true, args: FLAGS, viewport: { width: 1120, height: 900 },
    });
    try {
        const page = await browser.newPage();
        const problems = [], requests = [];
        page.on('pageerror', (error) => problems.push(String(error)));
        page.on('console', (message) => problems.push(message.text()));
        page.on('request', (request) => requests.push(request.url()));
        await use(page, problems, requests);
    } finally {
        await browser.close();
        await rm(profile, { recursive: true, force: true });
    }
}
