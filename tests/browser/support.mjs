// One Chromium for all tests, and a visitor who notices what a person would not.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { PASSWORD } from '../clients/support.mjs';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS, headless: true });

const IMAGE_REFUSED = /^Loading the image '([^']+)' violates /;
const ICON = /^\/(?:favicon\.ico|assets\/(?:console|logo\.\w+)\.svg)$/;

/**
 * Whether the image at `image`, which the policy of the page at `document` refused, is the icon
 * of the page before. Chromium asks for an icon when its page has come; where the next page came
 * in the meantime, it asks in that one's name, and no policy lets a foreign image in.
 */
export function isIconOfPageLeft(image, document) {
  if (!URL.canParse(image)) return false;
  const icon = new URL(image);
  return icon.origin !== new URL(document).origin && ICON.test(icon.pathname);
}

/** A person with a profile of their own. */
export class Visitor {
  static async arrive(browser, options = {}) {
    const context = await browser.newContext({ locale: 'zh-CN', ...options });
    context.setDefaultTimeout(30_000);
    return new Visitor(context, await context.newPage());
  }

  constructor(context, page) {
    this.context = context;
    this.page = page;
    this.complaints = [];
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      // A refused form is answered with 401 or 422, which Chromium calls an error.
      const refused = message.text().startsWith('Failed to load resource: the server responded with a status of 4');
      const [, image = ''] = IMAGE_REFUSED.exec(message.text()) ?? [];
      const expected = refused || isIconOfPageLeft(image, message.location().url);
      if (message.type() === 'error' && !expected) this.complaints.push(message.text());
    });
  }

  /** Goes away; nothing may have been complained about. */
  async leave() {
    await this.context.close();
    assert.deepEqual(this.complaints, [], 'the console of the browser is quiet');
  }

  async path() {
    return new URL(this.page.url()).pathname;
  }

  /** Fills the form of a login page and sends it. */
  async enter(username, password = PASSWORD) {
    if (username) await this.page.fill('#username', username);
    await this.page.fill('#password', password);
    if (await this.page.locator('#agree').count()) await this.page.check('#agree');
    await this.page.click('#login-submit');
  }

  /** The value of a claim as the example relying party shows it. */
  claim(of, name) {
    return this.page.locator(`#${of} tr[data-claim="${name}"] td bdi`).first().innerText();
  }

  /** No page is wider than its window. */
  async fits() {
    const [wide, room] = await this.page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    assert.ok(wide <= room, `${this.page.url()} is ${wide} wide in a window of ${room}`);
  }

  /** What axe-core finds serious: nothing. */
  async isAccessible() {
    await this.page.evaluate(await axe());
    const { violations } = await this.page.evaluate(() => globalThis.axe.run(document));
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
    assert.deepEqual(told, [], this.page.url());
  }
}

let source;
function axe() {
  source ??= readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
  return source;
}
