// A page that notices what WB-01 forbids, and how a corpus is put through one.

import assert from 'node:assert/strict';
import { PASSWORD } from '../clients/support.mjs';
import { PAYLOADS } from './payloads.mjs';
import { isIconOfPageLeft } from './support.mjs';

/** A page that notices every script that runs and every report of the policy. */
export class Watched {
  /** In a browser of its own; `callback` is where a client's answers go, if any do. */
  static async open(browser, { issuer, callback }) {
    const context = await browser.newContext({ locale: 'en-US' });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    const watched = new Watched(context, page, issuer);
    const note = (what) => watched.noticed.push(what);
    page.on('dialog', (dialog) => {
      note(`a script ran: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.exposeFunction('report', (directive, blocked, document) => {
      if (!isIconOfPageLeft(blocked, document)) note(`the policy stopped ${directive} ${blocked}`);
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, documentURI }) =>
        globalThis.report(violatedDirective, blockedURI, documentURI),
      );
    });
    page.on('request', (request) => {
      if (new URL(request.url()).hostname !== 'localhost') note(`something was fetched: ${request.url()}`);
      if (callback && request.url().startsWith(callback)) watched.returned = request;
    });
    return watched;
  }

  constructor(context, page, issuer) {
    Object.assign(this, { context, page, issuer, noticed: [], returned: null });
  }

  async close() {
    await this.context.close();
  }

  /** Goes there; nothing may have happened on the page. */
  async visit(path, payload) {
    await this.page.goto(`${this.issuer}${path}`);
    await this.quiet(payload);
  }

  async quiet(payload) {
    const foreign = await this.page.evaluate(
      () => document.querySelectorAll('script, iframe, object, embed, base, style, [style], svg, math, [onerror], [onload]').length,
    );
    assert.equal(foreign, 0, `${this.page.url()} holds what nobody put there: ${payload}`);
    assert.deepEqual(this.noticed, [], `${this.page.url()}: ${payload}`);
  }

  /** The texts that the page sets apart. */
  apart() {
    return this.page.evaluate(() => [...document.querySelectorAll('bdi')].map((one) => one.textContent));
  }

  async says(payload) {
    const apart = await this.apart();
    assert.ok(apart.includes(payload), `${this.page.url()} says ${JSON.stringify(apart)} and not ${payload}`);
  }

  async signIn(path, username) {
    const { page } = this;
    await page.goto(`${this.issuer}${path}`);
    await page.fill('#username', username);
    if (await page.locator('#next').count()) await page.click('#next');
    await page.fill('#password', PASSWORD);
    if (await page.locator('#agree').count()) await page.check('#agree');
    await page.click('#login-submit');
    await page.waitForURL(`${this.issuer}/accounts`);
  }
}

/** Runs `each` for every payload, two at a time, each in a browser of its own. */
export async function everywhere(open, prepare, each) {
  const queue = PAYLOADS.entries();
  const worker = async () => {
    const watched = await open();
    try {
      await prepare(watched);
      for (const [number, payload] of queue) await each(watched, payload, number);
    } finally {
      await watched.close();
    }
  };
  const ended = await Promise.allSettled([worker(), worker()]);
  for (const { reason } of ended) if (reason) throw reason;
}
