// The phone that a demo's vendors are tried with: what arrives on it, and what
// its owner presses. By the simulator's page where a person would look at it,
// by its control API where only a code has to be read.

import assert from 'node:assert/strict';

export class Phone {
  #read = { sms: 0, mail: 0 };

  constructor(origin) {
    this.origin = origin;
  }

  async tell(path, body = {}) {
    const answer = await fetch(`${this.origin}/__sim${path}`, { method: 'POST', body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`);
  }

  /** The next code that comes to a number; notices of what happened come there too. */
  async code(number) {
    let message;
    do {
      const query = new URLSearchParams({ phone: number, since: this.#read.sms, timeout_ms: 10_000 });
      const answer = await fetch(`${this.origin}/__sim/sms/wait?${query}`);
      message = await answer.json();
      assert.equal(answer.status, 200, JSON.stringify(message));
      this.#read.sms = message.seq;
    } while (!message.code);
    return message.code;
  }

  /** The code of the next mail to an address. */
  async mailCode(address) {
    for (const until = Date.now() + 10_000; Date.now() < until; ) {
      const query = new URLSearchParams({ to: address, since: this.#read.mail });
      const mails = await (await fetch(`${this.origin}/__sim/mail?${query}`)).json();
      const found = mails.find(({ text }) => /\b\d{6}\b/.test(text));
      if (found) {
        this.#read.mail = found.seq;
        return found.text.match(/\b\d{6}\b/)[0];
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail(`no code by mail to ${address}`);
  }

  /** Somebody's deed (`scan`, `confirm`) with the newest QR code, on the phone's page. */
  async scans(context, name, deed) {
    await this.#presses(context, (code) =>
      code.locator('form').filter({ hasText: name }).locator(`button[value=${deed}]`).click(),
    );
  }

  /** "Cancel", in WeChat. */
  async refuses(context) {
    await this.#presses(context, (code) => code.locator('button[value=cancel]').click());
  }

  async #presses(context, press) {
    const page = await context.newPage();
    await page.goto(`${this.origin}/__sim/ui?lang=en`);
    await press(page.locator('#wechat article').first());
    await page.waitForSelector('#reload');
    await page.close();
  }
}

/** What the demo's accounts are called in claims. */
export const ACME = '104857600000';
export const PRIVATE = '104857600001';
export const GLOBEX = '104857600002';

/** A demo whose limits in time are lifted, here and at the vendors. */
export const UNHURRIED = { MENSHEN__THROTTLE__ENABLED: 'false' };

/** Who is new here reads the terms first; then they are at the console, as expected. */
export async function lands(visitor, house, expected) {
  const { page } = visitor;
  await page.waitForURL((url) => url.pathname === '/terms' || url.origin === house.console);
  if ((await visitor.path()) === '/terms') {
    await page.check('#agree');
    await page.click('#agree-submit');
  }
  await page.waitForSelector('#who');
  assert.equal(new URL(page.url()).origin, house.console);
  const { account, owner = account, payer = owner, kind = 'root', amr } = expected;
  const claims = { principal_type: kind, owner_account_id: owner, billing_account_id: payer, amr, acr: 'aal1' };
  if (account) claims.account_id = account;
  for (const [name, value] of Object.entries(claims)) {
    if (value) assert.equal(await visitor.claim('id-token', name), value, name);
  }
  assert.ok(Number(await visitor.claim('id-token', 'auth_time').then((text) => text.match(/\d+/)[0])) > 0);
}

/** Types a number into the page that asks for one, and the code that comes. */
export async function proves(visitor, phone, number) {
  const { page } = visitor;
  await page.fill('#phone', number);
  await page.click('#next');
  await page.fill('#code', await phone.code(number));
  await page.click('#login-submit, #signup-submit');
}
